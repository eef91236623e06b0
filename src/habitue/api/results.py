"""`/api/v1/journeys/{journey}/results`: what a journey came to."""

from __future__ import annotations

from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from habitue.api import shapes
from habitue.api.asked import read
from habitue.api.outcome import told
from habitue.app import Shop
from habitue.kernel import clock


@read("/journeys/{journey:str}/results")
def results(
    shop: NamedDependency[Shop],
    journey: FromPath[str],
    days: Annotated[
        int, QueryParameter(name="days", ge=1, le=3650, description="Of so many days until now.")
    ] = 30,
) -> shapes.Results:
    """What a journey came to.

    An order is attributed to the last message that came before it: that says what came after what. What the
    messages changed is `incremental`: seen beside those whom chance left alone, null where nobody is.
    """
    return told(shop, journey, days, clock.now())

"""`/api/v1/sales`: what was sold month by month."""

from __future__ import annotations

from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import QueryParameter

from habitue.api import shapes
from habitue.api.asked import Month, read
from habitue.app import Shop
from habitue.kernel import clock, money
from habitue.kernel.period import Period, Versus, after_end, day_of, previous
from habitue.metrics.sales import Sold
from habitue.segments import saved
from habitue.stages.overview import MONTHS, Key, Overviews, Pair

LONGEST = 60.0
"""Seconds for which it is waited for: of a large shop it takes some."""


@read("/sales")
def sales(
    shop: NamedDependency[Shop],
    overviews: NamedDependency[Overviews],
    month: Month = None,
    segment: Annotated[
        str | None,
        QueryParameter(
            name="segment", max_length=100, description="Only of who is in it at the end of `month`."
        ),
    ] = None,
) -> shapes.Sales:
    """What was sold in each of 24 months, the last of them `month`.

    Revenue is net of the refunds of the month; the average order is before any. `again` are those of the
    customers who ordered to whom it was not the first order, `repeat_rate` their share.
    """
    now, currency = clock.now(), shop.settings.currency
    last = after_end(month, None, day_of(now, shop.settings.timezone))
    within = saved.named(shop.segments(), segment).version if segment else None
    pair = Pair(Key(0, 0, within, last.last if segment else None), Versus(last, last.ago()))
    found = overviews.sales(pair, "person", now, LONGEST)
    named = [] if found is None else [(one, found.of(one)) for one in previous(last.last, MONTHS)]
    return shapes.Sales(currency, [_shown(name, sold, currency) for name, sold in named])


def _shown(month: Period, sold: Sold, currency: str) -> shapes.Sold:
    mean = None if sold.mean is None else str(money.major(sold.mean, currency))
    revenue = str(money.major(sold.revenue, currency))
    return shapes.Sold(str(month), revenue, sold.orders, mean, sold.buyers, sold.again, sold.repeat)

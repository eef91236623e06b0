"""`/overview/sales`: what was sold in a month, for an overview that could not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.stages.models import Model
from habitue.stages.overview import Overviews, Pair
from habitue.stages.sales import Sales
from habitue.web.frame import Frame, asked, listed
from habitue.web.page import Asked, fragment, link, only, reader
from habitue.web.sales import cards
from habitue.web.words import Words

LONGEST: Final = 20.0
"""Seconds for which it is waited for beside the page."""


@get("/overview/sales", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    overviews: NamedDependency[Overviews],
    model: FromQuery[str | None] = None,
    month: FromQuery[str | None] = None,
    against: FromQuery[str | None] = None,
    segment: FromQuery[str | None] = None,
) -> Response[str]:
    """The cards, once they are known."""
    only(request, "model", "month", "against", "segment")
    now, chosen = clock.now(), shop.model(model) if model else shop.models()[0]
    pair, words = asked(shop, chosen, month, against, segment, now), reader(request, shop)
    found = overviews.sales(pair, chosen.subject, now, LONGEST)
    people = partial(listed, chosen.id, pair.month, segment or None)
    told = _told(found, pair, words, people, _table(chosen.id, pair.month, segment))
    return fragment(request, shop, "sales.html", month=pair.month, against=pair.against, **told)


def context(overviews: Overviews, pair: Pair, model: Model, frame: Frame, now: Micros) -> dict[str, Any]:
    """What the overview shows of it; of a segment that nobody has asked for yet that comes a second later."""
    found = overviews.sales(pair, model.subject, now, 0.1, ask=frame.segment is None)
    return _told(found, pair, frame.words, frame.people, _table(frame.model, pair.month, frame.segment))


def _table(model: str, month: str, segment: str | None) -> str:
    """The same for programs."""
    return link("/overview.csv", of="sales", model=model, month=month, segment=segment or None)


def _told(
    sales: Sales | None, pair: Pair, words: Words, people: Callable[..., str], table: str
) -> dict[str, Any]:
    return {
        "sold_table": table,
        "sales": None if sales is None else cards(sales, pair.month, pair.against, words, people),
        "running": sales is not None and sales.this == pair.month,
    }

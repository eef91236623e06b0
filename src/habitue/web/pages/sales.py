"""`/overview/sales`: what was sold in a period, for an overview that could not wait for it."""

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
from habitue.kernel.period import Versus
from habitue.stages.models import Model
from habitue.stages.overview import Overviews, Pair
from habitue.stages.sales import Sales
from habitue.web.frame import PERIOD, Frame, Wish, listed, paired
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
    wish: NamedDependency[Wish],
    model: FromQuery[str | None] = None,
    segment: FromQuery[str | None] = None,
) -> Response[str]:
    """The cards, once they are known."""
    only(request, "model", "segment", *PERIOD)
    now, chosen = clock.now(), shop.model(model) if model else shop.models()[0]
    pair, words = paired(shop, chosen, wish, segment, now), reader(request, shop)
    found = overviews.sales(pair, chosen.subject, now, LONGEST)
    people = partial(listed, chosen.id, pair.versus.period, segment or None)
    told = _told(found, pair.versus, words, people, _table(chosen.id, pair.versus, segment), now)
    return fragment(request, shop, "sales.html", **told)


def context(overviews: Overviews, pair: Pair, model: Model, frame: Frame, now: Micros) -> dict[str, Any]:
    """What the overview shows of it; of a segment that nobody has asked for yet that comes a second later."""
    found = overviews.sales(pair, model.subject, now, 0.1, ask=frame.segment is None)
    table = _table(frame.model, pair.versus, frame.segment)
    return _told(found, pair.versus, frame.words, frame.people, table, now)


def _table(model: str, versus: Versus, segment: str | None) -> str:
    """The same for programs."""
    return link("/overview.csv", of="sales", model=model, period=str(versus.period), segment=segment or None)


def _told(
    sales: Sales | None, versus: Versus, words: Words, people: Callable[..., str], table: str, now: Micros
) -> dict[str, Any]:
    return {
        "sold_table": table,
        "sales": None if sales is None else cards(sales, versus, words, people),
        "versus": versus,
        "running": versus.period.span(words.zone, now).after == now,
    }

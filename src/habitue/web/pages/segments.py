"""`/segments`: every saved segment with its size, how that changed, and what uses it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from habitue.app import Shop
from habitue.app.segments import DAYS, Listed
from habitue.engine.plan import Definition
from habitue.kernel import clock
from habitue.web import charts
from habitue.web.page import Asked, only, page, reader
from habitue.web.saying import names, said
from habitue.web.words import Words


@get("/segments", sync_to_thread=True)
def index(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """The list, by name."""
    only(request)
    words = reader(request, shop)
    called = names(shop, words.language)
    return page(
        request,
        shop,
        "segments.html",
        days=DAYS,
        segments=[_row(one, shop, words, called) for one in shop.listed_segments(clock.now())],
    )


def _row(one: Listed, shop: Shop, words: Words, called: dict[str, str]) -> dict[str, Any]:
    rule = one.segment.definition().all[0]
    return {
        "own": one.segment,
        "said": said(rule, shop, words, called),
        "size": one.size,
        "change": one.size - one.before,
        "share": words.percent(abs(one.size - one.before) / one.before) if one.before else None,
        "spark": charts.spark(one.weeks),
        "users": [used_by(user, called) for user in one.users],
    }


def used_by(user: Definition, called: dict[str, str]) -> tuple[str, str]:
    """Where a definition is looked at, and what it is called."""
    place = "segments" if user.kind == "segment" else "stages"
    return f"/{place}/{user.id}", called.get(user.id, user.id)

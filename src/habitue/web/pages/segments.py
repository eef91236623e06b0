"""`/segments`: every saved segment with its size, how that changed, and what uses it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from habitue.app import Shop
from habitue.app.segments import DAYS, Listed
from habitue.engine.plan import Definition
from habitue.kernel import clock
from habitue.kernel.i18n import N_
from habitue.people.consent import NAMES
from habitue.segments.templates import templates, told
from habitue.web import charts
from habitue.web.page import Asked, only, page, reader
from habitue.web.saying import names, said
from habitue.web.words import Words


@get("/segments", sync_to_thread=True)
def index(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """The list, by name."""
    only(request)
    words = reader(request, shop)
    called, listed = names(shop, words.language), shop.listed_segments(clock.now())
    return page(
        request,
        shop,
        "segments.html",
        days=DAYS,
        gallery=[] if listed else gallery(shop, words),
        segments=sorted(
            (_row(one, shop, words, called) for one in listed), key=lambda row: row["own"].title.casefold()
        ),
    )


def gallery(shop: Shop, words: Words) -> list[dict[str, Any]]:
    """The templates, those first that the shop has everything for."""
    known = shop.catalogue()
    found = [
        {
            "id": one.id,
            "name": one.name.said(words.language),
            "about": one.about.said(words.language),
            "lacking": [_called(name, words) for name in one.lacking(known)],
        }
        for one in templates().values()
    ]
    return sorted(found, key=lambda one: bool(one["lacking"]))


def _called(name: str, words: Words) -> str:
    """An event, a trait or a channel's consent, in words."""
    root, _, rest = name.partition(".")
    if root == "consent":
        return words.say(N_("consent: {channel}"), channel=words.say(NAMES.get(rest, rest)))
    return words.trait(rest) if root == "trait" else words.happened(name)


def _row(one: Listed, shop: Shop, words: Words, called: dict[str, str]) -> dict[str, Any]:
    rule = one.segment.definition().all[0]
    return {
        "own": told(one.segment, words.language),
        "said": said(rule, shop, words, called),
        "size": one.size,
        "change": one.size - one.before,
        "share": words.change(one.size, one.before),
        "spark": charts.spark(one.weeks),
        "users": [used_by(user, called) for user in one.users],
    }


def used_by(user: Definition, called: dict[str, str]) -> tuple[str, str]:
    """Where a definition is looked at, and what it is called."""
    if user.kind == "watch":
        return f"/journeys/{user.id.partition(':')[2]}", user.id.partition(":")[2]
    place = "segments" if user.kind == "segment" else "stages"
    return f"/{place}/{user.id}", called.get(user.id, user.id)

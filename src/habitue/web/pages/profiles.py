"""`/settings/profiles`: which traits customers have, of what type, and whose word counts."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency

from habitue.app import Shop
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people.traits import TYPES
from habitue.web.flash import done
from habitue.web.page import Asked, only, page, reader
from habitue.web.pages.settings import Filled, rooms

NAMES: Final = {
    "text": N_("text"),
    "number": N_("number"),
    "boolean": N_("yes or no"),
    "date": N_("date"),
    "list": N_("list"),
}
SETTLED: Final = N_("It is settled, and everybody’s stages and segments have been worked out with it.")


@get("/settings/profiles", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """Every trait."""
    only(request)
    return _page(request, shop)


@post("/settings/profiles", sync_to_thread=True, status_code=303)
def settle(request: Asked, shop: NamedDependency[Shop], data: Filled) -> Response[Any]:
    """Settle the order of sources, for one trait or (without `trait`) all others, or a trait’s type."""
    trait = data.get("trait") or None
    try:
        if "sources" in data:
            shop.prefer([one for one in data["sources"].split(",") if one.strip()], trait)
        if trait and "type" in data:
            shop.declare(trait, data["type"] or None)
    except UserError as error:
        return _page(request, shop, error.say(reader(request, shop).say))
    return done("/settings/profiles", SETTLED)


def _page(request: Asked, shop: Shop, wrong: str = "") -> Response[str]:
    words = reader(request, shop)
    traits = shop.traits()
    return page(
        request,
        shop,
        "profiles.html",
        400 if wrong else 200,
        rooms=rooms(request, shop, words),
        traits=traits,
        general=", ".join(shop.settled().precedence.get("", ())),
        sources=sorted({source for one in traits for source in one.sources}),
        types=[(one, words.say(NAMES[one])) for one in TYPES],
        wrong=wrong,
    )

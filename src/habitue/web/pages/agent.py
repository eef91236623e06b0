"""`/agent`: whoever is on the phone, found by what they say: address, number, order or name."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.number import number
from habitue.people import consent, orders, profiles
from habitue.people.keys import bare
from habitue.web.looks import looks
from habitue.web.page import Asked, page, reader

CHOICE: Final = 8
"""So many of those found are shown to choose from."""

ORDERS: Final = 5
EVENTS: Final = 20
NOTES: Final = 5
_SURE: Final = ("order", "phone", "email", "key")


@get("/agent", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    asked: Annotated[str, QueryParameter(name="q", max_length=200)] = "",
    chosen: Annotated[int | None, QueryParameter(name="customer", ge=0, lt=1 << 31)] = None,
) -> Response[str]:
    """The card of the one customer who is meant, or the few who may be."""
    found = shop.search(asked, CHOICE + 1) if asked.strip() else []
    person = chosen if chosen is not None else _only(asked, found)
    card = None if person is None else _card(request, shop, person)
    return page(
        request,
        shop,
        "agent.html",
        asked=asked,
        found=found[:CHOICE],
        more=len(found) > CHOICE,
        card=card,
    )


def _only(asked: str, found: list[Any]) -> int | None:
    """The one who is meant: alone, the only one of that number or address, or named by their own."""
    if len(found) == 1:
        return int(found[0].person)
    sure = [one for one in found if one.by in _SURE]
    if len(sure) == 1:
        return int(sure[0].person)
    return None if found else number(asked)


def _card(request: Asked, shop: Shop, number: int) -> dict[str, Any] | None:
    """What one needs to know while somebody is on the phone."""
    one = profiles.person(shop.warehouse, number)
    if one is None:
        return None
    now, model = clock.now(), shop.models()[0]
    by_value = {look.value: look for look in looks(model, reader(request, shop).language)}
    stays = profiles.begun(profiles.stays(shop.warehouse, model.version, one.person), now)
    stay = stays[-1] if stays and stays[-1].stop is None else None
    beside = shop.notes(one.person)
    return {
        "person": one,
        "name": one.name or bare(one.key),
        "stay": stay,
        "look": by_value[stay.value] if stay else None,
        "then": by_value[stay.then] if stay and stay.then is not None else None,
        "orders": orders.orders(shop.warehouse, one.person, ORDERS),
        "events": profiles.happenings(shop.warehouse, one.person, EVENTS),
        "notes": [note for note in beside if not note.task][:NOTES],
        "tasks": [note for note in beside if note.task and note.done is None],
        "consents": consent.standing(shop.warehouse, one.person),
        "channels": consent.NAMES,
    }

"""`/customers/{person}`: one customer's stages over time, why, and what happened."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath, FromQuery, QueryParameter
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.clock import DAY, Micros
from habitue.kernel.errors import UserError
from habitue.people import accounts, consent, motives, orders, profiles
from habitue.people.keys import bare
from habitue.people.profiles import Person, Stay
from habitue.stages.models import Model
from habitue.web import reasons
from habitue.web.gate import by
from habitue.web.looks import looks
from habitue.web.page import Asked, link, page, reader
from habitue.web.words import Words

EVENTS: Final = 20
ORDERS: Final = 20
_NUMBER: Final = re.compile("[0-9]{1,10}")


class Pair(Struct):
    """Two keys that somebody merged."""

    one: str
    other: str


@get("/customers/{person:str}", sync_to_thread=True)
def show(
    request: Asked, shop: NamedDependency[Shop], person: FromPath[str], model: FromQuery[str | None] = None
) -> Response[Any]:
    """The page of one customer, seen through one model; the band has a row for each. A key leads to it."""
    if not _NUMBER.fullmatch(person):
        return Redirect(link(f"/customers/{_keyed(shop, person)}", **request.query_params), status_code=302)
    return _whole(request, shop, _found(shop, int(person)), model)


@post("/customers/{person:int}/split", sync_to_thread=True, status_code=303)
def split(
    request: Asked,
    shop: NamedDependency[Shop],
    person: FromPath[int],
    data: Annotated[Pair, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Take back a merge by hand. The guard lets only our own pages post."""
    found, say = _found(shop, person), reader(request, shop).say
    try:
        shop.split(data.one, data.other, by(request), say(motives.UNDONE))
    except UserError as error:
        return _whole(request, shop, found, None, wrong=error.say(say), status=400)
    return Redirect(f"/customers/{shop.person(data.one)}#keys", status_code=303)


def _whole(
    request: Asked,
    shop: Shop,
    found: Person,
    model: str | None,
    *,
    wrong: str | None = None,
    status: int = 200,
) -> Response[str]:
    now = clock.now()
    chosen = shop.model(model) if model else shop.models()[0]
    words = reader(request, shop)
    stays = profiles.stays(shop.warehouse, chosen.version, found.person)
    by_value = {look.value: look for look in looks(chosen, words.language)}
    here = next(
        (i for i, stay in enumerate(stays) if stay.start <= now and (stay.stop is None or stay.stop > now)),
        None,
    )
    return page(
        request,
        shop,
        "customer.html",
        status,
        known=shop.identities(found.person),
        wrong=wrong,
        person=found,
        name=found.name or bare(found.key),
        beside=_beside(found),
        traits=found.traits,
        model=chosen.id,
        models=[
            (one.id, one.kind.name.said(words.language)) for one in shop.models() if one.subject == "person"
        ],
        by_value=by_value,
        stays=stays[::-1],
        stay=stays[here] if here is not None else None,
        then=stays[here + 1] if here is not None and here + 1 < len(stays) else None,
        band=_band(shop, found, words, now),
        why=reasons.told(shop.explain(found.person, model=chosen.id, at=now), by_value, words),
        events=profiles.happenings(shop.warehouse, found.person, EVENTS),
        more=EVENTS,
        purchases=orders.orders(shop.warehouse, found.person, ORDERS + 1),
        listed=ORDERS,
        consents=consent.standing(shop.warehouse, found.person),
        channels=consent.NAMES,
        answers=consent.STATUSES,
        accounts=accounts.of(shop.warehouse, found.person),
        notes=shop.notes(found.person),
    )


@get("/customers/{person:int}/events", sync_to_thread=True)
def events(
    request: Asked,
    shop: NamedDependency[Shop],
    person: FromPath[int],
    ts: FromQuery[int],
    seq: Annotated[int, QueryParameter(ge=0)],
) -> Response[str]:
    """The next page of what happened, before the event named by `ts` and `seq`."""
    found = _found(shop, person)
    before = (min(max(ts, 0), clock.LAST), seq)
    return page(
        request,
        shop,
        "events.html",
        person=found,
        name=found.name or bare(found.key),
        events=profiles.happenings(shop.warehouse, found.person, EVENTS, before),
        more=EVENTS,
    )


def _beside(person: Person) -> list[str]:
    """What else a customer is called by: key and e-mail, each once."""
    called = dict.fromkeys((bare(person.key), str(person.traits.get("email") or "")))
    return [one for one in called if one and one != (person.name or bare(person.key))]


def _keyed(shop: Shop, key: str) -> int:
    try:
        return shop.person(key)
    except UserError as error:
        raise NotFoundException from error


def _found(shop: Shop, person: int) -> Person:
    found = profiles.person(shop.warehouse, person)
    if found is None:
        raise NotFoundException
    return found


def _band(shop: Shop, person: Person, words: Words, now: Micros) -> dict[str, Any]:
    """The stages over time as places in percent, from birth to a good while after now."""
    start = person.birth
    stop = now + max((now - start) // 4, 90 * DAY)

    def place(at: Micros | None) -> float:
        return round(100 * (min(stop if at is None else at, stop) - start) / (stop - start), 3)

    return {
        "rows": [
            {
                "model": one.kind.name.said(words.language),
                "stays": _pieces(shop, one, person, words, now, place),
            }
            for one in shop.models()
            if one.subject == "person"
        ],
        "now": place(now),
        "orders": [place(at) for at in profiles.paid(shop.warehouse, person.person)],
        "ticks": [(place(at), said) for at, said in _ticks(start, stop, now, words)],
    }


def _pieces(
    shop: Shop, model: Model, person: Person, words: Words, now: Micros, place: Any
) -> list[dict[str, Any]]:
    by_value = {look.value: look for look in looks(model, words.language)}
    return [
        {
            "x": place(start),
            "width": max(place(stop) - place(start), 0.15),
            "look": by_value[stay.value],
            "future": start >= now,
            "told": f"{by_value[stay.value].name} · {words.date(stay.start)} – {words.date(stay.stop)}",
        }
        for stay in profiles.stays(shop.warehouse, model.version, person.person)
        for start, stop in _halves(stay, now)
        if place(start) < 100
    ]


def _halves(stay: Stay, now: Micros) -> list[tuple[Micros, Micros | None]]:
    """The stay, cut at now: what is over is sure, what is to come is expected."""
    if stay.start < now and (stay.stop is None or now < stay.stop):
        return [(stay.start, now), (now, stay.stop)]
    return [(stay.start, stay.stop)]


def _ticks(start: Micros, stop: Micros, now: Micros, words: Words, most: int = 8) -> list[tuple[Micros, str]]:
    """Month beginnings that fit under the band, as many as there is room for; none too near to now."""
    first, last = (clock.moment(at, words.zone) for at in (start, stop))
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next((step for step in (1, 2, 3, 6, 12, 24, 60) if months / step <= most), 120)
    n = first.year * 12 + first.month
    n += -n % step
    found = []
    for k in range(n, n + months + step, step):
        at = clock.instant(f"{k // 12:04d}-{k % 12 + 1:02d}-01", words.zone)
        if start < at < stop and abs(at - now) > (stop - start) // 16:
            found.append((at, words.month(f"{k // 12:04d}-{k % 12 + 1:02d}", "LLL y")))
    return found

"""`/customers/{person}`: one customer: where they stand, what happened, what is known, what can be done."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from threading import Thread
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath, FromQuery, QueryParameter
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop
from habitue.app.senders import senders
from habitue.app.timeline import ALL, END, PAGE, Mark, timeline
from habitue.journeys.walk import WHY
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.outbox import Line
from habitue.messaging.reasons import STATES, sentence
from habitue.people import accounts, consent, happenings, motives, profiles, traits
from habitue.people.keys import bare
from habitue.people.profiles import Person
from habitue.templates import kept
from habitue.web import flash, reasons
from habitue.web.band import band
from habitue.web.gate import by, forgotten
from habitue.web.looks import looks
from habitue.web.numbered import InPath
from habitue.web.page import Asked, link, page, reader
from habitue.web.saying import names
from habitue.web.words import Words

PATIENCE: Final = 3.0
"""Seconds for which an erasure is waited for before it goes on by itself."""

ICONS: Final = {
    "orders": "cart",
    "messages": "mail",
    "visits": "eye",
    "answers": "star",
    "stages": "cycle",
    "notes": "note",
    "consents": "shield",
    "keys": "twins",
    "details": "person",
}
_NUMBER: Final = re.compile("[0-9]{1,10}")
_MARK: Final = re.compile(r"(\d{1,18})\.(\d)\.(\d{1,19})")

Kinds = Annotated[tuple[str, ...], QueryParameter(name="kind")]


class Pair(Struct):
    """Two keys that somebody takes apart."""

    one: str
    other: str


class Joined(Struct):
    """With whom a customer is to be made one, and why."""

    other: str = ""
    why: str = ""


class Typed(Struct):
    """What somebody types to show that they mean it."""

    typed: str = ""


@get("/customers/{person:str}", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    person: FromPath[str],
    model: FromQuery[str | None] = None,
    kinds: Kinds = (),
) -> Response[Any]:
    """The page of one customer, seen through one model; the band has a row for each. A key leads to it."""
    if not _NUMBER.fullmatch(person):
        return Redirect(link(f"/customers/{_keyed(shop, person)}", **request.query_params), status_code=302)
    return _whole(request, shop, found(shop, int(person)), model, kinds)


def _whole(
    request: Asked,
    shop: Shop,
    one: Person,
    model: str | None = None,
    kinds: tuple[str, ...] = (),
    *,
    wrong: str | None = None,
    status: int = 200,
) -> Response[str]:
    now = clock.now()
    chosen = shop.model(model) if model else shop.models()[0]
    words = reader(request, shop)
    stays = profiles.stays(shop.warehouse, chosen.version, one.person)
    begun = profiles.begun(stays, now)
    return page(
        request,
        shop,
        "customer.html",
        status,
        known=shop.identities(one.person),
        wrong=wrong,
        person=one,
        name=one.name or bare(one.key),
        beside=_beside(one),
        model=chosen.id,
        models=[
            (each.id, each.kind.name.said(words.language))
            for each in shop.models()
            if each.subject == "person"
        ],
        by_value={look.value: look for look in looks(chosen, words.language)},
        stays=stays[::-1],
        stay=begun[-1] if begun and begun[-1].stop is None else None,
        band=band(shop, one, words, now),
        said=_said(shop, one.person),
        segments=shop.inside(one.person, now),
        travels=[
            (each, words.say(WHY[each.outcome]) if each.outcome else "") for each in shop.travels(one.person)
        ],
        called=names(shop, words.language),
        consents=consent.standing(shop.warehouse, one.person),
        records=shop.consents(one.person),
        answers=consent.STATUSES,
        accounts=accounts.of(shop.warehouse, one.person),
        notes=shop.notes(one.person),
        **_history(request, shop, one, kinds, END),
    )


@get("/customers/{person:int}/timeline", sync_to_thread=True)
def history(
    request: Asked,
    shop: NamedDependency[Shop],
    person: InPath,
    before: FromQuery[str | None] = None,
    kinds: Kinds = (),
) -> Response[str]:
    """The next part of the history, before a place that the part above it names."""
    one = found(shop, person)
    return page(
        request,
        shop,
        "events.html",
        person=one,
        name=one.name or bare(one.key),
        **_history(request, shop, one, kinds, _mark(before)),
    )


@get("/customers/{person:int}/why", sync_to_thread=True)
def why(
    request: Asked, shop: NamedDependency[Shop], person: InPath, model: FromQuery[str | None] = None
) -> Response[str]:
    """Why the customer is in their stage: what was asked, and what decided. It takes a moment."""
    one, words, now = found(shop, person), reader(request, shop), clock.now()
    chosen = shop.model(model) if model else shop.models()[0]
    by_value = {look.value: look for look in looks(chosen, words.language)}
    stays = profiles.begun(profiles.stays(shop.warehouse, chosen.version, one.person), now)
    return page(
        request,
        shop,
        "reasons.html",
        person=one,
        name=one.name or bare(one.key),
        by_value=by_value,
        stay=stays[-1] if stays else None,
        why=reasons.told(shop.explain(one.person, model=chosen.id, at=now), by_value, words),
    )


# --- what is done ---------------------------------------------------------------------------------


@post("/customers/{person:int}/split", sync_to_thread=True, status_code=303)
def split(
    request: Asked,
    shop: NamedDependency[Shop],
    person: InPath,
    data: Annotated[Pair, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Take back a merge by hand. The guard lets only our own pages post."""
    one, say = found(shop, person), reader(request, shop).say
    try:
        shop.split(data.one, data.other, by(request), say(motives.UNDONE))
    except UserError as error:
        return _whole(request, shop, one, wrong=error.say(say), status=400)
    return Redirect(f"/customers/{shop.person(data.one)}#keys", status_code=303)


@post("/customers/{person:int}/merge", sync_to_thread=True, status_code=303)
def merge(
    request: Asked,
    shop: NamedDependency[Shop],
    person: InPath,
    data: Annotated[Joined, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Make this customer one with another, named by any key; it can be taken back."""
    one, say = found(shop, person), reader(request, shop).say
    try:
        shop.merge(one.key, data.other.strip(), by(request), data.why)
    except UserError as error:
        return _whole(request, shop, one, wrong=error.say(say), status=400)
    return flash.done(f"/customers/{shop.person(one.key)}#keys", _MERGED)


@post("/customers/{person:int}/erase", sync_to_thread=True, status_code=303)
def erase(
    request: Asked,
    shop: NamedDependency[Shop],
    person: InPath,
    data: Annotated[Typed, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Forget this customer everywhere, once their name was typed; what takes long goes on by itself."""
    one, say, who = found(shop, person), reader(request, shop).say, by(request)
    if data.typed.strip() != (one.name or bare(one.key)):
        return _whole(request, shop, one, wrong=say(_OTHER), status=400)
    failed = list[UserError]()
    work = Thread(target=_erase, args=(shop, one.person, who, failed), name="erase", daemon=True)
    work.start()
    work.join(PATIENCE)
    if failed:
        raise failed[0]
    gone = not work.is_alive() and found(shop, person).key != one.key
    return forgotten(flash.done("/customers", _ERASED if gone else _ERASING))


def _erase(shop: Shop, person: int, who: str, failed: list[UserError]) -> None:
    try:
        shop.erase([person], who)
    except UserError as error:
        failed.append(error)


_MERGED: Final = N_("They are one customer now. It can be undone under “Keys of this customer”.")
_OTHER: Final = N_("That is not the name: nothing was erased. Type it as it stands at the top of the page.")
_ERASED: Final = N_("The customer is erased. What they did stays in the figures, as the doings of nobody.")
_ERASING: Final = N_("The customer is being erased. That takes a while, and goes on by itself.")


# --- parts ----------------------------------------------------------------------------------------


def found(shop: Shop, person: int) -> Person:
    """The customer of a number; raises `NotFoundException`."""
    one = profiles.person(shop.warehouse, person)
    if one is None:
        raise NotFoundException
    return one


def _history(request: Asked, shop: Shop, one: Person, kinds: tuple[str, ...], before: Mark) -> dict[str, Any]:
    """A part of the history, how its stages look, and where it goes on."""
    for kind in kinds:
        if kind not in ALL:
            raise UserError(N_("There is nothing of the kind “{kind}”."), kind=kind[:60])
    words = reader(request, shop)
    now, language = clock.now(), words.language
    items = timeline(shop, one.person, kinds, now, before)
    more = None
    if len(items) == PAGE:
        last = ".".join(map(str, items[-1].mark))
        more = link(f"/customers/{one.person}/timeline", kind=list(kinds), before=last)
    return {
        "items": items,
        "more": more,
        "kinds": kinds,
        "chips": [(kind, happenings.NAMES[kind]) for kind in _CHIPS],
        "icons": ICONS,
        "shades": {
            model.version: {look.value: look for look in looks(model, language)} for model in shop.models()
        },
        "states": STATES,
        "channels": consent.NAMES,
        "decided": _decided(words),
        "senders": senders(shop, (one.message.origin for one in items if one.message)),
        "written": _templates(shop, [one.message.template for one in items if one.message]),
        "titles": {model.version: model.kind.name.said(language) for model in shop.models()},
    }


def _decided(words: Words) -> Callable[[Line], str]:
    """Says a decision about a message."""
    return lambda line: sentence(line.state, line.reason, line.fields, words.say, words.time)


def _templates(shop: Shop, versions: Collection[int]) -> dict[int, str]:
    """What the templates of these versions are called."""
    if not any(versions):
        return {}
    return {one.version: one.template.title for one in kept.every(shop.ops) if one.version in versions}


_CHIPS: Final = (
    *("orders", "messages", "visits", "answers", "stages", "notes"),
    *("consents", "keys", "details"),
)


def _mark(text: str | None) -> Mark:
    told = _MARK.fullmatch(text) if text else None
    if text and told is None:
        raise UserError(N_("“{text}” is not a place in the history. Go back to its top."), text=text[:60])
    return Mark(*map(int, told.groups())) if told else END


def _said(shop: Shop, person: int) -> list[tuple[str, Any, list[Any]]]:
    """Each trait with the word that counts, and what else was ever said of it."""
    by_name: dict[str, list[Any]] = {}
    for one in traits.history(shop.warehouse, person):
        by_name.setdefault(one.name, []).append(one)
    return [
        (name, next((one for one in all_ if one.current), None), [one for one in all_ if not one.current])
        for name, all_ in by_name.items()
    ]


def _beside(person: Person) -> list[str]:
    """What else a customer is called by: key and e-mail, each once."""
    called = dict.fromkeys((bare(person.key), str(person.traits.get("email") or "")))
    return [one for one in called if one and one != (person.name or bare(person.key))]


def _keyed(shop: Shop, key: str) -> int:
    try:
        return shop.person(key)
    except UserError as error:
        raise NotFoundException from error

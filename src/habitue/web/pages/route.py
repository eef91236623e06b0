"""`/journeys/{name}/edit`: a journey being put together, step by step; nothing happens until it is published.

The draft is kept after each change. Which place is open stands in the address, so that the way back leads
back; every button is a button of a form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop
from habitue.journeys import editing
from habitue.journeys.asked import Field, fields
from habitue.journeys.entries import WAYS
from habitue.journeys.fault import Fault
from habitue.journeys.graph import Goal, Head, Leave
from habitue.journeys.reading import attempt, read
from habitue.journeys.registry import kinds
from habitue.journeys.state import FLYING
from habitue.journeys.writing import body as plain
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.local import WEEKDAYS
from habitue.web import flash
from habitue.web.gate import by
from habitue.web.itinerary import DAYS, Itinerary
from habitue.web.page import Asked, only, page, reader
from habitue.web.pages.journeys import unsettled
from habitue.web.saying import names
from habitue.web.words import Words

Form: TypeAlias = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]
Sent: TypeAlias = Mapping[str, list[str]]

PARTS: Final = {
    "head": N_("The journey as a whole"),
    "entry": N_("Trigger"),
    "exits": N_("What takes customers out"),
    "goal": N_("Goal"),
}
PUBLISHED: Final = N_("Version {number} is live: who fits it comes in from now on.")
DISCARDED: Final = N_("The draft is gone.")


@get("/journeys/{name:str}/edit", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    name: FromPath[str],
    at: FromQuery[str] = "",
    add: FromQuery[str] = "",
) -> Response[str]:
    """The draft, or what is newest, with what stands at a place open beside it."""
    only(request, "at", "add")
    body, words = _body(shop, name), reader(request, shop)
    journey, faults = attempt(body, shop.around_journeys(live=True))
    told = Itinerary(words, names(shop, words.language), faults)
    say, entry, goal = words.say, body.get("entry") or {}, body.get("goal")
    return page(
        request,
        shop,
        "route.html",
        name=name,
        title=body.get("name") or name,
        at=at,
        add=add,
        unsettled=unsettled(shop, body, words),
        entry=told.entry(entry),
        exits=[told.watched(one) for one in body.get("exits", [])],
        goal=goal and (told.watched(goal), told.length(goal.get("within", "30d"))),
        cards=told.cards(body.get("steps", [])),
        panel=_panel(body, at, faults, words),
        kinds=[(kind, say(one.title), say(one.about), one.icon) for kind, one in kinds().items()],
        wrong=[(one.place, one.say(say)) for one in faults if one.severity == "error"],
        doubts=[(one.place, one.say(say)) for one in faults if one.severity == "warning"],
        elsewhere={part: [one.say(say) for one in faults if _under(one, part)] for part in PARTS},
        known=_known(shop),
        sound=journey is not None and not any(one.severity == "error" for one in faults),
        live=any(one.live for one in shop.journey_versions(name)),
        drafted=shop.journey_draft(name) is not None,
        kept=bool(shop.journey_versions(name)),
    )


@post("/journeys/{name:str}/edit", sync_to_thread=True, status_code=303)
def change(request: Asked, shop: NamedDependency[Shop], name: FromPath[str], data: Form) -> Response[Any]:
    """One change of the draft, or what becomes of it."""
    sent = {
        key: [str(one) for one in (value if isinstance(value, list) else [value])]
        for key, value in data.items()
    }
    act, _, rest = _one(sent, "do").partition(":")
    if act == "publish":
        return _publish(request, shop, name, sent)
    if act == "discard":
        shop.discard_journey(name)
        kept = bool(shop.journey_versions(name))
        return flash.done(f"/journeys/{name}" if kept else "/journeys", DISCARDED)
    if act not in ACTS:
        raise UserError(N_("This form is not complete. Go back and try again."))
    body, open_ = ACTS[act](_body(shop, name), _one(sent, "at"), rest, sent)
    shop.draft_journey(name, body, by(request))
    return Redirect(f"/journeys/{name}/edit?{urlencode({'at': open_})}#panel", status_code=303)


def _publish(request: Asked, shop: Shop, name: str, sent: Sent) -> Response[Any]:
    journey, _ = read(_body(shop, name), shop.around_journeys(live=True))
    flying = _one(sent, "flying") or "stay"
    if flying not in FLYING:
        raise UserError(N_("Choose one of: {known}."), known=", ".join(FLYING))
    saved = shop.publish_journey(journey, by(request), flying=FLYING[FLYING.index(flying)])
    shop.discard_journey(name)
    return flash.done(f"/journeys/{name}", PUBLISHED, number=saved.number)


# --- what the buttons do --------------------------------------------------------------------------

Act: TypeAlias = Callable[[dict[str, Any], str, str, Sent], tuple[dict[str, Any], str]]


def _insert(body: dict[str, Any], at: str, rest: str, _: Sent) -> tuple[dict[str, Any], str]:
    if rest not in kinds():
        raise UserError(
            N_("There is no kind “{name}”. There are: {known}."), name=rest, known=", ".join(kinds())
        )
    return editing.inserted(body, at, rest)


def _remove(body: dict[str, Any], at: str, _: str, __: Sent) -> tuple[dict[str, Any], str]:
    return editing.removed(body, at), ""


def _move(body: dict[str, Any], at: str, rest: str, _: Sent) -> tuple[dict[str, Any], str]:
    return editing.moved(body, at, -1 if rest == "up" else 1)


def _settle(body: dict[str, Any], at: str, rest: str, sent: Sent) -> tuple[dict[str, Any], str]:
    """Keep what the form at a place says; `rest` asks for more of something, or for one less."""
    if at == "entry":
        way = _one(sent, "is") or str((body.get("entry") or {}).get("is", ""))
        cls = WAYS.get(way)
        return body | {"entry": {"is": way} | (_values(cls, sent, "s") if cls else {})}, at
    if at == "head":
        own = {one.name for one in fields(Head)}
        return {key: value for key, value in body.items() if key not in own} | _values(Head, sent, "s"), at
    if at == "goal":
        without = {key: value for key, value in body.items() if key != "goal"}
        return (without if rest == "none" else without | {"goal": _values(Goal, sent, "s")}), at
    if at == "exits":
        count = int(_one(sent, "exits") or 0) if _one(sent, "exits").isdecimal() else 0
        exits = [_values(Leave, sent, f"x{n}") for n in range(min(count, 20))]
        exits = [one for n, one in enumerate(exits) if rest != str(n)]
        return body | {"exits": [*exits, *([{}] if rest == "more" else [])]}, at
    return _step(body, at, rest, sent), at


def _step(body: dict[str, Any], at: str, rest: str, sent: Sent) -> dict[str, Any]:
    step = editing.step_at(body, at)
    kind = kinds().get(str(step.get("is"))) if step else None
    if step is None or kind is None:
        return body
    made = editing.changed(body, at, _values(kind, sent, "s"))
    named = editing.step_at(made, at)
    if named is not None and _one(sent, "id"):
        named["id"] = _one(sent, "id").strip()
    if kind.forks is not None:
        count = len(step.get("branches", []))
        branches = [
            {
                "id": _one(sent, f"b{n}.id").strip(),
                "was": _one(sent, f"b{n}.was"),
                **_values(kind.forks, sent, f"b{n}"),
            }
            for n in range(count)
            if rest != str(n)
        ]
        made = editing.branched(made, at, branches, rest == "more")
    return made


ACTS: Final[dict[str, Act]] = {"insert": _insert, "remove": _remove, "move": _move, "settle": _settle}


# --- forms, drawn from what is declared -----------------------------------------------------------


def _panel(body: Mapping[str, Any], at: str, faults: list[Fault], words: Words) -> dict[str, Any] | None:
    """What stands at the open place: its title and its controls."""
    say = words.say
    if at == "entry":
        entry = body.get("entry") or {}
        cls = WAYS.get(str(entry.get("is")), next(iter(WAYS.values())))
        return {
            "title": say(PARTS[at]),
            "about": say(cls.about),
            "ways": [(name, say(one.title)) for name, one in WAYS.items()],
            "way": cls.name(),
            "controls": _controls(cls, entry, "s", "entry", faults, words),
        }
    if at in ("head", "goal"):
        cls2: type[Struct] = Head if at == "head" else Goal
        own = body if at == "head" else body.get("goal") or {}
        place = "" if at == "head" else at
        return {
            "title": say(PARTS[at]),
            "about": "",
            "controls": _controls(cls2, own, "s", place, faults, words),
            "drop": at == "goal" and bool(own),
        }
    if at == "exits":
        some = body.get("exits", [])
        return {
            "title": say(PARTS[at]),
            "about": say(N_("Checked before each step, and while they wait.")),
            "controls": [],
            "exits": [
                _controls(Leave, one, f"x{n}", f"exits.{n + 1}", faults, words) for n, one in enumerate(some)
            ],
        }
    step = editing.step_at(dict(body), at) if at else None
    kind = kinds().get(str(step.get("is"))) if step else None
    if step is None or kind is None:
        return None
    name = str(step.get("id", ""))
    branches = step.get("branches", []) if kind.forks is not None else []
    return {
        "title": say(kind.title),
        "about": say(kind.about),
        "id": name,
        "controls": _controls(kind, step, "s", name, faults, words),
        "branches": [
            (
                str(one.get("id", "")),
                _controls(kind.forks, one, f"b{n}", f"{name}.{one.get('id')}", faults, words),
            )
            for n, one in enumerate(branches)
            if kind.forks is not None
        ],
        "forks": kind.forks is not None,
        "step": True,
    }


def _controls(
    cls: type[Struct], own: Mapping[str, Any], prefix: str, place: str, faults: list[Fault], words: Words
) -> list[dict[str, Any]]:
    return [
        _control(one, own.get(one.name, one.default), prefix, place, faults, words) for one in fields(cls)
    ]


def _control(
    field: Field, value: Any, prefix: str, place: str, faults: list[Fault], words: Words
) -> dict[str, Any]:
    here = f"{place}.{field.name}" if place else field.name
    say, asked = words.say, field.asked
    wrong = [one.say(say) for one in faults if one.place == here and one.severity == "error"]
    return {
        "name": f"{prefix}.{field.name}",
        "label": say(asked.title),
        "help": say(asked.help) if asked.help else "",
        "form": asked.form,
        "value": _shown(value),
        "required": field.required,
        "wrong": " ".join(wrong),
        "options": [(one, say(asked.names.get(one, one))) for one in field.options],
        "days": [(day, say(DAYS[day]), day in (value or ())) for day in WEEKDAYS]
        if asked.form == "days"
        else [],
    }


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else ""
        case dict():
            return "\n".join(f"{key} = {_plainly(one)}" for key, one in value.items())
        case list() | tuple():
            return ", ".join(map(str, value))
    return str(value)


def _plainly(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _values(cls: type[Struct], sent: Sent, prefix: str) -> dict[str, Any]:
    """What a form says, as it would stand in a file; what is empty is left out."""
    found = {}
    for field in fields(cls):
        told = sent.get(f"{prefix}.{field.name}", [])
        value = _read(field, told)
        if value not in ("", None, [], {}) and value != field.default:
            found[field.name] = value
    return found


def _read(field: Field, told: list[str]) -> Any:
    text = told[0].strip() if told else ""
    match field.asked.form:
        case "yes":
            return bool(text)
        case "days":
            return told
        case "props":
            pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
            return {key.strip(): _json(value.strip()) for key, _, value in pairs}
        case "share" | "whole":
            return _json(text.replace(",", "."))
    return _json(text) if field.name == "value" else text


def _json(text: str) -> Any:
    """The number, truth or text that somebody wrote."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return found if isinstance(found, int | float | bool) else text


# --- what it works on -----------------------------------------------------------------------------


def _body(shop: Shop, name: str) -> dict[str, Any]:
    draft = shop.journey_draft(name)
    if draft is not None:
        return editing.completed({**draft.body, "id": name})
    saved = shop.journey_versions(name)
    if not saved:
        raise NotFoundException
    return editing.completed(plain(saved[-1].journey))


def _known(shop: Shop) -> dict[str, list[str]]:
    """What the controls offer while one writes."""
    known = shop.catalogue()
    traits = sorted(one.removeprefix("trait.") for one in known.names if one.startswith("trait."))
    around = shop.around_journeys()
    return {
        "event": sorted(known.events)[:200],
        "trait": traits[:200],
        "template": sorted(around.templates or ()),
        "journey": sorted(around.journeys or ()),
        "coupon": sorted(around.coupons or ()),
    }


def _under(fault: Fault, part: str) -> bool:
    if part == "head":
        return fault.place in {one.name for one in fields(Head)}
    return fault.place == part or fault.place.startswith(f"{part}.")


def _one(sent: Sent, name: str) -> str:
    return sent.get(name, [""])[0]

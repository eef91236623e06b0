"""`/alerts/new`, `/alerts/{name}/edit`: an alert being settled, with what it would have told beside it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery

from habitue.alerts import kept
from habitue.alerts.alert import EVERY, HOOK, LIMITED, RULES, TITLES
from habitue.alerts.fault import AlertError
from habitue.alerts.recipes import recipes
from habitue.alerts.registry import asked, kinds
from habitue.alerts.replay import DAYS
from habitue.alerts.roles import Asked as Setting
from habitue.alerts.roles import Form as Figured
from habitue.alerts.roles import Kind, Names
from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.i18n import N_, spelt
from habitue.store import members
from habitue.web import flash
from habitue.web.course import course, spelled
from habitue.web.gate import by
from habitue.web.page import Asked, fragment, only, page, reader
from habitue.web.words import Words

Form: TypeAlias = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]

LENGTHS: Final = ("1h", "6h", "1d", "1w", "4w")
SAVED: Final = N_("“{name}” is looked at from now on.")
_EMPTY: Final = {"name": "", "about": "", "owner": "", "every": "hour", "at": "08:00", "to": ()}
_HOURS: Final = tuple(f"{n:02d}:00" for n in range(24))


@get("/alerts/new", sync_to_thread=True)
def new(
    request: Asked,
    shop: NamedDependency[Shop],
    recipe: FromQuery[str] = "",
    kind: FromQuery[str] = "",
) -> Response[str]:
    """The form of a recipe, or of a kind of watch; what there is to choose from where neither is said."""
    only(request, "recipe", "kind")
    words = reader(request, shop)
    if recipe in recipes():
        return _page(request, shop, recipes()[recipe].said(words.language), "")
    if kind in kinds():
        when = {"rule": "above" if kind in ("silence", "mail") else "low" if kind == "journey" else "high"}
        watch = {"is": kind, **_first(kinds()[kind], shop.alert_names())}
        return _page(request, shop, {"watch": watch, "when": when, "every": "day"}, "")
    taken = {one.alert.id for one in shop.alerts()}
    return page(request, shop, "watches.html", **starts(words, taken))


@post("/alerts/new", sync_to_thread=True, status_code=303)
def create(request: Asked, shop: NamedDependency[Shop], data: Form) -> Response[Any]:
    """Let it look from now on."""
    return _kept(request, shop, data, "")


@get("/alerts/{name:str}/edit", sync_to_thread=True)
def edit(request: Asked, shop: NamedDependency[Shop], name: FromPath[str]) -> Response[str]:
    """The form of an alert."""
    only(request)
    return _page(request, shop, kept.body(shop.alert(name).alert), name)


@post("/alerts/{name:str}/edit", sync_to_thread=True, status_code=303)
def save(request: Asked, shop: NamedDependency[Shop], name: FromPath[str], data: Form) -> Response[Any]:
    """Let it look so from now on."""
    shop.alert(name)
    return _kept(request, shop, data, name)


@post("/alerts/-/preview", sync_to_thread=True, status_code=200)
def preview(request: Asked, shop: NamedDependency[Shop], data: Form) -> Response[str]:
    """What it would have told, as the form is now; nothing is kept."""
    raw = _body(shop, data, str(data.get("id", "")))
    return fragment(request, shop, "parts/foretold.html", **_foretold(request, shop, raw))


def _kept(request: Asked, shop: Shop, data: Mapping[str, Any], name: str) -> Response[Any]:
    raw = _body(shop, data, name)
    try:
        alert = shop.read_alert(raw)
    except AlertError as error:
        return _page(request, shop, raw, name, error)
    shop.save_alert(alert, by(request))
    return flash.done(f"/alerts/{alert.id}", SAVED, name=alert.title)


def _body(shop: Shop, data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The body that a form says; a limit that is a share is written in hundredths there."""
    watch = {"is": str(data.get("is", ""))}
    kind = kinds().get(watch["is"])
    for key, one in asked(kind).items() if kind else ():
        given = str(data.get(f"watch.{key}", "")).strip()
        if one.control == "stage" and "." in given:
            watch["model"], given = given.split(".", 1)
        if given or one.free:
            watch[key] = given
    when: dict[str, Any] = {"rule": str(data.get("rule", ""))}
    if when["rule"] in LIMITED:
        when["limit"] = _limit(str(data.get("limit", "")), _shared(kind, watch, when["rule"]))
    title = str(data.get("name", "")).strip()
    to = data.get("to", [])
    ends = [str(data.get(key, "")).strip() for key in ("quiet.start", "quiet.stop")]
    return {
        "id": name or _slug(shop, title),
        "name": title,
        "about": str(data.get("about", "")).strip(),
        "owner": str(data.get("owner", "")).strip(),
        "watch": watch,
        "when": when,
        "every": str(data.get("every", "")),
        "at": str(data.get("at", "08:00")),
        "quiet": "-".join(ends) if any(ends) else "",
        "to": [to] if isinstance(to, str) else list(to),
    }


def _limit(text: str, shared: bool) -> Any:
    """The number that a field says, or what stands in it."""
    plain = re.sub(r"[\s%]", "", text).replace(",", ".")
    with suppress(ValueError):
        return round(float(plain) / (100 if shared else 1), 9)
    return text


def _shared(kind: type[Kind] | None, watch: Mapping[str, str], rule: str) -> bool:
    """Whether a limit is a share of a hundred."""
    return rule in ("rises", "falls") or _form(kind, watch) == "share"


def _first(kind: type[Kind], names: Names) -> dict[str, str]:
    """What has to be chosen, as the first that there is."""
    known = {"stage": names.stages, "segment": names.segments, "journey": names.journeys}
    found = {
        key: next(iter(known[one.control]), "")
        for key, one in asked(kind).items()
        if one.control in known and not one.free
    }
    return {key: one.rpartition(".")[2] for key, one in found.items() if one}


def starts(words: Words, taken: Collection[str]) -> dict[str, Any]:
    """What one can begin with: the recipes that are not taken, and every kind of watch."""
    return {
        "recipes": [
            {
                "id": one.id,
                "name": one.names[words.language],
                "about": one.abouts[words.language],
                "icon": kinds()[one.body["watch"]["is"]].icon,
            }
            for one in recipes().values()
            if one.id not in taken
        ],
        "kinds": [(name, kind.title, kind.about, kind.icon) for name, kind in kinds().items()],
    }


def _form(kind: type[Kind] | None, watch: Mapping[str, str]) -> Figured:
    with suppress(msgspec.ValidationError):
        return msgspec.convert(watch, kind).form if kind else "count"
    return "count"


def _slug(shop: Shop, title: str) -> str:
    """An id of its own for a name."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).lstrip("-0123456789").rstrip("-")[:50] or "alert"
    taken = {"new", *(one.alert.id for one in shop.alerts())}
    return next(one for one in (base, *(f"{base}-{n}" for n in range(2, 1000))) if one not in taken)


def _page(
    request: Asked, shop: Shop, raw: Mapping[str, Any], name: str, error: AlertError | None = None
) -> Response[str]:
    words, names = reader(request, shop), shop.alert_names(seen=True)
    watch, when = raw.get("watch", {}), raw.get("when", {})
    kind = kinds().get(str(watch.get("is", "")), next(iter(kinds().values())))
    quiet = str(raw.get("quiet", "")).partition("-")
    return page(
        request,
        shop,
        "watch.html",
        400 if error else 200,
        name=name,
        raw={**_EMPTY, **raw},
        kind=kind,
        settings=[
            (f"watch.{key}", one, _options(one, watch, names, words), _given(key, one, watch))
            for key, one in asked(kind).items()
            if one.control != "model"
        ],
        rules=[(one, words.say(TITLES[one])) for one in RULES],
        rule=str(when.get("rule", "high")),
        limit=_written(when, kind, watch),
        every=[(one, words.say(text)) for one, text in EVERY.items()],
        hours=[(one, one) for one in _HOURS],
        quiet=(quiet[0], quiet[2]),
        team=[(one["email"], one["name"] or one["email"]) for one in members.all_(shop.ops)],
        targets=sorted(shop.alert_targets(), key=lambda one: (one.startswith(HOOK), one)),
        hook=HOOK,
        faults=[one.say(words.say) for one in error.faults] if error else [],
        **_foretold(request, shop, raw),
    )


def _written(when: Mapping[str, Any], kind: type[Kind], watch: Mapping[str, str]) -> str:
    """A limit as its field has it."""
    limit = when.get("limit", "")
    if isinstance(limit, int | float):
        shown = limit * 100 if _shared(kind, watch, str(when.get("rule"))) else limit
        return f"{round(shown, 6):g}"
    return str(limit)


def _given(key: str, one: Setting, watch: Mapping[str, str]) -> str:
    given = watch.get(key, "")
    if one.control == "stage" and given:
        return f"{watch.get('model', 'transactional')}.{given}"
    return given or ("1d" if one.control == "length" else "")


def _options(one: Setting, watch: Mapping[str, str], names: Names, words: Words) -> list[tuple[str, str]]:
    """What can be chosen for a setting; none where it is written."""
    match one.control:
        case "stage":
            return [(key, _stage(key, names, words)) for key in names.stages]
        case "segment":
            return [(key, known.said(words.language)) for key, known in names.segments.items()]
        case "journey":
            return [(key, known.said(words.language)) for key, known in names.journeys.items()]
        case "source":
            return [(key, key) for key in names.sources]
        case "event":
            return [(key, words.happened(key)) for key in names.events]
        case "length":
            own = watch.get("within", "")
            known_ = [*LENGTHS, own] if own and own not in LENGTHS else LENGTHS
            return [(key, spelt(key, words.language)) for key in known_]
    return [(key, words.say(text)) for key, text in one.choices]


def _stage(key: str, names: Names, words: Words) -> str:
    """A stage by its name; of several models, with the model's."""
    said = names.stages[key].said(words.language)
    if len(names.models) < 2:
        return said
    model = names.called("models", key.partition(".")[0]).said(words.language)
    return words.say(N_("{stage} ({model})"), stage=said, model=model)


def _foretold(request: Asked, shop: Shop, raw: Mapping[str, Any]) -> dict[str, Any]:
    """What it would have told over the last days, or why nobody can say yet."""
    words, speech = reader(request, shop), shop.speech(reader(request, shop).language)
    try:
        alert = shop.read_alert({**raw, "id": "draft", "name": "", "to": [], "owner": ""})
    except AlertError as error:
        return {"told": None, "why": error.faults[0].say(words.say), "course": None, "days": DAYS}
    found = shop.replay_alert(alert, clock.now())
    last = found.readings[-1] if found.readings else None
    return {
        "told": spelled(found.spells, alert, speech, words),
        "total": len(found.spells),
        "why": speech.why(alert, last) if last else "",
        "headline": speech.headline(alert, last) if last else "",
        "course": course(alert, found.at, found.readings, found.spells, speech, words),
        "days": DAYS,
    }

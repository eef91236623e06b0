"""An alert from a file or a form: read whole, so that all that is wrong is told at once.

id = "asleep"
watch = { is = "flow", from = "active", to = "dormant" }
when = { rule = "high" }
to = ["ada@shop.fr", "hook:team"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from habitue.alerts.alert import EVERY, HOOK, LIMITED, RULES, Alert, When
from habitue.alerts.fault import AlertError, Fault
from habitue.alerts.registry import asked, kinds
from habitue.alerts.roles import Asked, Kind, Names
from habitue.kernel.clock import DAY, duration
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.rules.problem import nearest

ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")
RESERVED: Final = frozenset({"new"})
"""Pages of their own under `/alerts/`."""
LONGEST: Final = 28 * DAY
"""What is summed up is laid beside the weeks before: four weeks of it are enough."""
MOST: Final = 50
NAMED: Final = 120

_KEYS: Final = ("id", "name", "about", "owner", "watch", "when", "every", "at", "quiet", "to")
_HOUR: Final = re.compile(r"([01]\d|2[0-3]):00\Z")
_QUIET: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d\Z")


def from_text(source: str, names: Names | None = None, to: frozenset[str] | None = None) -> Alert:
    """The alert of a TOML or JSON text; raises `AlertError` with all that is wrong."""
    try:
        raw = msgspec.json.decode(source) if source.lstrip().startswith("{") else tomllib.loads(source)
    except (tomllib.TOMLDecodeError, msgspec.DecodeError, RecursionError) as error:
        text = N_("This is neither TOML nor JSON: {reason}")
        raise AlertError([Fault("", text, {"reason": str(error)})]) from error
    if not isinstance(raw, dict):
        raise AlertError(
            [Fault("", N_("An alert is a table with an id, what it watches, and when it tells."))]
        )
    return read(raw, names, to)


def read(raw: Mapping[str, Any], names: Names | None = None, to: frozenset[str] | None = None) -> Alert:
    """The alert of a body as it is kept; raises `AlertError` with all that is wrong.

    With `names` what it watches must be there, with `to` whom it tells.
    """
    reader = _Reader()
    watch, when = reader.watch(raw.get("watch")), reader.when(raw.get("when"))
    texts = {key: reader.text(key, raw.get(key, "")) for key in ("id", "name", "about", "owner", "quiet")}
    told = reader.targets(raw.get("to", []), to)
    every, at = raw.get("every", "hour"), raw.get("at", "08:00")
    reader.head(raw, texts, every, at)
    if watch is not None and names is not None:
        reader.faults += lacking(watch, names)
    if reader.faults or watch is None or when is None:
        raise AlertError(reader.faults)
    return Alert(watch=watch, when=when, every=every, at=at, to=told, **texts)


def lacking(watch: Kind, names: Names) -> list[Fault]:
    """What a watch names that is not there, or not any more."""
    told = msgspec.to_builtins(watch)
    found = []
    for key, one in asked(type(watch)).items():
        given = told.get(key, "")
        known = _known(one, told, names)
        if known is not None and given not in known and not (one.free and not given):
            near = nearest(given, known)
            text = (
                N_("“{name}” is not there. Did you mean “{near}”?") if near else N_("“{name}” is not there.")
            )
            found.append(Fault(f"watch.{key}", text, {"name": given, "near": near}))
    return found


def _known(one: Asked, told: Mapping[str, Any], names: Names) -> list[str] | None:
    """The names that a setting can have; None where any will do, such as an event that is still to come."""
    match one.control:
        case "model":
            return [*names.models]
        case "stage":
            model = f"{told.get('model', '')}."
            return [name.removeprefix(model) for name in names.stages if name.startswith(model)]
        case "segment":
            return [*names.segments]
        case "journey":
            return [*names.journeys]
        case _:
            return None


class _Reader:
    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, place: str, text: str, **fields: Any) -> None:
        self.faults.append(Fault(place, text, fields))

    def text(self, place: str, given: Any) -> str:
        if not isinstance(given, str):
            self.fault(place, N_("Here stands a text in quotes."))
            return ""
        if len(given) > NAMED * (20 if place == "about" else 1):
            self.fault(place, N_("This is too long."))
        return given.strip()

    def head(self, raw: Mapping[str, Any], texts: Mapping[str, str], every: Any, at: Any) -> None:
        self.strangers("", raw, _KEYS)
        if not ID.match(texts["id"]):
            self.fault("id", N_("An alert’s id begins with a small letter: a to z, digits, - and _."))
        if texts["id"] in RESERVED:
            self.fault("id", N_("“{id}” names a page. Choose another id."), id=texts["id"])
        if not isinstance(every, str) or every not in EVERY:
            self.fault("every", N_("Choose one of: {known}."), known=", ".join(EVERY))
        if not (isinstance(at, str) and _HOUR.match(at)):
            self.fault("at", N_("Write a whole hour, such as 08:00."))
        quiet = texts["quiet"]
        if quiet and not _QUIET.match(quiet):
            self.fault("quiet", N_("Write from when to when nobody is disturbed, such as 20:00-08:00."))
        elif quiet and quiet[:5] == quiet[6:]:
            self.fault("quiet", N_("That would be never or always: the two times are the same."))

    def strangers(self, place: str, raw: Mapping[str, Any], known: tuple[str, ...]) -> None:
        """Settings that there are none of."""
        for key in raw:
            if key not in known:
                near = nearest(str(key), known)
                text = (
                    N_("There is no setting “{name}”. Did you mean “{near}”?")
                    if near
                    else N_("There is no setting “{name}” here. There are: {known}.")
                )
                where = f"{place}.{key}" if place else str(key)
                self.fault(where, text, name=key, near=near, known=", ".join(known))

    def targets(self, raw: Any, known: frozenset[str] | None) -> tuple[str, ...]:
        if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw) or len(raw) > MOST:
            self.fault(
                "to", N_("Here stands a list of addresses, such as {example}."), example='["ada@shop.fr"]'
            )
            return ()
        for one in raw:
            if known is not None and one not in known:
                hook = one.startswith(HOOK)
                text = (
                    N_("There is no webhook “{name}”.")
                    if hook
                    else N_("“{name}” is no member’s address. Only the team is told.")
                )
                self.fault("to", text, name=one.removeprefix(HOOK))
        return tuple(dict.fromkeys(raw))

    def when(self, raw: Any) -> When | None:
        if not isinstance(raw, dict) or raw.get("rule") not in RULES:
            self.fault("when", N_("Say when it tells: rule is one of {known}."), known=", ".join(RULES))
            return None
        self.strangers("when", raw, ("rule", "limit"))
        rule, limit = raw["rule"], raw.get("limit")
        if rule not in LIMITED:
            if limit is not None:
                self.fault("when.limit", N_("What was usual decides here: leave the limit out."))
            return When(rule)
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit <= 1e15:
            self.fault("when.limit", N_("Write the limit as a number, such as 50, or 0.3 for 30%."))
            return None
        if rule == "falls" and limit >= 1:
            self.fault(
                "when.limit", N_("Nothing falls by more than all: write a share below 1, such as 0.3.")
            )
        return When(rule, float(limit))

    def watch(self, raw: Any) -> Kind | None:
        known = kinds()
        if not isinstance(raw, dict):
            self.fault("watch", N_("Say what is watched: watch = {example}."), example='{ is = "stage", … }')
            return None
        name = raw.get("is")
        if not isinstance(name, str) or name not in known:
            near = nearest(str(name), known)
            text = (
                N_("There is no kind of watch “{name}”. Did you mean “{near}”?")
                if near
                else N_("There is no kind of watch “{name}”. There are: {known}.")
            )
            self.fault("watch.is", text, name=name, near=near, known=", ".join(known))
            return None
        before, settings = len(self.faults), asked(known[name])
        self.strangers("watch", raw, ("is", *settings))
        for key, one in settings.items():
            self.faults += self.setting(f"watch.{key}", one, raw.get(key))
        if len(self.faults) > before:
            return None
        return self.made(known[name], raw)

    def setting(self, place: str, one: Asked, given: Any) -> Iterator[Fault]:
        if given is None:
            needed = not one.free and one.control in ("stage", "segment", "event", "journey")
            if needed:
                yield Fault(place, N_("This is needed."))
            return
        if not isinstance(given, str) or len(given) > 200 or (not given and not one.free):
            yield Fault(place, N_("Here stands a text in quotes."))
        elif one.choices and given not in dict(one.choices):
            yield Fault(place, N_("Choose one of: {known}."), {"known": ", ".join(dict(one.choices))})
        elif one.control == "length":
            yield from _length(place, given)

    def made(self, kind: type[Kind], raw: Mapping[str, Any]) -> Kind | None:
        found = msgspec.convert(raw, kind)
        if getattr(found, "target", None) == "" and getattr(found, "source", None) == "":
            self.fault("watch", N_("Say from which stage they move, or to which, or both."))
            return None
        if getattr(found, "target", None) and getattr(found, "target", "") == getattr(found, "source", None):
            self.fault("watch", N_("Nobody moves from a stage to the same one."))
            return None
        return found


def _length(place: str, given: str) -> Iterator[Fault]:
    try:
        length = duration(given)
    except UserError as error:
        yield Fault(place, error.text, error.fields)
        return
    if length > LONGEST or given.strip()[-1] not in "hdw":
        yield Fault(place, N_("Between an hour and four weeks, such as 24h, 1d or 1w."))

"""A journey from a file or a form: read whole, so that all its faults are told at once.

id = "welcome"
name = "Welcome"
entry = { is = "enters", rule = 'consent("email")' }

[[steps]]
id = "hello"
is = "send"
template = "welcome-1"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from habitue.journeys import forms
from habitue.journeys.around import Around
from habitue.journeys.asked import Field, fields
from habitue.journeys.entries import WAYS, Manual, Way
from habitue.journeys.fault import Fault, JourneyError, Message
from habitue.journeys.graph import MOST, Branch, Goal, Head, Journey, Leave, Step
from habitue.journeys.registry import kinds
from habitue.journeys.roles import Fork, Kind
from habitue.kernel.clock import duration
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.rules.problem import nearest

ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")
RESERVED: Final = frozenset({"new"})
"""Pages of their own under `/journeys/`."""

_DEEP: Final = 12
_IDLE: Final = N_(
    "Nothing happens in this journey yet: add a step, such as a message, before it is published."
)


def from_text(
    source: str, around: Around | None = None, name: str | None = None
) -> tuple[Journey, list[Fault]]:
    """The journey of a TOML or JSON text, and its warnings; raises `JourneyError` with all its faults."""
    try:
        raw = msgspec.json.decode(source) if source.lstrip().startswith("{") else tomllib.loads(source)
    except (tomllib.TOMLDecodeError, msgspec.DecodeError, RecursionError) as error:
        text = N_("This is neither TOML nor JSON: {reason}")
        raise JourneyError([Fault("", text, {"reason": str(error)})]) from error
    if not isinstance(raw, dict):
        raise JourneyError([Fault("", N_("A journey is a table with an id, an entry and steps."))])
    return read({**raw, "id": name} if name else raw, around)


def read(raw: Mapping[str, Any], around: Around | None = None) -> tuple[Journey, list[Fault]]:
    """The journey of a body as it is kept, and its warnings; raises `JourneyError` with all its faults."""
    journey, found = attempt(raw, around)
    if journey is None or any(one.severity == "error" for one in found):
        raise JourneyError(
            [one for one in found if one.severity == "error"]
            + [one for one in found if one.severity != "error"]
        )
    return journey, found


def attempt(raw: Mapping[str, Any], around: Around | None = None) -> tuple[Journey | None, list[Fault]]:
    """The journey as far as it can be read, and all that is wrong with it."""
    reader = _Reader(around or Around())
    return reader.journey(raw), reader.faults


class _Reader:
    def __init__(self, around: Around) -> None:
        self.around = around
        self.faults: list[Fault] = []
        self.seen: set[str] = set()

    def journey(self, raw: Mapping[str, Any]) -> Journey | None:
        whole = {"id", "entry", "steps", "exits", "goal"}
        name = self.named("id", raw.get("id"))
        if name in RESERVED:
            self.fault("id", N_("“{id}” names a page. Choose another id."), id=name)
        head = self.settings("", Head, {key: value for key, value in raw.items() if key not in whole}, whole)
        self.again(head)
        entry = self.entry(raw.get("entry"))
        exits = [self.watched(f"exits.{n}", Leave, one) for n, one in enumerate(self.listed("exits", raw), 1)]
        goal = self.watched("goal", Goal, raw["goal"]) if "goal" in raw else None
        steps = self.steps("steps", self.listed("steps", raw), 0)
        if len(self.seen) > MOST:
            self.fault("steps", N_("A journey has at most {most} steps."), most=MOST)
        if name is None or head is None or entry is None:
            return None
        found = Journey(name, head, entry, steps, tuple(one for one in exits if one), goal)
        self.whole(found)
        return found

    def whole(self, journey: Journey) -> None:
        """What a step asks of the journey around it, and the journey of its steps."""
        if not journey.steps:
            severity: Literal["error", "warning"] = "error" if self.around.live else "warning"
            self.faults.append(Fault("steps", _IDLE, severity=severity))
        for step in journey.every():
            test = step.does.test if isinstance(step.does, Fork) else None
            if test and test.by == "goal" and journey.goal is None:
                self.fault(step.id, N_("The better way is chosen by the goal: say what the goal is."))

    # --- its parts ---

    def again(self, head: Head | None) -> None:
        if head and head.again not in ("never", "always"):
            try:
                duration(head.again)
            except UserError:
                text = N_("“{name}” is neither never nor always nor a length such as 30d.")
                self.fault("again", text, name=head.again)

    def entry(self, raw: Any) -> Any:
        if raw is None:
            self.fault(
                "entry", N_("Say how customers come in: entry = {example}."), example='{ is = "event", … }'
            )
            return Manual()
        found = self.kind("entry", raw, WAYS)
        return found and self.settings("entry", found, raw, {"is"})

    def watched(self, place: str, cls: type[Any], raw: Any) -> Any:
        if not isinstance(raw, dict):
            self.fault(
                place, N_("Here stands a table, such as {example}."), example='{ event = "Order Completed" }'
            )
            return None
        found = self.settings(place, cls, raw, set())
        if found and bool(found.rule) == bool(found.event):
            self.fault(place, N_("Say either a rule or an event."))
        return found

    def steps(self, place: str, raw: Iterable[Any], depth: int) -> tuple[Step, ...]:
        if depth > _DEEP:
            self.fault(place, N_("Branches stand in each other {most} deep at most."), most=_DEEP)
            return ()
        read = [self.step(f"{place}.{n}", one, depth) for n, one in enumerate(raw, 1)]
        return tuple(one for one in read if one)

    def step(self, place: str, raw: Any, depth: int) -> Step | None:
        if not isinstance(raw, dict):
            self.fault(place, N_("A step is a table with an id and a kind (is)."))
            return None
        name = self.named(f"{place}.id", raw.get("id"))
        place = name or place
        if name in self.seen:
            self.fault(place, N_("Two steps have the id “{id}”. Give each its own."), id=name)
        self.seen.add(place)
        cls = self.kind(place, raw, kinds())
        if cls is None:
            return None
        own = self.settings(place, cls, raw, {"id", "is", "branches"})
        branches = self.branches(place, cls, self.listed("branches", raw, place), depth)
        self.complete(place, cls, own, branches)
        return Step(name or place, own, branches) if own is not None else None

    def branches(self, place: str, cls: type[Kind], raw: list[Any], depth: int) -> tuple[Branch, ...]:
        known = [one.id for one in cls.outlets]
        if raw and not known and cls.forks is None:
            self.fault(place, N_("A step of this kind has no branches."))
            return ()
        found, names = [], set()
        for n, one in enumerate(raw, 1):
            if not isinstance(one, dict):
                self.fault(f"{place}.branches.{n}", N_("A branch is a table with an id and steps."))
                continue
            name = self.named(f"{place}.branches.{n}.id", one.get("id"))
            here = f"{place}.{name or n}"
            if name in names:
                self.fault(here, N_("Two branches have the id “{id}”. Give each its own."), id=name)
            if name and known and name not in known:
                self.fault(here, N_("“{name}” is none of: {known}."), name=name, known=", ".join(known))
            names.add(name)
            own = None
            rest = {"id", "steps"}
            if cls.forks is not None:
                own = self.settings(here, cls.forks, one, rest)
            else:
                self.unknown(here, one, rest, rest)
            found.append(
                Branch(
                    name or str(n),
                    own,
                    self.steps(f"{here}.steps", self.listed("steps", one, here), depth + 1),
                )
            )
        return tuple(found)

    def complete(self, place: str, cls: type[Kind], own: Any, branches: tuple[Branch, ...]) -> None:
        """What the parts of a step must be to each other."""
        if cls.forks is not None and not branches:
            self.fault(place, N_("Give it one branch at least."))
        shares = [getattr(one.settings, "share", 0.0) for one in branches]
        if sum(shares) > 1 + 1e-9:
            self.fault(place, N_("The shares of the branches come to more than 1."))
        if (
            own is not None
            and hasattr(own, "within")
            and hasattr(own, "event")
            and bool(own.rule) == bool(own.event)
        ):
            self.fault(place, N_("Say either a rule or an event."))
        test = own.test if isinstance(own, Fork) else None
        if test:
            if len(branches) < 2:
                self.fault(place, N_("One way alone is no test: give it two branches or more."))
            if not test.people and not test.after:
                self.fault(place, N_("Say after how many people, or how long, the better way is chosen."))
        rules = [getattr(one.settings, "when", None) for one in branches]
        if "" in rules[:-1]:
            self.fault(place, N_("Only the last branch may be for everybody who is left."))

    # --- what they are made of ---

    def settings(self, place: str, cls: type[Struct], raw: Mapping[str, Any], beside: Collection[str]) -> Any:
        """The struct, None where it can't be made; every fault is noted, a value's and a name's."""
        declared = {one.name: one for one in fields(cls)}
        self.unknown(place, raw, {*declared, *beside}, beside)
        before, values = len(self.faults), {}
        for name, field in declared.items():
            here = f"{place}.{name}" if place else name
            if name in raw:
                values[name] = self.value(here, field, raw[name])
            elif field.required:
                self.fault(here, N_("This is missing: {title}."), title=Message(field.asked.title))
        wrong = any(one.severity == "error" for one in self.faults[before:])
        return (
            cls(**values)
            if not wrong or set(values) >= {n for n, f in declared.items() if f.required}
            else None
        )

    def value(self, place: str, field: Field, raw: Any) -> Any:
        try:
            value = msgspec.convert(raw, field.type)
        except msgspec.ValidationError:
            if field.options:
                text = N_("“{name}” is none of: {known}.")
                self.fault(place, text, name=str(raw)[:100], known=", ".join(field.options))
            else:
                self.fault(
                    place,
                    N_("“{name}” is not what belongs here: {help}"),
                    name=str(raw)[:100],
                    help=Message(field.asked.help),
                )
            return raw if isinstance(raw, str) else field.default
        self.faults += forms.check(place, field, value, self.around)
        return value

    def unknown(
        self, place: str, raw: Mapping[str, Any], known: Collection[str], beside: Collection[str]
    ) -> None:
        for name in raw:
            if name not in known and name not in beside:
                near = nearest(name, known)
                text = (
                    N_("There is no “{name}” here. Did you mean “{near}”?")
                    if near
                    else N_("There is no “{name}” here. There are: {known}.")
                )
                here = f"{place}.{name}" if place else name
                self.fault(here, text, name=name, near=near, known=", ".join(sorted(known)))

    def kind(self, place: str, raw: Any, known: Mapping[str, type[Any]]) -> Any:
        """The class that a table's `is` names."""
        name = raw.get("is") if isinstance(raw, dict) else None
        if isinstance(name, str) and name in known:
            return known[name]
        if name is None:
            self.fault(
                place, N_("Say of which kind it is: is = {example}."), example=f'"{next(iter(known))}"'
            )
        elif near := nearest(str(name), known):
            self.fault(place, N_("There is no kind “{name}”. Did you mean “{near}”?"), name=name, near=near)
        else:
            self.fault(
                place, N_("There is no kind “{name}”. There are: {known}."), name=name, known=", ".join(known)
            )
        return None

    def listed(self, name: str, raw: Mapping[str, Any], place: str = "") -> list[Any]:
        found = raw.get(name, [])
        if isinstance(found, list | tuple):
            return list(found)
        self.fault(f"{place}.{name}" if place else name, N_("Here stands a list."))
        return []

    def named(self, place: str, name: Any) -> str | None:
        if isinstance(name, str) and ID.match(name):
            return name
        if name is None:
            self.fault(place, N_("An id is missing: small letters, digits, - and _, a letter first."))
        else:
            self.fault(
                place,
                N_("“{id}” is no id. Use small letters, digits, - and _, a letter first."),
                id=str(name)[:100],
            )
        return None

    def fault(self, place: str, text: str, **about: Any) -> None:
        self.faults.append(Fault(place, text, about))


__all__ = ["ID", "Way", "attempt", "from_text", "read"]

"""A stage model as it ships or is drafted: stages, parameters and texts, one TOML file each.

The rule texts have holes such as `{dormant}`. A hole is filled by a parameter (a duration such as
"90d", a number, or the text of the chosen option) or by a term: a piece of rule with a name. Only
values that were checked get into a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from habitue.kernel.clock import duration
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Language
from habitue.rules.problem import nearest

Canonical: TypeAlias = Literal[
    "unknown",
    "prospect",
    "qualified",
    "evaluating",
    "new",
    "active",
    "loyal",
    "at_risk",
    "dormant",
    "lost",
    "reactivated",
]
CANONICAL: Final[dict[Canonical, str]] = {
    "unknown": N_("Unknown"),
    "prospect": N_("Prospect"),
    "qualified": N_("Qualified"),
    "evaluating": N_("Evaluating"),
    "new": N_("New"),
    "active": N_("Active"),
    "loyal": N_("Loyal"),
    "at_risk": N_("At risk"),
    "dormant": N_("Dormant"),
    "lost": N_("Lost"),
    "reactivated": N_("Reactivated"),
}
"""What every stage of every model can be compared by, with its name to be translated."""

COLOURS: Final[dict[Canonical, str]] = {
    "unknown": "#9c8b74",
    "prospect": "#94a3b8",
    "qualified": "#1f7a5c",
    "evaluating": "#ea580c",
    "new": "#38bdf8",
    "active": "#22c55e",
    "loyal": "#8b5cf6",
    "at_risk": "#f59e0b",
    "dormant": "#ef4444",
    "lost": "#64748b",
    "reactivated": "#c026d3",
}
"""One colour per canonical stage, the same in every chart; those of a preset differ for colour-blind eyes."""

Setting: TypeAlias = str | int | float
Settings: TypeAlias = Mapping[str, Setting]
Subject: TypeAlias = Literal["person", "account"]


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """What all parts of a kind share: no key of a file goes unread."""


class Words(Part, frozen=True):
    """A text in both languages."""

    en: str
    fr: str

    def said(self, language: Language) -> str:
        return self.fr if language == "fr" else self.en

    def __str__(self) -> str:
        return self.en


class Duration(Part, frozen=True, tag_field="is", tag="duration"):
    """A length of time such as "90d", from `min` to `max`."""

    name: Words
    help: Words
    default: str
    min: str
    max: str

    def text(self, value: Setting) -> str:
        """The value as it stands in a rule; raises `UserError` for one that does not fit."""
        if not duration(self.min) <= duration(str(value)) <= duration(self.max):
            raise UserError(_RANGE, value=value, min=self.min, max=self.max)
        return f'"{str(value).strip()}"'


class Number(Part, frozen=True, tag_field="is", tag="number"):
    """A number from `min` to `max`; a whole one if the default is."""

    name: Words
    help: Words
    default: int | float
    min: int | float
    max: int | float

    def text(self, value: Setting) -> str:
        if isinstance(value, str | bool) or (isinstance(value, float) and isinstance(self.default, int)):
            raise UserError(
                N_("“{value}” is not a number that fits here. Write one such as {example}."),
                value=value,
                example=self.default,
            )
        if not self.min <= value <= self.max:
            raise UserError(_RANGE, value=value, min=self.min, max=self.max)
        return repr(value)


class Option(Part, frozen=True):
    """One of the options of a choice, with the piece of rule that it stands for."""

    name: Words
    text: str


class Choice(Part, frozen=True, tag_field="is", tag="choice"):
    """One of a few options."""

    name: Words
    help: Words
    default: str
    options: dict[str, Option]

    def text(self, value: Setting) -> str:
        if value not in self.options:
            raise UserError(
                N_("“{value}” is none of: {options}."), value=value, options=", ".join(self.options)
            )
        return self.options[str(value)].text


Parameter: TypeAlias = Duration | Number | Choice
_RANGE = N_("“{value}” is out of range. Choose from {min} to {max}.")


class Stage(Part, frozen=True):
    """One stage: its rule (None for the last, "else"), what it is and what to do there."""

    id: str
    canonical: Canonical
    name: Words
    description: Words
    advice: Words
    rule: str | None = None
    terminal: bool = False
    colour: str | None = None

    @property
    def shade(self) -> str:
        """The colour in charts: its own, or that of its canonical stage."""
        return self.colour or COLOURS[self.canonical]


class Badge(Part, frozen=True):
    """A mark beside the stage, such as "loyal": a rule to be used as a segment."""

    id: str
    name: Words
    description: Words
    rule: str


class Kind(Part, frozen=True):
    """A stage model: the first stage whose rule is true wins, the last one is for all others.

    `display` is the order in which people read the stages; `rising` names durations of which each is
    no longer than the next.
    """

    id: str
    subject: Subject
    name: Words
    description: Words
    display: tuple[str, ...]
    stages: tuple[Stage, ...]
    parameters: dict[str, Parameter] = {}
    terms: dict[str, str] = {}
    badges: tuple[Badge, ...] = ()
    rising: tuple[str, ...] = ()

    def settings(self, chosen: Settings) -> dict[str, Setting]:
        """Every parameter's value: the chosen one, or its default."""
        return {name: parameter.default for name, parameter in self.parameters.items()} | dict(chosen)

    def texts(self, chosen: Settings) -> dict[str, str]:
        """What fills each hole; terms stand in parentheses. The settings must be sound (`unsound`)."""
        values = self.settings(chosen)
        raw = {name: parameter.text(values[name]) for name, parameter in self.parameters.items()}
        raw |= {name: f"({text})" for name, text in self.terms.items()}
        return {name: _deep(text, raw, (name,)) for name, text in raw.items()}

    def unsound(self, chosen: Settings) -> list[tuple[str, UserError]]:
        """Everything that is wrong with how the parts fit together (at no place) and with each setting."""
        found = [*(("", error) for error in _misplaced(self)), *_unfit(self, self.settings(chosen))]
        return found or _falling(self, self.settings(chosen))


HOLE: Final = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")
NO_ID: Final = N_("“{id}” is no id. Use small letters, digits, - and _, a letter first.")
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}\Z")


def _deep(text: str, raw: dict[str, str], path: tuple[str, ...]) -> str:
    """The text with the holes of the holes filled; one that leads back to itself stays open."""
    return HOLE.sub(lambda hole: _inner(hole, raw, path), text)


def _inner(hole: re.Match[str], raw: dict[str, str], path: tuple[str, ...]) -> str:
    name = hole[1]
    return _deep(raw[name], raw, (*path, name)) if name in raw and name not in path else hole[0]


def _misplaced(kind: Kind) -> list[UserError]:
    stages = [stage.id for stage in kind.stages]
    names = [*stages, *(badge.id for badge in kind.badges)]
    holes = [*kind.parameters, *kind.terms]
    found = [UserError(NO_ID, id=name) for name in (kind.id, *names) if not ID.match(name)]
    found += [
        UserError(N_("The id “{id}” is used twice."), id=name)
        for name in sorted({*names, *holes})
        if names.count(name) > 1 or holes.count(name) > 1
    ]
    found += [
        UserError(N_("“rising” names durations only; “{name}” is none."), name=name)
        for name in kind.rising
        if not isinstance(kind.parameters.get(name), Duration)
    ]
    if sorted(kind.display) != sorted(stages):
        found.append(
            UserError(N_("“display” must name each stage once: {stages}."), stages=", ".join(stages))
        )
    if (
        any(stage.rule is None for stage in kind.stages[:-1])
        or not kind.stages
        or kind.stages[-1].rule is not None
    ):
        found.append(
            UserError(N_("Every stage needs a rule, but for the last: it takes all others and has none."))
        )
    return found + [
        UserError(N_("“{colour}” is not a colour. Write it as #22c55e."), colour=stage.colour)
        for stage in kind.stages
        if stage.colour is not None and not _COLOUR.match(stage.colour)
    ]


def _unfit(kind: Kind, values: dict[str, Setting]) -> list[tuple[str, UserError]]:
    found = []
    for name, value in values.items():
        try:
            known(name, kind.parameters, N_("There is no parameter “{name}”. There are: {known}."))
            kind.parameters[name].text(value)
        except UserError as error:
            found.append((name, error))
    return found


def _falling(kind: Kind, values: dict[str, Setting]) -> list[tuple[str, UserError]]:
    text = N_("{short} must be no longer than “{more}” ({long}).")
    return [
        (less, UserError(text, short=values[less], more=more, long=values[more]))
        for less, more in pairwise(kind.rising)
        if duration(str(values[less])) > duration(str(values[more]))
    ]


def known(name: str, names: Mapping[str, Any] | Sequence[str], text: str) -> None:
    """Raise `UserError(text)` with the nearest known name, or all of them, unless the name is one."""
    if name in names:
        return
    if near := nearest(name, names):
        raise UserError(N_("“{name}” is not known. Did you mean “{near}”?"), name=name, near=near)
    raise UserError(text, name=name, known=Ids(names))


class Ids:
    """Ids as a list for people, each with its name where it has one: `dormant (Dormant customer)`."""

    def __init__(self, names: Mapping[str, Any] | Sequence[str]) -> None:
        self._names: Mapping[str, Any] = names if isinstance(names, Mapping) else dict.fromkeys(names)

    def said(self, language: Language) -> str:
        return ", ".join(
            f"{one} ({named.name.said(language)})" if hasattr(named, "name") else one
            for one, named in self._names.items()
        )

    def __str__(self) -> str:
        return self.said("en")


@cache
def kinds() -> dict[str, Kind]:
    """The stage models that ship with the product, by id."""
    folder = files("habitue.stages").joinpath("kinds")
    found = [
        msgspec.toml.decode(entry.read_text("utf-8"), type=Kind)
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".toml")
    ]
    return {kind.id: kind for kind in found}

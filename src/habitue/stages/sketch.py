"""A changed definition that is not published yet: only what differs from the live one.

What people typed is kept as they typed it, faults and all, so that it can be mended and passed on. Laid on
the live model it gives the model that would be published; where that one changes meanwhile, the sketch stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

from msgspec import Struct
from msgspec.structs import replace

from habitue.kernel.clock import DAY, UNITS, duration
from habitue.kernel.errors import UserError
from habitue.stages.kind import (
    CANONICAL,
    COLOURS,
    Canonical,
    Choice,
    Duration,
    Kind,
    Number,
    Parameter,
    Setting,
    Stage,
    Words,
    kinds,
)
from habitue.stages.models import Model

SETTING: Final = "set."
RULE: Final = "rule."
POPULATION: Final = "population"
ORDER: Final = "order"
NEW: Final = "new."
LONGEST: Final = 20_000
"""Characters of a rule."""

LONGEST_NAME: Final = 60
SPARE: Final = ("#14b8a6", "#eab308", "#ec4899", "#6366f1", "#84cc16", "#0ea5e9", "#b45309", "#be123c")
"""Colours for stages that count as another does."""

OWN: Final = Words("A stage of your own.", "Une étape à vous.")
"""What it says of itself, where its rule says the rest."""

_NEW: Final = re.compile(r"new\.[a-z][a-z0-9_-]{0,62}\.name")


class Added(Struct, frozen=True):
    """A stage of one's own: its name, and what it counts as; its rule stands among the others."""

    name: str
    canonical: str


class Sketch(Struct, frozen=True):
    """Values of parameters and texts of rules, by their ids; what is not named stays as it is.

    `order` is the stages with a rule as they are asked, where that differs: live ones that it doesn't name
    are left out, and those `added` are among it.
    """

    settings: dict[str, str] = {}
    rules: dict[str, str] = {}
    population: str | None = None
    order: tuple[str, ...] | None = None
    added: dict[str, Added] = {}

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return self == Sketch()


def sketched(live: Model, fields: Mapping[str, str]) -> Sketch:
    """The sketch that a form's fields make: `set.<parameter>`, `rule.<stage>`, `population`, `order` (ids and
    commas), and of each stage of one's own `new.<stage>.name` and `new.<stage>.canonical`.
    """
    order = _order(live, fields)
    added = _added(fields, order or ())
    had = shown(live) | {f"{RULE}{one}": "" for one in added}
    said = {name: " ".join(text.split()) for name, text in fields.items() if name.startswith(SETTING)}
    said |= {
        name: text[:LONGEST].replace("\r\n", "\n").strip()
        for name, text in fields.items()
        if name not in said
    }
    new = {
        name: text for name, text in said.items() if name in had and not _same(live, name, text, had[name])
    }
    return Sketch(
        {name.removeprefix(SETTING): text for name, text in new.items() if name.startswith(SETTING)},
        {name.removeprefix(RULE): text for name, text in new.items() if name.startswith(RULE)},
        new.get(POPULATION),
        order,
        added,
    )


def _order(live: Model, fields: Mapping[str, str]) -> tuple[str, ...] | None:
    """The stages as they are asked; None where that is as it was, or is not said."""
    was = tuple(stage.id for stage in live.stages if stage.rule is not None)
    if ORDER not in fields:
        return None
    known = {*was, *(name.split(".")[1] for name in fields if _NEW.fullmatch(name))}
    said = tuple(dict.fromkeys(one for one in fields[ORDER].split(",") if one in known))
    return None if said == was else said


def _added(fields: Mapping[str, str], order: Sequence[str]) -> dict[str, Added]:
    found = {}
    for one in order:
        name, canonical = (fields.get(f"{NEW}{one}.{part}", "") for part in ("name", "canonical"))
        if name and canonical in CANONICAL:
            found[one] = Added(" ".join(name.split())[:LONGEST_NAME], canonical)
    return found


def _same(live: Model, name: str, text: str, had: str) -> bool:
    """Whether a field means what stood in it: a number does with a comma too."""
    parameter = live.kind.parameters.get(name.removeprefix(SETTING)) if name.startswith(SETTING) else None
    return text == had or (isinstance(parameter, Number) and read(parameter, text) == read(parameter, had))


def shown(model: Model) -> dict[str, str]:
    """The fields of a model's form, as they stand in it."""
    kind, values = model.kind, model.kind.settings(model.settings)
    fields = {f"{SETTING}{name}": said(kind.parameters[name], value) for name, value in values.items()}
    fields |= {f"{RULE}{stage.id}": stage.rule.strip() for stage in model.stages if stage.rule is not None}
    return fields | {POPULATION: (model.population or "").strip()}


def filled(live: Model, sketch: Sketch) -> dict[str, str]:
    """The fields of the form with what the sketch says in them."""
    fields = shown(live)
    fields |= {f"{SETTING}{name}": text for name, text in sketch.settings.items()}
    fields |= {f"{RULE}{name}": text for name, text in sketch.rules.items()}
    return fields | ({} if sketch.population is None else {POPULATION: sketch.population})


def applied(live: Model, sketch: Sketch) -> Model:
    """The model that would be published, as a draft; it may be wrong (`models.faults`)."""
    known = live.kind.parameters
    settings = dict(live.settings) | {
        name: read(known[name], text) for name, text in sketch.settings.items() if name in known
    }
    population = live.population if sketch.population is None else sketch.population or None
    kind = _ruled(_reshaped(live.kind, sketch), sketch.rules)
    return replace(live, kind=kind, settings=settings, population=population, version=0, number=0, since=0)


def _reshaped(kind: Kind, sketch: Sketch) -> Kind:
    """The kind with its stages as the sketch has them; the one for all others stays last."""
    if sketch.order is None:
        return kind
    had = {stage.id: stage for stage in kind.stages}
    stages = [had[one] for one in sketch.order if one in had and had[one].rule is not None]
    display = [one for one in kind.display if one in sketch.order or had[one].rule is None]
    for one in sketch.order:
        if one in sketch.added and one not in had:
            made = _made(one, sketch.added[one], kind, [*had.values(), *stages])
            stages.insert(sketch.order.index(one), made)
            display.insert(_read_at(display, made, {**had, **{each.id: each for each in stages}}), one)
    rest = [stage for stage in kind.stages if stage.rule is None]
    return replace(kind, stages=(*stages, *rest), display=tuple(display))


def _made(own: str, added: Added, kind: Kind, others: Sequence[Stage]) -> Stage:
    """A stage of one's own: what to do there is as in one that counts as the same, its colour is its own."""
    canonical = cast(Canonical, added.canonical)
    near = sorted(kinds().values(), key=lambda one: (one.id != kind.id, one.subject != kind.subject))
    alike = (stage for one in near for stage in one.stages if stage.canonical == canonical)
    used = {stage.shade for stage in others}
    colour = next((one for one in (COLOURS[canonical], *SPARE) if one not in used), COLOURS[canonical])
    advice = next(alike, others[0]).advice
    return Stage(own, canonical, Words(added.name, added.name), OWN, advice, "", colour=colour)


def _read_at(display: Sequence[str], made: Stage, stages: Mapping[str, Stage]) -> int:
    """Where people read a new stage: behind the last that comes no later in a life."""
    rank = {one: n for n, one in enumerate(CANONICAL)}
    places = (n for n, one in enumerate(display) if rank[stages[one].canonical] <= rank[made.canonical])
    return max(places, default=-1) + 1


def _ruled(kind: Kind, rules: Mapping[str, str]) -> Kind:
    stages = tuple(
        replace(stage, rule=rules[stage.id]) if stage.rule is not None and stage.id in rules else stage
        for stage in kind.stages
    )
    return kind if stages == kind.stages else replace(kind, stages=stages)


def said(parameter: Parameter, value: Setting) -> str:
    """A value as it stands in a field: whole days as their number."""
    if isinstance(parameter, Duration):
        return str(days) if (days := whole(str(value))) is not None else str(value)
    return str(value)


def read(parameter: Parameter, text: str) -> Setting:
    """The value that a field means; what it can't mean stays as it is, and is a fault later."""
    if isinstance(parameter, Choice):
        return text
    if isinstance(parameter, Duration):
        return f"{text}d" if text.isdecimal() else text
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    return int(number) if isinstance(parameter.default, int) and number == int(number) else number


def whole(text: str) -> int | None:
    """The whole days of a duration; None where it has other parts, or is none."""
    try:
        days, rest = divmod(duration(text), UNITS["d"])
    except UserError:
        return None
    return days if not rest else None


def longest(parameter: Duration) -> tuple[int, int]:
    """The least and the most days that it may last."""
    return max(1, duration(parameter.min) // DAY), duration(parameter.max) // DAY

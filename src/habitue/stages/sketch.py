"""A changed definition that is not published yet: only what differs from the live one.

What people typed is kept as they typed it, faults and all, so that it can be mended and passed on. Laid on
the live model it gives the model that would be published; where that one changes meanwhile, the sketch stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from habitue.kernel.clock import DAY, UNITS, duration
from habitue.kernel.errors import UserError
from habitue.stages.kind import Choice, Duration, Kind, Number, Parameter, Setting
from habitue.stages.models import Model

SETTING: Final = "set."
RULE: Final = "rule."
POPULATION: Final = "population"
LONGEST: Final = 20_000
"""Characters of a rule."""


class Sketch(Struct, frozen=True):
    """Values of parameters and texts of rules, by their ids; what is not named stays as it is."""

    settings: dict[str, str] = {}
    rules: dict[str, str] = {}
    population: str | None = None

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return not self.settings and not self.rules and self.population is None


def sketched(live: Model, fields: Mapping[str, str]) -> Sketch:
    """The sketch that a form's fields make: `set.<parameter>`, `rule.<stage>`, `population`."""
    had = shown(live)
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
    )


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
    kind = _ruled(live.kind, sketch.rules)
    return replace(live, kind=kind, settings=settings, population=population, version=0, number=0, since=0)


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

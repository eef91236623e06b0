"""The form of a draft: every parameter and rule of a model, with what it was and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from habitue.kernel.clock import DAY, duration
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.stages.kind import CANONICAL, Choice, Duration, Number, Parameter
from habitue.stages.models import NO_RULE, Fault, Model
from habitue.stages.reshape import asked, left_out
from habitue.stages.sketch import (
    POPULATION,
    RULE,
    SETTING,
    Added,
    Sketch,
    applied,
    filled,
    longest,
    shown,
)
from habitue.web.looks import Look, looks
from habitue.web.saying import Meaning, meant
from habitue.web.words import Words

AROUND: Final = 24
"""Characters of a rule that are shown on each side of where it is wrong."""


class Wrong(Struct, frozen=True):
    """What is wrong, and the piece of text where it is: `before`, what is marked, `after`."""

    said: str
    column: int
    before: str
    marked: str
    after: str


class Field(Struct, frozen=True):
    """One parameter: its value, as the reader writes it (`written`), and what is live, in words."""

    name: str
    label: str
    help: str
    kind: Literal["days", "text", "number", "choice"]
    value: str
    written: str
    live: str
    least: float
    most: float
    step: float
    options: tuple[tuple[str, str], ...]
    changed: bool
    wrong: tuple[Wrong, ...]


class Rule(Struct, frozen=True):
    """One stage's rule (None: it takes all others), as text and in words; `added` where it is a new stage."""

    name: str
    look: Look
    about: str
    text: str | None
    live: str | None
    said: Meaning | None
    changed: bool
    wrong: tuple[Wrong, ...]
    added: Added | None
    first: bool
    last: bool


class Form(Struct, frozen=True):
    """All of it; `wrong` is what belongs to no field. `changes` says in words what differs: what, was, is.

    `order` is the stages as they are asked, `gone` those left out, `counts` what a new one can count as.
    """

    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    population: str
    live_population: str
    population_wrong: tuple[Wrong, ...]
    wrong: tuple[Wrong, ...]
    faults: int
    changes: tuple[tuple[str, str, str], ...]
    order: str
    gone: tuple[Look, ...]
    counts: tuple[tuple[str, str], ...]


def form(live: Model, sketch: Sketch, faults: Sequence[Fault], words: Words, called: dict[str, str]) -> Form:
    """The form of a live model with what a sketch changes in it; `called` names what its rules do."""
    texts, had, draft = filled(live, sketch), shown(live), applied(live, sketch)
    placed = {*live.kind.parameters, *(stage.id for stage in draft.stages), POPULATION}
    fields = tuple(
        _field(name, parameter, texts, had, _wrong(faults, name, words, ruled=False), words)
        for name, parameter in live.kind.parameters.items()
    )
    rules = _rules(live, draft, sketch, texts, had, faults, words, called)
    lost = {stage.id for stage in left_out(live, sketch)}
    gone = tuple(look for look in looks(live, words.language) if look.id in lost)
    return Form(
        fields,
        rules,
        texts[POPULATION],
        had[POPULATION],
        _wrong(faults, POPULATION, words, ruled=True),
        tuple(_told(one, words) for one in faults if one.place not in placed),
        len(faults),
        _changes(live, sketch, fields, rules, gone, words),
        ",".join(asked(live, sketch)),
        gone,
        tuple((one, words.say(name)) for one, name in CANONICAL.items()),
    )


def _changes(
    live: Model,
    sketch: Sketch,
    fields: Sequence[Field],
    rules: Sequence[Rule],
    gone: Sequence[Look],
    words: Words,
) -> tuple[tuple[str, str, str], ...]:
    """What differs, in words: what it is, what was, what is."""
    set_ = [
        (one.label, one.live, _said(live.kind.parameters[one.name], one.value, words))
        for one in fields
        if one.changed
    ]
    new, other, out = (words.say(text) for text in (_NEW, _OTHER, _OUT))
    ruled = [(one.look.name, "", new if one.added else other) for one in rules if one.added or one.changed]
    was = [stage.id for stage in live.stages if stage.rule is not None]
    kept, order = ([one for one in some if one not in sketch.added] for some in (was, asked(live, sketch)))
    turned = [one for one in kept if one in order] != order
    return (
        *set_,
        *ruled,
        *((look.name, "", out) for look in gone),
        *([(words.say(_ORDER), "", words.say(_TURNED))] if turned else []),
    )


_NEW: Final = N_("new stage")
_OTHER: Final = N_("new rule")
_OUT: Final = N_("left out")
_ORDER: Final = N_("Order of the rules")
_TURNED: Final = N_("changed")


def _field(
    name: str,
    parameter: Parameter,
    texts: dict[str, str],
    had: dict[str, str],
    wrong: tuple[Wrong, ...],
    words: Words,
) -> Field:
    value, live = texts[f"{SETTING}{name}"], had[f"{SETTING}{name}"]
    changed = value != live
    kind: Literal["days", "text", "number", "choice"] = "text"
    written, least, most, step = value, 0.0, 0.0, 1.0
    options: tuple[tuple[str, str], ...] = ()
    if isinstance(parameter, Duration):
        kind = "days" if value.isdecimal() else "text"
        least, most = longest(parameter)
    elif isinstance(parameter, Number):
        kind, least, most = "number", parameter.min, parameter.max
        step = 1.0 if isinstance(parameter.default, int) else 0.1
        value, written = _point(value), _written(value, words)
    else:
        kind = "choice"
        options = tuple((id_, one.name.said(words.language)) for id_, one in parameter.options.items())
    return Field(
        name,
        parameter.name.said(words.language),
        parameter.help.said(words.language),
        kind,
        value,
        written,
        _said(parameter, live, words),
        least,
        most,
        step,
        options,
        changed,
        wrong,
    )


def _point(number: str) -> str:
    return number.replace(",", ".")


def _written(number: str, words: Words) -> str:
    """A number as the reader writes it: `2,5` in French; what is none stays as it was typed."""
    try:
        float(_point(number))
    except ValueError:
        return number
    return _point(number).replace(".", "," if words.language == "fr" else ".")


def _said(parameter: Parameter, value: str, words: Words) -> str:
    """A value in words; as it was typed where it means nothing."""
    try:
        if isinstance(parameter, Choice):
            return parameter.options[value].name.said(words.language)
        if isinstance(parameter, Duration):
            return words.days(duration(f"{value}d" if value.isdecimal() else value) / DAY)
        return words.number(float(value))
    except (UserError, KeyError, ValueError):
        return value


def _rules(
    live: Model,
    draft: Model,
    sketch: Sketch,
    texts: dict[str, str],
    had: dict[str, str],
    faults: Sequence[Fault],
    words: Words,
    called: dict[str, str],
) -> tuple[Rule, ...]:
    """In the order in which they are asked; in words where all of them can be read."""
    by_id = {look.id: look for look in looks(draft, words.language)}
    order = asked(live, sketch)
    try:
        said = [
            None if one is None else meant(one, words, called, draft.subject)
            for one in draft.definition().rules
        ]
    except UserError:
        said = [None] * len(draft.stages)
    return tuple(
        Rule(
            stage.id,
            by_id[stage.id],
            stage.description.said(words.language),
            texts.get(f"{RULE}{stage.id}") if stage.rule is not None else None,
            had.get(f"{RULE}{stage.id}"),
            said[value],
            texts.get(f"{RULE}{stage.id}") != had.get(f"{RULE}{stage.id}"),
            _wrong(faults, stage.id, words, ruled=True),
            sketch.added.get(stage.id),
            order[:1] == [stage.id],
            order[-1:] == [stage.id],
        )
        for value, stage in enumerate(draft.stages)
    )


def _wrong(faults: Sequence[Fault], place: str, words: Words, *, ruled: bool) -> tuple[Wrong, ...]:
    """A parameter and a stage may be called the same: only what is wrong with a rule has its text, or is
    that there is none.
    """
    return tuple(
        _told(one, words)
        for one in faults
        if one.place == place and (bool(one.template) or one.text == NO_RULE) is ruled
    )


def _told(fault: Fault, words: Words) -> Wrong:
    at = max(fault.column - 1, 0)
    text = fault.template if fault.column else ""
    end = next((n for n in range(at + 1, len(text)) if not (text[n].isalnum() or text[n] in "_.")), len(text))
    before = text[max(0, at - AROUND) : at]
    return Wrong(
        words.say(fault.text, **fault.fields),
        fault.column,
        ("…" if at > AROUND else "") + before,
        text[at:end] or ("⌷" if fault.column else ""),
        text[end : end + AROUND] + ("…" if len(text) > end + AROUND else ""),
    )

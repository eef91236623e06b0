"""A stage model in use: a kind with its settings, for some subjects and some events, in versions.

Several are alive at once, each with its own scope: Chabry's market–product couples. What is stored
is the whole kind, so a version means the same for ever, whatever later releases ship.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, Final, cast

from msgspec import Struct
from msgspec.structs import replace

from habitue.engine.plan import Definition
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Translator
from habitue.rules.check import check, cycle
from habitue.rules.nodes import And, Ever, Node, Rule, Where
from habitue.rules.problem import Problem, RuleError
from habitue.rules.read import read
from habitue.rules.text import parse
from habitue.stages.kind import HOLE, ID, NO_ID, Canonical, Kind, Part, Setting, Stage, Subject, known

ORDERS: Final = ("Order Completed", "Order Refunded")


class Scope(Part, frozen=True):
    """The products a model is about: its conditions on these events see only those that match `where`."""

    where: str
    events: tuple[str, ...] = ORDERS


class Fault(Struct, frozen=True):
    """One thing to mend in a model: at a column of a rule's text, or at a line and column of a file."""

    place: str
    text: str
    fields: dict[str, Any]
    template: str = ""
    column: int = 0
    line: int = 0

    def say(self, t: Translator) -> str:
        said = t(self.text, **self.fields)
        if self.place:
            said = t(N_("{place}: {problem}"), place=self.place, problem=said)
        if self.line:
            return t(
                N_("Line {line}, column {column}: {problem}"),
                line=self.line,
                column=self.column,
                problem=said,
            )
        return t(N_("Column {column}: {problem}"), column=self.column, problem=said) if self.column else said


class ModelError(UserError):
    """A model that can't be taken; all its faults."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0].text, **faults[0].fields)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return self.say(Translator("en", {}))

    def say(self, t: Translator) -> str:
        """Every fault on its own line."""
        return "\n".join(fault.say(t) for fault in self.faults)


class Model(Struct, frozen=True):
    """One version of a model. `settings` holds what differs from the kind's defaults.

    The place of a stage in `stages` is its value in the intervals; `version` is the interval version,
    0 for a draft; `number` counts a model's versions from 1; `since` is when it was kept, in µs.
    """

    id: str
    kind: Kind
    settings: dict[str, Setting] = {}
    scope: Scope | None = None
    population: str | None = None
    version: int = 0
    number: int = 0
    since: int = 0

    @property
    def subject(self) -> Subject:
        return self.kind.subject

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages in order of precedence; the first whose rule is true wins."""
        return self.kind.stages

    @property
    def canonical(self) -> tuple[Canonical, ...]:
        """The crosswalk: what each value counts as when models are compared."""
        return tuple(stage.canonical for stage in self.stages)

    @property
    def shown(self) -> tuple[int, ...]:
        """The values in the order in which people read the stages."""
        places = {stage.id: value for value, stage in enumerate(self.stages)}
        return tuple(places[name] for name in self.kind.display)

    def value(self, stage: str) -> int:
        """The value of a stage by its id; raises `UserError` with the nearest id for one that is none."""
        stages = {self.stages[value].id: self.stages[value] for value in self.shown}
        known(stage, stages, N_("There is no stage “{name}”. There are: {known}."))
        return self.stages.index(stages[stage])

    def values(self, canonical: Canonical) -> tuple[int, ...]:
        """The values that count as a canonical stage."""
        return tuple(value for value, one in enumerate(self.canonical) if one == canonical)

    def badge(self, name: str) -> Rule:
        """The rule of a badge, to be used as a segment."""
        badges = {badge.id: badge.rule for badge in self.kind.badges}
        known(name, badges, N_("There is no badge “{name}”. There are: {known}."))
        return _sound(self).rule(badges[name])

    def definition(self) -> Definition:
        """What the engine folds; raises `ModelError` with all that is wrong."""
        return _sound(self).definition(self)


def faults(model: Model, others: Sequence[Definition] | None = None) -> list[Fault]:
    """Everything that is wrong with a model; none if the engine can take it.

    With the `others` that are alive, what its rules say of them is checked too, what theirs say of it, and
    that no circle arises.
    """
    found = [Fault(place, error.text, error.fields) for place, error in model.kind.unsound(model.settings)]
    if model.id and not ID.match(model.id):
        found.append(Fault("id", NO_ID, {"id": model.id}))
    if found:
        return found
    reader = _Reader(model, others)
    texts = [(stage.id, stage.rule) for stage in model.stages]
    texts += [(badge.id, badge.rule) for badge in model.kind.badges]
    texts += [("population", model.population), ("scope", model.scope.where if model.scope else None)]
    found = [fault for place, text in texts if text for fault in reader.faults(place, text)]
    found += [
        Fault(one.id, NO_RULE, {}) for one in model.stages if one.rule is not None and not one.rule.strip()
    ]
    return found or _around(reader.definition(model), others or ())


NO_RULE: Final = N_("The rule is missing: write who is in this stage, or leave the stage out.")


def _around(mine: Definition, others: Sequence[Definition]) -> list[Fault]:
    """What is wrong between a model and the others: a stage that they name and it lacks, a circle."""
    stages = {one.id: one.values for one in (*others, mine) if one.kind == "model"}
    found = [
        Fault(one.id, problem.text, problem.fields)
        for one in others
        for rule in one.all
        for problem in check(rule, one.subject, models=stages)
    ]
    circle = cycle({(one.kind, one.id): one.all for one in (*others, mine)})
    return found or ([Fault("", circle.text, circle.fields)] if circle else [])


def _sound(model: Model) -> _Reader:
    if found := faults(model):
        raise ModelError(found)
    return _Reader(model)


# --- from rule texts with holes to rules ----------------------------------------------------------


class _Reader:
    """Fills the holes of a model's rule texts and reads them."""

    def __init__(self, model: Model, others: Sequence[Definition] | None = None) -> None:
        self._texts = model.kind.texts(model.settings)
        self._subject = model.subject
        self._scope = model.scope
        self._models: dict[str, tuple[str, ...]] | None = None
        self._segments: list[str] | None = None
        if others is not None:
            self._models = {one.id: one.values for one in others if one.kind == "model"}
            self._models[model.id] = tuple(stage.id for stage in model.stages)
            self._segments = [one.id for one in others if one.kind == "segment"]

    def definition(self, model: Model) -> Definition:
        return Definition(
            version=model.version,
            kind="model",
            id=model.id,
            subject=model.subject,
            values=tuple(stage.id for stage in model.stages),
            rules=tuple(None if stage.rule is None else self.rule(stage.rule) for stage in model.stages),
            population=self.rule(model.population) if model.population else None,
            terminal=frozenset(value for value, stage in enumerate(model.stages) if stage.terminal),
        )

    def rule(self, template: str) -> Rule:
        """The rule of a sound text, within the model's scope."""
        rule = parse(self._filled(template)[0])
        if self._scope is None:
            return rule
        return cast(Rule, _within(rule, frozenset(self._scope.events), parse(self._scope.where)))

    def faults(self, place: str, template: str) -> list[Fault]:
        """All that is wrong with a text, by its column in the text as it is written, holes and all."""
        strange = [hole for hole in HOLE.finditer(template) if hole[1] not in self._texts]
        if strange:
            text = N_("There is no parameter or term “{name}”. There are: {known}.")
            fields = {"known": ", ".join(self._texts)}
            return [
                Fault(place, text, {"name": hole[1], **fields}, template, hole.start() + 1)
                for hole in strange
            ]
        text, marks = self._filled(template)
        return [
            Fault(place, problem.text, problem.fields, template, _origin(marks, problem.column))
            for problem in self._problems(text, place == "scope")
        ]

    def _problems(self, text: str, bare: bool) -> Sequence[Problem]:
        """What is wrong with a filled text; a `bare` one is the condition on an event."""
        try:
            reading = read(text)
        except RuleError as error:
            return error.problems
        rule = Ever(ORDERS, cast(Where, reading.rule)) if bare else reading.rule
        known = check(rule, self._subject, None, self._models, self._segments, reading)
        found = [*reading.problems, *known]
        return [problem for problem in found if problem.severity == "error"]

    def _filled(self, template: str) -> tuple[str, list[_Mark]]:
        """The text, and where each piece of it came from."""
        marks, text, done = [], "", 0
        for hole in HOLE.finditer(template):
            marks += [
                _Mark(len(text), done, True),
                _Mark(len(text) + hole.start() - done, hole.start(), False),
            ]
            text += template[done : hole.start()] + self._texts.get(hole[1], hole[0])
            done = hole.end()
        return text + template[done:], [*marks, _Mark(len(text), done, True)]


class _Mark(Struct, frozen=True):
    """From `at` on, the filled text is the template from `source` on, or what fills the hole there."""

    at: int
    source: int
    verbatim: bool


def _origin(marks: list[_Mark], column: int) -> int:
    """The column in the template of a column in the filled text, both from 1; 0 stays 0 (no place)."""
    if column < 1:
        return 0
    mark = marks[bisect_right(marks, column - 1, key=lambda one: one.at) - 1]
    return mark.source + 1 + (column - 1 - mark.at if mark.verbatim else 0)


def _within(node: Any, events: frozenset[str], where: Rule) -> Any:
    """The rule with `where` added to each condition, `since=` too, whose events are all among `events`."""
    if isinstance(node, tuple):
        return tuple(_within(one, events, where) for one in node)
    if not isinstance(node, Node):
        return node
    changed = {
        name: _within(getattr(node, name), events, where)
        for name in node.__struct_fields__
        if name != "where"
    }
    if events.issuperset(getattr(node, "events", ("?",))):
        own: Rule | None = getattr(node, "where", None)
        both = own.items if isinstance(own, And) else (own,) if own else ()
        changed["where"] = And((*both, where)) if both else where
    return replace(node, **changed)

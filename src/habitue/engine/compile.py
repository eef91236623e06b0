"""From a definition to a program: which contributions to fetch, what to sum, what to compare.

Every condition becomes a *source* (a small SQL query that yields contributions: subject, start, and
where they differ stop and weight), a *track* over it (a running sum) and a *test* of the sum. What
two conditions share is fetched and summed once. Rules are then postfix formulas over tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import singledispatchmethod
from math import ceil, floor
from typing import Any, Final, TypeAlias

import numpy as np

from habitue.engine.plan import Definition, Subject
from habitue.engine.source import REVENUE, Known, Query, Sources
from habitue.engine.sweep import AND, NEVER, NOT, OR, TRUE, Formula, tabled
from habitue.rules import nodes

ENDLESS: Final = -1
"""The shift of a track that never falls."""

OWN: Final = -2
"""The shift of a track whose contributions each bring their own stop."""


@dataclass(frozen=True, slots=True)
class Long:
    """Contributions from another program: its intervals, each from `length` after its start."""

    program: Program
    length: int


@dataclass(frozen=True, slots=True)
class Lifted:
    """Contributions from a program over the other kind of subject: people of accounts, accounts of people."""

    program: Program


Source: TypeAlias = Query | Long | Lifted


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """What the kernel runs for one definition; tracks are (source, shift in µs or ENDLESS or OWN)."""

    subject: Subject
    sources: tuple[Source, ...]
    tracks: tuple[tuple[int, int], ...]
    formula: Formula


def program(definition: Definition, known: Known) -> Program:
    """The program of a definition. The rules must have passed `rules.check`."""
    build = _Builder(definition.subject, known)
    population = [TRUE] if definition.population is None else build.code(definition.population)
    values = [[TRUE] if rule is None else build.code(rule) for rule in definition.rules]
    return build.program([population, *values], definition.terminal)


def rule_program(rule: nodes.Rule, subject: Subject, known: Known) -> Program:
    """The program of a single rule: value 0 while it is true."""
    build = _Builder(subject, known)
    return build.program([[TRUE], build.code(rule)], frozenset())


def opposite(subject: Subject) -> Subject:
    """The other kind of subject."""
    return "account" if subject == "person" else "person"


def reads(program: Program) -> set[int]:
    """The versions whose stored intervals the program reads, itself or in what it is made of."""
    found: set[int] = set()
    for source in program.sources:
        match source:
            case Query(stored=int(version)):
                found.add(version)
            case Long(inner) | Lifted(inner):
                found |= reads(inner)
    return found


class _Builder:
    def __init__(self, subject: Subject, known: Known) -> None:
        self.subject: Subject = subject
        self.known = known
        self.source = Sources(subject, known)
        self.sources: list[Source] = []
        self.tracks: list[tuple[int, int]] = []
        self.tests: list[tuple[int, int, int, int]] = []

    def program(self, codes: list[list[int]], terminal: frozenset[int]) -> Program:
        """Tests are put in the order of their tracks, as the kernel walks them."""
        order = sorted(range(len(self.tests)), key=lambda i: self.tests[i][0])
        place = {old: new for new, old in enumerate(order)}
        tests = np.array([self.tests[i] for i in order], np.int64).reshape(-1, 4)
        flat = [place.get(op, op) for code in codes for op in code]
        ends = np.cumsum([0, *(len(code) for code in codes)])
        formula = Formula(
            tests[:, 1:].copy(),
            np.searchsorted(tests[:, 0], np.arange(len(self.tracks) + 1)).astype(np.int64),
            np.array(flat, np.int64),
            np.stack([ends[:-1], ends[1:]], axis=1).astype(np.int64),
            np.array([0, *(int(i in terminal) for i in range(len(codes) - 1))], np.int64),
            np.empty(0, np.int16),
        )
        return Program(self.subject, tuple(self.sources), tuple(self.tracks), tabled(formula))

    # --- Boolean algebra ---

    @singledispatchmethod
    def code(self, rule: nodes.Rule) -> list[int]:
        """The rule as postfix code."""
        raise TypeError(f"no code for {type(rule).__name__}")

    @code.register
    def _(self, rule: nodes.And) -> list[int]:
        return self._fold(rule.items, AND)

    @code.register
    def _(self, rule: nodes.Or) -> list[int]:
        return self._fold(rule.items, OR)

    @code.register
    def _(self, rule: nodes.Not) -> list[int]:
        return [*self.code(rule.item), NOT]

    @code.register
    def _(self, rule: nodes.Ever) -> list[int]:
        return [self.ever(rule.events, rule.where)]

    @code.register
    def _(self, rule: nodes.Never) -> list[int]:
        return [self.ever(rule.events, rule.where), NOT]

    @code.register
    def _(self, rule: nodes.Consent) -> list[int]:
        return [self.present(self.source.trait(f"consent.{rule.channel}", "==", True))]

    @code.register
    def _(self, rule: nodes.Segment) -> list[int]:
        found = self.own(self.known.book.segments, rule.id)
        return [self.present(self.source.stays(found.version, (0,)))] if found else [TRUE, NOT]

    @code.register
    def _(self, rule: nodes.Held) -> list[int]:
        return [self.present(Long(rule_program(rule.rule, self.subject, self.known), rule.length), OWN)]

    @code.register
    def _(self, rule: nodes.AnyMember) -> list[int]:
        return [self.present(Lifted(rule_program(rule.rule, "person", self.known)), OWN)]

    @code.register
    def _(self, rule: nodes.Account) -> list[int]:
        return [self.present(Lifted(rule_program(rule.rule, "account", self.known)), OWN)]

    @code.register
    def _(self, rule: nodes.Compare) -> list[int]:
        match rule.measure:
            case nodes.Count() | nodes.Sum() as measure:
                return self.tally(measure, rule)
            case nodes.Distinct() as measure:
                return self.ranges(self.track(*self._different(measure)), rule.op, rule.value)
            case nodes.Members(inner):
                lifted = Lifted(rule_program(inner, "person", self.known))
                return self.ranges(self.track(lifted, OWN), rule.op, rule.value)
            case nodes.SinceLast() | nodes.SinceFirst() as measure:
                return self.elapsed(measure, rule.op, rule.value)
            case nodes.Stage(model):
                return self.staged(model, rule.op, rule.value)
            case nodes.Last(events, prop, where):
                return self.latest(rule, lambda op, value: self.source.last(events, prop, where, op, value))
            case nodes.Trait(path):
                return self.latest(
                    rule, lambda op, value: self.source.trait(".".join(("trait", *path)), op, value)
                )
            case nodes.Score(path):
                return self.latest(
                    rule, lambda op, value: self.source.trait(".".join(("score", *path)), op, value)
                )
            case nodes.Prop():
                pass
        raise TypeError(f"no code for a comparison of {type(rule.measure).__name__}")

    def _fold(self, items: tuple[nodes.Rule, ...], op: int) -> list[int]:
        code = self.code(items[0])
        for item in items[1:]:
            code += [*self.code(item), op]
        return code

    # --- conditions ---

    def ever(self, events: tuple[str, ...], where: nodes.Rule | None) -> int:
        return self.test(self.track(self.source.first(events, where), ENDLESS), 1, NEVER)

    def present(self, source: Source, shift: int = OWN) -> int:
        """The test that at least one contribution of the source lasts."""
        return self.test(self.track(source, shift), 1, NEVER)

    def tally(self, measure: nodes.Count | nodes.Sum, rule: nodes.Compare) -> list[int]:
        prop = measure.prop if isinstance(measure, nodes.Sum) else None
        scale = 1 if prop is None else 10**self.known.digits if prop.path == REVENUE else 10**6
        if measure.since is None:
            source, shift = self.source.points(measure.events, measure.where, prop), measure.within or ENDLESS
            return self.ranges(self.track(source, shift), rule.op, rule.value, scale)
        # Counting starts anew with every `since` event, and without one there is nothing to compare.
        track = self.track(self.source.until_next(measure, measure.since, prop), OWN)
        return [
            *self.ranges(track, rule.op, rule.value, scale),
            self.ever(measure.since.events, measure.since.where),
            AND,
        ]

    def elapsed(
        self, measure: nodes.SinceLast | nodes.SinceFirst, op: nodes.Operator, value: Any
    ) -> list[int]:
        """Less than that long ago is a window; more is its opposite among those who ever did."""
        if isinstance(value, nodes.Cadence):
            recent = self.present(self.source.paced(measure.events, measure.where, value))
        elif isinstance(measure, nodes.SinceFirst):
            recent = self.present(self.source.first(measure.events, measure.where), int(value))
        else:
            recent = self.present(self.source.points(measure.events, measure.where, None), int(value))
        if op in ("<", "<="):
            return [recent]
        return [self.ever(measure.events, measure.where), recent, NOT, AND]

    def latest(self, rule: nodes.Compare, source: Callable[[nodes.Operator, Any], Query]) -> list[int]:
        if rule.op == "==" and rule.value is None:
            return [self.present(source("!=", None)), NOT]
        return [self.present(source(rule.op, rule.value))]

    def staged(self, model: str, op: nodes.Operator, value: Any) -> list[int]:
        found = self.own(self.known.book.models, model)
        if found is None:
            return [TRUE] if (op, value) == ("==", None) else [TRUE, NOT]
        everything = tuple(range(len(found.values)))
        if value is None:
            inside = self.present(self.source.stays(found.version, everything))
            return [inside] if op == "!=" else [inside, NOT]
        wanted = [value] if isinstance(value, str) else value
        chosen = tuple(i for i in everything if (found.values[i] in wanted) == (op in ("==", "in")))
        return [self.present(self.source.stays(found.version, chosen))]

    def ranges(self, track: int, op: nodes.Operator, value: Any, scale: int = 1) -> list[int]:
        """The comparison of a sum as ranges of whole numbers."""
        if op in ("in", "not in"):
            code = [TRUE, NOT]
            for one in value:
                code += [*self.ranges(track, "==", one, scale), OR]
            return code if op == "in" else [*code, NOT]
        if value is None or isinstance(value, str | bool):
            return [TRUE] if op == "!=" else [TRUE, NOT]
        bound = Fraction(Decimal(str(value))) * scale
        match op:
            case ">=":
                return [self.test(track, ceil(bound), NEVER)]
            case ">":
                return [self.test(track, floor(bound) + 1, NEVER)]
            case "<=":
                return [self.test(track, -NEVER, floor(bound))]
            case "<":
                return [self.test(track, -NEVER, ceil(bound) - 1)]
        if bound.denominator != 1:
            return [TRUE] if op == "!=" else [TRUE, NOT]
        return [self.test(track, int(bound), int(bound), int(op == "!="))]

    def _different(self, measure: nodes.Distinct) -> tuple[Query, int]:
        return self.source.different(measure), OWN if measure.within else ENDLESS

    def own(self, definitions: Mapping[str, Definition], name: str) -> Definition | None:
        """The definition of that name, if it is about this kind of subject: the other's ids are not ours."""
        found = definitions.get(name)
        return found if found is not None and found.subject == self.subject else None

    # --- sharing ---

    def track(self, source: Source, shift: int) -> int:
        place = _place(self.sources, source)
        return _place(self.tracks, (place, shift))

    def test(self, track: int, low: int, high: int, opposite: int = 0) -> int:
        return _place(self.tests, (track, max(low, -NEVER), min(high, NEVER), opposite))


def _place(items: list[Any], item: Any) -> int:
    """Where the item stands in the list, put there if it is not."""
    if item not in items:
        items.append(item)
    return items.index(item)

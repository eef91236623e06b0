"""From a definition to a program: which contributions to fetch, what to sum, what to compare.

Every condition becomes a *source* (a small SQL query that yields contributions: subject, start, and
where they differ stop and weight), a *track* over it (a running sum) and a *test* of the sum. What
two conditions share is fetched and summed once. Rules are then postfix formulas over tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import singledispatchmethod
from math import ceil, floor
from typing import Any, Final, TypeAlias

import numpy as np

from habitue.engine.extract import Sql, compared, condition, leaves
from habitue.engine.plan import Book, Definition, Subject
from habitue.engine.sweep import AND, NEVER, NOT, OR, TRUE, Formula, tabled
from habitue.rules import nodes

ENDLESS: Final = -1
"""The shift of a track that never falls."""

OWN: Final = -2
"""The shift of a track whose contributions each bring their own stop."""

REVENUE: Final = ("revenue",)


@dataclass(frozen=True, slots=True)
class Query:
    """Contributions by SQL, written for `gather.Who.of`; `stored` is the version whose intervals they are."""

    sql: Sql
    weighted: bool = False
    ended: bool = False
    stored: int | None = None


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


@dataclass(frozen=True, slots=True)
class Known:
    """What compiling needs to know of the workspace: its event codes, definitions and currency's decimals."""

    codes: Mapping[str, int]
    book: Book = field(default_factory=Book)
    digits: int = 2


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
        return [self.present(self.trait(f"consent.{rule.channel}", "==", True))]

    @code.register
    def _(self, rule: nodes.Segment) -> list[int]:
        found = self.own(self.known.book.segments, rule.id)
        return [self.present(self.stays(found.version, (0,)))] if found else [TRUE, NOT]

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
                return self.ranges(self.track(*self.different(measure)), rule.op, rule.value)
            case nodes.Members(inner):
                lifted = Lifted(rule_program(inner, "person", self.known))
                return self.ranges(self.track(lifted, OWN), rule.op, rule.value)
            case nodes.SinceLast() | nodes.SinceFirst() as measure:
                return self.elapsed(measure, rule.op, rule.value)
            case nodes.Stage(model):
                return self.staged(model, rule.op, rule.value)
            case nodes.Last(events, prop, where):
                return self.latest(rule, lambda op, value: self.last(events, prop, where, op, value))
            case nodes.Trait(path):
                return self.latest(rule, lambda op, value: self.trait(".".join(("trait", *path)), op, value))
            case nodes.Score(path):
                return self.latest(rule, lambda op, value: self.trait(".".join(("score", *path)), op, value))
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
        return self.test(self.track(self.first(events, where), ENDLESS), 1, NEVER)

    def present(self, source: Source, shift: int = OWN) -> int:
        """The test that at least one contribution of the source lasts."""
        return self.test(self.track(source, shift), 1, NEVER)

    def tally(self, measure: nodes.Count | nodes.Sum, rule: nodes.Compare) -> list[int]:
        prop = measure.prop if isinstance(measure, nodes.Sum) else None
        scale = 1 if prop is None else 10**self.known.digits if prop.path == REVENUE else 10**6
        if measure.since is None:
            source, shift = self.points(measure.events, measure.where, prop), measure.within or ENDLESS
            return self.ranges(self.track(source, shift), rule.op, rule.value, scale)
        # Counting starts anew with every `since` event, and without one there is nothing to compare.
        track = self.track(self.until_next(measure, prop), OWN)
        return [*self.ranges(track, rule.op, rule.value, scale), self.ever((measure.since,), None), AND]

    def elapsed(
        self, measure: nodes.SinceLast | nodes.SinceFirst, op: nodes.Operator, value: Any
    ) -> list[int]:
        """ "Less than that long ago" is a window; "more" is its opposite among those who ever did."""
        if isinstance(value, nodes.Cadence):
            recent = self.present(self.paced(measure.events, measure.where, value))
        elif isinstance(measure, nodes.SinceFirst):
            recent = self.present(self.first(measure.events, measure.where), int(value))
        else:
            recent = self.present(self.points(measure.events, measure.where, None), int(value))
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
            inside = self.present(self.stays(found.version, everything))
            return [inside] if op == "!=" else [inside, NOT]
        wanted = [value] if isinstance(value, str) else value
        chosen = tuple(i for i in everything if (found.values[i] in wanted) == (op in ("==", "in")))
        return [self.present(self.stays(found.version, chosen))]

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

    # --- sources ---

    def points(self, events: tuple[str, ...], where: nodes.Rule | None, prop: nodes.Prop | None) -> Query:
        """Every event, with what it weighs."""
        weight = self.weight(prop)
        rows = self.events(events, where)
        if prop is None:
            return Query(rows.inside(f"SELECT {self.subject} AS subject, ts AS start "))
        return Query(
            Sql(
                f"SELECT subject, start, weight FROM (SELECT {self.subject} AS subject, ts AS start, "
                f"{weight.text} AS weight {rows.text}) WHERE weight <> 0",
                weight.params + rows.params,
            ),
            weighted=True,
        )

    def first(self, events: tuple[str, ...], where: nodes.Rule | None) -> Query:
        """The first event of each subject."""
        rows = self.events(events, where)
        return Query(rows.inside(f"SELECT {self.subject} AS subject, min(ts) AS start ", " GROUP BY ALL"))

    def until_next(self, measure: nodes.Count | nodes.Sum, prop: nodes.Prop | None) -> Query:
        """Events that count until the `since` event comes next, or their window ends."""
        weight, rows = self.weight(prop), self.events(measure.events, measure.where)
        resets = self.events((measure.since or "",), None)
        window = f"c.start + {_interval(measure.within)}" if measure.within else "NULL"
        return Query(
            Sql(
                f"SELECT c.subject, c.start, least(r.ts, {window}) AS stop, c.weight FROM "
                f"(SELECT {self.subject} AS subject, ts AS start, {weight.text} AS weight {rows.text}) c "
                f"ASOF LEFT JOIN (SELECT {self.subject} AS subject, ts {resets.text}) r "
                "ON c.subject = r.subject AND c.start < r.ts WHERE c.weight <> 0",
                weight.params + rows.params + resets.params,
            ),
            weighted=True,
            ended=True,
        )

    def different(self, measure: nodes.Distinct) -> tuple[Query, int]:
        """Every value counts once: from its first event on, or as long as one of its windows is open."""
        listed, rows = leaves("props", measure.prop.path), self.events(measure.events, measure.where)
        values = Sql(
            f"SELECT subject, ts, identity(leaf) AS value FROM "
            f"(SELECT {self.subject} AS subject, ts, unnest({listed.text}) AS leaf {rows.text})",
            listed.params + rows.params,
        )
        if measure.within is None:
            return Query(
                values.inside("SELECT subject, min(ts) AS start FROM (", ") GROUP BY subject, value")
            ), ENDLESS
        next_one = "lead(ts) OVER (PARTITION BY subject, value ORDER BY ts)"
        stop = f"least(ts + {_interval(measure.within)}, {next_one})"
        return Query(
            values.inside(f"SELECT subject, ts AS start, {stop} AS stop FROM (", ")"), ended=True
        ), OWN

    def paced(self, events: tuple[str, ...], where: nodes.Rule | None, cadence: nodes.Cadence) -> Query:
        """The events' different instants, each recent for as long as this subject's own rhythm then was."""
        rows = self.events(events, where)
        factor = Fraction(Decimal(str(cadence.factor)))
        # A median of whole microseconds is whole or a half, so twice the median is exact. What would outlast
        # the calendar ends in 30,000 years.
        paced = f"{factor.numerator}::HUGEINT * CAST(2 * middle AS HUGEINT) // {2 * factor.denominator}"
        pace = f"CASE WHEN n < 3 THEN {cadence.default} ELSE CAST(least({10**18}, {paced}) AS BIGINT) END"
        return Query(
            rows.inside(
                f"SELECT subject, start, least(start + to_microseconds({pace}), next) AS stop "
                "FROM (SELECT subject, start, next, "
                "median(gap) OVER so_far AS middle, count(*) OVER so_far AS n FROM ("
                "SELECT subject, start, lead(start) OVER own AS next, "
                "epoch_us(start) - epoch_us(lag(start) OVER own) AS gap FROM ("
                f"SELECT DISTINCT {self.subject} AS subject, ts AS start ",
                ") WINDOW own AS (PARTITION BY subject ORDER BY start)) WINDOW so_far AS "
                "(PARTITION BY subject ORDER BY start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))",
            ),
            ended=True,
        )

    def last(
        self,
        events: tuple[str, ...],
        prop: nodes.Prop,
        where: nodes.Rule | None,
        op: nodes.Operator,
        value: Any,
    ) -> Query:
        """While the last event's property compares so."""
        test, rows = compared("props", prop.path, op, value), self.events(events, where)
        return self.lasting(
            Sql(
                f"SELECT {self.subject} AS subject, ts, seq, {test.text} AS holds {rows.text}",
                test.params + rows.params,
            )
        )

    def trait(self, name: str, op: nodes.Operator, value: Any) -> Query:
        """While the trait's latest value compares so. Accounts have no traits yet."""
        test = compared("value", (), op, value)
        rows = (
            f"FROM {{trait}} WHERE {{who:{self.subject}}} AND name = ?"
            if self.subject == "person"
            else "FROM trait WHERE false AND name = ?"
        )
        return self.lasting(
            Sql(f"SELECT person AS subject, ts, seq, {test.text} AS holds {rows}", (*test.params, name))
        )

    def lasting(self, rows: Sql) -> Query:
        """Each row until the subject's next one, where it holds; of one instant's rows the last counts."""
        return Query(
            rows.inside(
                "SELECT subject, start, stop FROM (SELECT subject, ts AS start, holds, "
                "lead(ts) OVER (PARTITION BY subject ORDER BY ts, seq) AS stop FROM (",
                ")) WHERE holds AND (stop IS NULL OR start < stop)",
            ),
            ended=True,
        )

    def own(self, definitions: Mapping[str, Definition], name: str) -> Definition | None:
        """The definition of that name, if it is about this kind of subject: the other's ids are not ours."""
        found = definitions.get(name)
        return found if found is not None and found.subject == self.subject else None

    def stays(self, version: int, values: tuple[int, ...]) -> Query:
        """The stored intervals of another definition."""
        listed = ", ".join(str(value) for value in values) or "-1"
        return Query(
            Sql(
                "SELECT subject, start, stop FROM intervals "
                f"WHERE {{who:subject}} AND version = {version} AND value IN ({listed})"
            ),
            ended=True,
            stored=version,
        )

    def events(self, events: tuple[str, ...], where: nodes.Rule | None) -> Sql:
        codes = ", ".join(
            str(self.known.codes[name]) for name in dict.fromkeys(events) if name in self.known.codes
        )
        rows = Sql(f"FROM {{event}} WHERE {{who:{self.subject}}} AND code IN ({codes or -1})")
        if where is None:
            return rows
        test = condition(where)
        return Sql(f"{rows.text} AND {test.text}", test.params)

    def weight(self, prop: nodes.Prop | None) -> Sql:
        if prop is None:
            return Sql("1::BIGINT")
        if prop.path == REVENUE:
            return Sql("revenue")
        listed = leaves("props", prop.path)
        return listed.inside("CAST(list_sum(list_transform(", ", lambda x: millionths(x))) AS BIGINT)")

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


def _interval(length: int | None) -> str:
    return f"to_microseconds({length})"

"""The small SQL queries that yield contributions: subject, start, and where they differ stop and weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from habitue.engine.extract import PLAIN, Sql, compared, condition, spread
from habitue.engine.plan import Book, Subject
from habitue.engine.standing import Standing
from habitue.rules import nodes

REVENUE: Final = ("revenue",)


@dataclass(frozen=True, slots=True)
class Query:
    """Contributions by SQL, written for `gather.Who.of`; `stored` is the version whose intervals they are."""

    sql: Sql
    weighted: bool = False
    ended: bool = False
    stored: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What compiling needs to know of the workspace: its event codes, definitions and currency's decimals."""

    codes: Mapping[str, int]
    book: Book = field(default_factory=Book)
    digits: int = 2
    standing: Standing = field(default_factory=Standing)


class Sources:
    """Writes the queries for one kind of subject."""

    def __init__(self, subject: Subject, known: Known) -> None:
        self.subject = subject
        self.known = known

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

    def until_next(
        self, measure: nodes.Count | nodes.Sum, since: nodes.Ever, prop: nodes.Prop | None
    ) -> Query:
        """Events that count until a `since` event comes next, or their window ends."""
        weight, rows = self.weight(prop), self.events(measure.events, measure.where)
        resets = self.events(since.events, since.where)
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

    def different(self, measure: nodes.Distinct) -> Query:
        """Every value counts once: from its first event on, or as long as one of its windows is open."""
        listed, rows = spread("props", measure.prop.path), self.events(measure.events, measure.where)
        values = Sql(
            f"SELECT subject, ts, identity(leaf) AS value FROM "
            f"(SELECT {self.subject} AS subject, ts, unnest({listed.text}) AS leaf {rows.text}) "
            f"WHERE {PLAIN.format('leaf')}",
            listed.params + rows.params,
        )
        if measure.within is None:
            return Query(
                values.inside("SELECT subject, min(ts) AS start FROM (", ") GROUP BY subject, value")
            )
        next_one = "lead(ts) OVER (PARTITION BY subject, value ORDER BY ts)"
        stop = f"least(ts + {_interval(measure.within)}, {next_one})"
        return Query(values.inside(f"SELECT subject, ts AS start, {stop} AS stop FROM (", ")"), ended=True)

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
        """While the trait's value that counts compares so."""
        test, rows = compared("value", (), op, value), self.said(name)
        return self.lasting(
            Sql(
                f"SELECT subject, ts, seq, {test.text} AS holds FROM ({rows.text})", test.params + rows.params
            )
        )

    def said(self, name: str) -> Sql:
        """What counts of all that was said of a trait: no source overrides one that counts more than it."""
        value, standing = self.known.standing.value(name), self.known.standing.rank(name)
        table, who = ("{trait}", "own") if self.subject == "person" else ("account_trait", "who")
        rows = Sql(
            f"SELECT {self.subject} AS subject, ts, seq, {value} AS value, {standing.text} AS rank "
            f"FROM {table} WHERE {{{who}:{self.subject}}} AND name = ?",
            (*standing.params, name),
        )
        if not standing.params:
            return rows
        return rows.inside(
            "FROM (",
            ") QUALIFY rank >= max(rank) "
            "OVER (PARTITION BY subject ORDER BY ts, seq ROWS UNBOUNDED PRECEDING)",
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
        rows = Sql(f"FROM {{event}} WHERE {{own:{self.subject}}} AND code IN ({codes or -1})")
        if where is None:
            return rows
        test = condition(where)
        return Sql(f"{rows.text} AND {test.text}", test.params)

    def weight(self, prop: nodes.Prop | None) -> Sql:
        if prop is None:
            return Sql("1::BIGINT")
        if prop.path == REVENUE:
            return Sql("revenue")
        listed = spread("props", prop.path)
        return listed.inside("TRY_CAST(list_sum(list_transform(", ", lambda x: millionths(x))) AS BIGINT)")


def _interval(length: int | None) -> str:
    return f"to_microseconds({length})"

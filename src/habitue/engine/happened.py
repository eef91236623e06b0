"""What is known of some people, or of everybody: when a rule held for them, when an event happened."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from habitue.engine.compile import rule_program
from habitue.engine.fold import everybody, fold, joined
from habitue.engine.gather import Ids, Read, Who, between, evaluate, those
from habitue.engine.source import Known, Sources
from habitue.engine.sweep import NEVER, Intervals, Ints
from habitue.kernel.clock import Micros
from habitue.rules.nodes import Rule

_STORED: Final = """
    SELECT subject, start, stop FROM (
        SELECT version, subject, start, stop FROM interval_base WHERE version = {version} {whose}
    ) ANTI JOIN refolded USING (version, subject)
    UNION ALL SELECT subject, start, stop FROM interval_tail WHERE version = {version} {whose}
    ORDER BY ALL
"""
_TRAITS: Final = """
    SELECT person, arg_max(value, (rank, ts, seq)) AS value FROM said
    WHERE name = ? AND seq < ? {whose} GROUP BY person
"""


def held(rule: Rule, known: Known, read: Read, people: Ids | None = None) -> Intervals:
    """When a rule held for these people (rising), or for everybody: folded now, the future as foreseen."""
    program = rule_program(rule, "person", known)
    if people is None:
        return joined(list(fold(program, everybody("person", read), read)))
    return evaluate(program, those("person", people, read), read)


def stored(version: int, read: Read, people: Ids | None = None) -> tuple[Ids, Ints, Ints]:
    """The intervals of a definition that is kept fresh: whose, from and up to (NEVER); in order."""
    lent = {} if people is None else {"own_people": pa.table({"person": people})}
    whose = "" if people is None else "AND subject IN (SELECT person FROM own_people)"
    rows = read(_STORED.format(version=int(version), whose=whose), large=people is None, **lent)
    return _ids(rows, 0), _times(rows, 1), _times(rows, 2)


def happened(
    event: str, where: Rule | None, known: Known, read: Read, people: Ids | None = None, since: Micros = 0
) -> tuple[Ids, Ints]:
    """Who did it when, from an instant on, in no order."""
    who = _everybody(read) if people is None else Who(people, np.empty(0, np.int64), False, _lent(people))
    query = Sources("person", known).points((event,), where, None).sql
    rows = read(
        f"SELECT subject, start FROM ({who.of(query.text)}) WHERE start >= make_timestamp(?)",
        (*query.params, since),
        large=people is None,
        **who.tables,
    )
    return _ids(rows, 0), _times(rows, 1)


def traits(name: str, read: Read, people: Ids | None = None, before: int = NEVER) -> tuple[Ids, list[Any]]:
    """Who has a trait, and its value that counts, as JSON; by what was said before a place in the log."""
    lent = {} if people is None else {"own_people": pa.table({"person": people})}
    whose = "" if people is None else "AND person IN (SELECT person FROM own_people)"
    rows = read(_TRAITS.format(whose=whose), (f"trait.{name.removeprefix('trait.')}", before), **lent)
    return _ids(rows, 0), rows["value"].to_pylist()


def _everybody(read: Read) -> Who:
    end = read("SELECT coalesce(max(person), -1) + 1 FROM person").column(0)[0].as_py()
    return between("person", 0, end, read)


def _lent(people: Ids) -> dict[str, pa.Table]:
    return {"own_subject": pa.table({"subject": people})}


def _ids(rows: pa.Table, place: int) -> Ids:
    column = rows.column(place).combine_chunks()
    return np.asarray(column.to_numpy(zero_copy_only=False)).astype(np.int32)


def _times(rows: pa.Table, place: int) -> Ints:
    column = rows.column(place).combine_chunks().cast(pa.int64())
    return np.asarray((column.fill_null(NEVER) if column.null_count else column).to_numpy(), dtype=np.int64)

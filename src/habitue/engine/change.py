"""What changed between two foldings, as rows of `transition`.

`before` and `after` are tables of intervals of the same subjects (shape of `fold.SCHEMA`), as they were
and as they are. Changes up to `told` were told by an earlier refresh; now they are told up to `now`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from habitue.engine.plan import Subject
from habitue.engine.sweep import NEVER
from habitue.kernel.clock import Micros
from habitue.store.writer import Writer

_APPEND: Final = """
    INSERT INTO transition
    SELECT (SELECT coalesce(max(seq), 0) FROM transition) + row_number() OVER (ORDER BY c.ts, c.subject),
           {version}, c.subject, c.from_value, c.to_value, make_timestamp(c.ts), c.restated, e.cause
    FROM changes c
    LEFT JOIN (SELECT {column} AS subject, epoch_us(ts) AS ts, max(seq) AS cause FROM event_tail
               WHERE {column} IN (SELECT subject FROM changes) GROUP BY ALL) e
         ON e.subject = c.subject AND e.ts = c.ts
"""

NOTHING: Final = -1
"""The value of who has none: no interval has it."""

Columns = dict[str, NDArray[Any]]
"""Rows as columns of equal length, by name; times in µs."""


def tell(
    writer: Writer,
    version: int,
    column: Subject,
    before: pa.Table,
    after: pa.Table,
    quiet: pa.Table,
    told: Micros,
    now: Micros,
) -> None:
    """Append the changes of these subjects to `transition`.

    For each subject the rows form a chain, in the order of `seq`: every row starts from the value at
    which the one before it left off, and the last one ends at the value at `now`. A change of the
    present is told once, also when late events brought it about. Where the past reads differently one
    row, restated unless it alone tells a change of the present, leads from what was told to what it
    should have been. `quiet` (subject) names those whose new events all came in as history: what those
    changed is restated too, so that nothing acts on it; what time alone brings about is still told.
    """
    changes = changed(_columns(before), _columns(after), _ids(quiet), told, now)
    if len(changes["subject"]):
        writer.run(_APPEND.format(version=version, column=column), changes=_table(changes))


def changed(was: Columns, reads: Columns, quiet: NDArray[np.int32], told: Micros, now: Micros) -> Columns:
    """The rows that `tell` appends: subject, from_value and to_value (NOTHING: none), ts, restated."""
    news = _moves(reads)
    news = _some(news, (news["ts"] > told) & (news["ts"] <= now))
    foreseen = _within(news, _moves(was))
    news["restated"] = np.isin(news["subject"], quiet) & ~foreseen
    past = _rewritten(was, reads, told)
    past["restated"] = (
        (past["from_value"] == past["to_value"])
        | np.isin(past["subject"], news["subject"])
        | np.isin(past["subject"], quiet)
    )
    return {name: np.concatenate([past[name], news[name]]) for name in news}


def _moves(intervals: Columns) -> Columns:
    """Every change of value: into the first interval, from one to the next, out of the last before a gap."""
    rows = _some(intervals, np.lexsort([intervals["start"], intervals["subject"]]))
    subject, start, stop, value = (rows[name] for name in ("subject", "start", "stop", "value"))
    same = subject[1:] == subject[:-1]
    earlier = np.full(len(subject), NOTHING, value.dtype)
    earlier[1:][same & (stop[:-1] == start[1:])] = value[:-1][same & (stop[:-1] == start[1:])]
    following = np.full(len(subject), NEVER)
    following[:-1][same] = start[1:][same]
    out = (stop != NEVER) & (following > stop)
    return {
        "subject": np.concatenate([subject, subject[out]]),
        "from_value": np.concatenate([earlier, value[out]]),
        "to_value": np.concatenate([value, np.full(out.sum(), NOTHING, value.dtype)]),
        "ts": np.concatenate([start, stop[out]]),
    }


def _rewritten(was: Columns, reads: Columns, told: Micros) -> Columns:
    """For each whose past reads differently: from the value at `told` as it was to the one as it is.

    The past reaches up to `told` and includes it: what ends there is over then.
    """
    subjects = _differing(_past(was, told), _past(reads, told), ("subject", "start", "stop", "value"))
    (before, _), (after, since) = (_at(each, subjects, told) for each in (was, reads))
    return {"subject": subjects, "from_value": before, "to_value": after, "ts": since}


def _past(intervals: Columns, told: Micros) -> Columns:
    rows = _some(intervals, intervals["start"] <= told)
    return {**rows, "stop": np.minimum(rows["stop"], told + 1)}


def _at(intervals: Columns, subjects: NDArray[np.int32], told: Micros) -> tuple[NDArray[Any], NDArray[Any]]:
    """Each subject's value at `told`, and since when; NOTHING since `told` where there is none."""
    rows = _some(intervals, (intervals["start"] <= told) & (intervals["stop"] > told))
    rows = _some(rows, np.argsort(rows["subject"]))
    places = np.searchsorted(rows["subject"], subjects)
    there = np.isin(subjects, rows["subject"])
    value = np.full(len(subjects), NOTHING, rows["value"].dtype)
    since = np.full(len(subjects), told)
    value[there], since[there] = rows["value"][places[there]], rows["start"][places[there]]
    return value, since


def affected(before: pa.Table, after: pa.Table, told: Micros, now: Micros) -> NDArray[np.int32]:
    """The subjects, rising, whose intervals are others now, or turn past `told` and up to `now`."""
    was, reads = _columns(before), _columns(after)
    turns = [(reads[name] > told) & (reads[name] <= now) for name in ("start", "stop")]
    return np.union1d(_differing(was, reads, _ROW), reads["subject"][turns[0] | turns[1]])


def _differing(was: Columns, reads: Columns, names: Sequence[str]) -> NDArray[np.int32]:
    """Whose row is in one of them only; in neither is a row twice, so that two alike are one of each."""
    order, alike = _paired(was, reads, names)
    alone = np.ones(len(order), np.bool_)
    alone[:-1] &= ~alike
    alone[1:] &= ~alike
    return np.unique(np.concatenate([was["subject"], reads["subject"]])[order][alone])


def _within(rows: Columns, others: Columns) -> NDArray[np.bool_]:
    """Which of the rows are among the others too; neither has a row twice."""
    order, alike = _paired(rows, others, tuple(rows))
    found = np.zeros(len(order), np.bool_)
    found[order[:-1][alike]] = True
    found[order[1:][alike]] = True
    return found[: len(rows["subject"])]


def _paired(one: Columns, other: Columns, names: Sequence[str]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The order in which the rows of both come if sorted, and whether each is like the next."""
    both = [np.concatenate([one[name], other[name]]) for name in names]
    order = np.lexsort(both[::-1])
    return order, np.logical_and.reduce([np.diff(column[order]) == 0 for column in both])


def _some(rows: Columns, which: NDArray[Any]) -> Columns:
    return {name: column[which] for name, column in rows.items()}


def _columns(intervals: pa.Table) -> Columns:
    """What an interval says; an end that is not known yet is NEVER."""
    found = {}
    for name in _ROW:
        column = intervals[name].combine_chunks()
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64()).fill_null(NEVER)
        found[name] = column.to_numpy(zero_copy_only=False)
    return found


def _ids(subjects: pa.Table) -> NDArray[np.int32]:
    found: NDArray[np.int32] = subjects["subject"].to_numpy()
    return found


def _table(changes: Columns) -> pa.Table:
    values = {name: changes[name] for name in ("from_value", "to_value")}
    return pa.table(
        {**changes, **{name: pa.array(column, mask=column == NOTHING) for name, column in values.items()}}
    )


_ROW: Final = ("subject", "start", "stop", "value", "life")

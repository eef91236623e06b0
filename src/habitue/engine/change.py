"""What changed between two foldings, as rows of `transition`.

`before` and `after` are tables of intervals of the same subjects (shape of `fold.SCHEMA`), as they were
and as they are. Changes up to `told` were told by an earlier refresh; now they are told up to `now`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from habitue.engine.plan import Subject
from habitue.engine.sweep import NEVER
from habitue.kernel.clock import Micros
from habitue.store.writer import Writer

MOVES: Final = """
    SELECT subject, CASE WHEN ended = start THEN earlier END AS from_value, value AS to_value, start AS ts
    FROM (SELECT *, lag(stop) OVER own AS ended, lag(value) OVER own AS earlier
          FROM {intervals} WINDOW own AS (PARTITION BY subject ORDER BY start))
    UNION ALL
    SELECT subject, value, NULL, stop
    FROM (SELECT *, lead(start) OVER own AS next
          FROM {intervals} WINDOW own AS (PARTITION BY subject ORDER BY start))
    WHERE stop IS NOT NULL AND (next IS NULL OR next > stop)
"""
"""Every change of value in a table of intervals: into the first, from one to the next, out of the last."""

_PAST: Final = """
    SELECT subject, start, least(stop, told + to_microseconds(1)) AS stop, value
    FROM {}, clock WHERE start <= told"""

_TELL: Final = f"""
    WITH clock AS (SELECT make_timestamp(?) AS told, make_timestamp(?) AS now),
    foreseen AS ({MOVES.format(intervals="before")}),
    moved AS (
        SELECT m.subject, m.from_value, m.to_value, m.ts, q.subject IS NOT NULL AND f.ts IS NULL AS late
        FROM ({MOVES.format(intervals="after")}) m JOIN clock ON m.ts > told AND m.ts <= now
        LEFT JOIN quiet q ON m.subject = q.subject
        LEFT JOIN foreseen f ON m.subject = f.subject AND m.ts = f.ts
             AND m.from_value IS NOT DISTINCT FROM f.from_value AND m.to_value IS NOT DISTINCT FROM f.to_value
    ),
    was AS (SELECT subject, value FROM before, clock WHERE start <= told AND (stop IS NULL OR stop > told)),
    reads AS (
        SELECT subject, value, start FROM after, clock WHERE start <= told AND (stop IS NULL OR stop > told)
    ),
    -- The past reaches up to `told` and includes it: what ends there is over then.
    past AS (
        SELECT DISTINCT subject FROM (
            ({_PAST.format("before")} EXCEPT {_PAST.format("after")})
            UNION ALL ({_PAST.format("after")} EXCEPT {_PAST.format("before")}))
    ),
    rewritten AS (
        SELECT subject, was.value AS from_value, reads.value AS to_value, coalesce(reads.start, told) AS ts,
               was.value IS NOT DISTINCT FROM reads.value OR subject IN (SELECT subject FROM moved)
               OR subject IN (SELECT subject FROM quiet) AS late
        FROM past LEFT JOIN was USING (subject) LEFT JOIN reads USING (subject), clock
    ),
    changes AS (
        SELECT subject, from_value, to_value, ts, late FROM rewritten
        UNION ALL SELECT subject, from_value, to_value, ts, late FROM moved
    )
    INSERT INTO transition
    SELECT (SELECT coalesce(max(seq), 0) FROM transition) + row_number() OVER (ORDER BY c.ts, c.subject),
           {{version}}, c.subject, from_value, to_value, c.ts, late, cause
    FROM changes c
    LEFT JOIN (SELECT {{column}} AS subject, ts, max(seq) AS cause FROM event_tail GROUP BY ALL) e
         ON e.subject = c.subject AND e.ts = c.ts
"""


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
    text = _TELL.format(version=version, column=column)
    writer.run(text, (told, now), before=before, after=after, quiet=quiet)


def affected(before: pa.Table, after: pa.Table, told: Micros, now: Micros) -> NDArray[np.int32]:
    """The subjects, rising, whose intervals are others now, or turn past `told` and up to `now`."""
    was, reads = _columns(before), _columns(after)
    turns = [(reads[name] > told) & (reads[name] <= now) for name in ("start", "stop")]
    return np.union1d(_differing(was, reads), reads["subject"][turns[0] | turns[1]])


def _differing(was: dict[str, NDArray[Any]], reads: dict[str, NDArray[Any]]) -> NDArray[np.int32]:
    """Whose row is in one of them only; in neither is a row twice, so that two alike are one of each."""
    both = {name: np.concatenate([was[name], reads[name]]) for name in was}
    order = np.lexsort([both[name] for name in reversed(_ROW)])
    alike = np.logical_and.reduce([np.diff(column[order]) == 0 for column in both.values()])
    alone = np.ones(len(order), np.bool_)
    alone[:-1] &= ~alike
    alone[1:] &= ~alike
    found: NDArray[np.int32] = both["subject"][order][alone]
    return found


def _columns(intervals: pa.Table) -> dict[str, NDArray[Any]]:
    """What an interval says; an end that is not known yet is NEVER."""
    found = {}
    for name in _ROW:
        column = intervals[name].combine_chunks()
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64()).fill_null(NEVER)
        found[name] = column.to_numpy(zero_copy_only=False)
    return found


_ROW: Final = ("subject", "start", "stop", "value", "life")

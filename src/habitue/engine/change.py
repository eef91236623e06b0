"""What changed between two foldings, as rows of `transition`.

`before` and `after` are tables of intervals of the same subjects (shape of `fold.SCHEMA`), as they were
and as they are. Changes up to `told` were told by an earlier refresh; now they are told up to `now`.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from habitue.engine.plan import Subject
from habitue.kernel.clock import Micros
from habitue.store.warehouse import Writer

MOVES: Final = """
    SELECT subject, CASE WHEN before = start THEN was END AS from_value, value AS to_value, start AS ts
    FROM (SELECT *, lag(stop) OVER own AS before, lag(value) OVER own AS was
          FROM {intervals} WINDOW own AS (PARTITION BY subject ORDER BY start))
    UNION ALL
    SELECT subject, value, NULL, stop
    FROM (SELECT *, lead(start) OVER own AS next
          FROM {intervals} WINDOW own AS (PARTITION BY subject ORDER BY start))
    WHERE stop IS NOT NULL AND (next IS NULL OR next > stop)
"""
"""Every change of value in a table of intervals: into the first one, from one to the next, out of the last."""

_TELL: Final = f"""
    WITH clock AS (SELECT make_timestamp(?) AS told, make_timestamp(?) AS now),
    moved AS (
        SELECT *, false AS late FROM ({MOVES.format(intervals="after")}), clock WHERE ts > told AND ts <= now
    ),
    was AS (SELECT subject, value FROM before, clock WHERE start <= told AND (stop IS NULL OR stop > told)),
    reads AS (SELECT subject, value, start FROM after, clock WHERE start <= told AND (stop IS NULL OR stop > told)),
    past AS (
        SELECT DISTINCT subject FROM (
            (SELECT subject, start, least(stop, told) AS stop, value FROM before, clock WHERE start <= told
             EXCEPT SELECT subject, start, least(stop, told), value FROM after, clock WHERE start <= told)
            UNION ALL
            (SELECT subject, start, least(stop, told), value FROM after, clock WHERE start <= told
             EXCEPT SELECT subject, start, least(stop, told), value FROM before, clock WHERE start <= told))
    ),
    rewritten AS (
        SELECT subject, was.value AS from_value, reads.value AS to_value, coalesce(reads.start, told) AS ts,
               was.value IS NOT DISTINCT FROM reads.value OR subject IN (SELECT subject FROM moved) AS late
        FROM past LEFT JOIN was USING (subject) LEFT JOIN reads USING (subject), clock
    ),
    changes AS (
        SELECT subject, from_value, to_value, ts, late FROM rewritten
        UNION ALL SELECT subject, from_value, to_value, ts, late FROM moved
    )
    INSERT INTO transition
    SELECT (SELECT coalesce(max(seq), 0) FROM transition) + row_number() OVER (ORDER BY c.ts, subject),
           {{version}}, subject, from_value, to_value, c.ts, late OR coalesce(history, false), cause
    FROM changes c LEFT JOIN quiet USING (subject)
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

    A change of the present is told once, also when late events brought it about. Where only the past
    reads differently a restated row says so. `quiet` (subject, history) names those whose new events
    all came in as history: theirs are restated too, so that nothing acts on them.
    """
    text = _TELL.format(version=version, column=column)
    writer.run(text, (told, now), before=before, after=after, quiet=quiet)

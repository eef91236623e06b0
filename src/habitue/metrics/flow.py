"""Who moved from which stage to which between two instants."""

from __future__ import annotations

from msgspec import Struct

from habitue.store.warehouse import Warehouse


class Move(Struct, frozen=True):
    """`n` subjects were in `from_value` and are in `to_value` now; None is not there yet, or no more.

    `share` is their part of all that were in `from_value`; `days` the median time that the movers had
    spent in it when they left. Both are None for newcomers, `days` also for those who stayed.
    """

    from_value: int | None
    to_value: int | None
    n: int
    share: float | None
    days: float | None


_BEFORE = "make_timestamp($2::BIGINT)"
_AFTER = "make_timestamp($3::BIGINT)"
_FLOW = f"""
    WITH seen AS (
        SELECT subject, value, start, stop,
            start <= {_BEFORE} AS was, stop IS NULL OR stop > {_AFTER} AS remains
        FROM intervals
        WHERE version = $1 AND start <= {_AFTER} AND (stop IS NULL OR stop > {_BEFORE})
            AND (start <= {_BEFORE} OR stop IS NULL OR stop > {_AFTER})
    ), moved AS (
        SELECT f.value AS from_value, t.value AS to_value, epoch_us(f.stop) - epoch_us(f.start) AS spent
        FROM (FROM seen WHERE NOT remains) f FULL JOIN (FROM seen WHERE NOT was) t USING (subject)
    ), moves AS (
        SELECT from_value, to_value, count(*) AS n,
            median(spent) FILTER (from_value IS DISTINCT FROM to_value) AS spent
        FROM moved GROUP BY ALL
        UNION ALL
        SELECT value, value, count(*), NULL FROM seen WHERE was AND remains GROUP BY value
    )
    SELECT from_value, to_value, sum(n)::BIGINT AS n, max(spent) / 86400e6 AS days,
        CASE WHEN from_value IS NOT NULL THEN sum(n) / sum(sum(n)) OVER (PARTITION BY from_value) END AS share
    FROM moves GROUP BY from_value, to_value ORDER BY from_value NULLS FIRST, to_value NULLS LAST
"""


def flow(warehouse: Warehouse, version: int, before: int, after: int) -> list[Move]:
    """The transition table between two instants, in order of the values.

    Who is in one stay at both instants is counted without a join; only the others are matched.
    """
    rows = warehouse.read(_FLOW, (version, before, after)).to_pylist()
    return [Move(**row) for row in rows]

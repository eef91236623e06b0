"""A third opinion on the benchmark rules: their intervals by change points in plain SQL.

Every event gives a row where it begins to count and one where it ceases to; running sums over them give
the conditions at every change, and neighbouring changes of one answer collapse to an interval. Written
as well as we can: rows are shared where two conditions begin at one event.
"""

from __future__ import annotations

ORDERS = "FROM event WHERE code = 1"
OPENED = "FROM event WHERE code = 2"


def segment() -> str:
    """person, start, stop of `benchmarks.shop.SEGMENT`."""
    return f"""
        WITH moves AS (
            SELECT person, ts, 1 AS n, revenue AS spent, 0 AS opened {ORDERS}
            UNION ALL SELECT person, ts + INTERVAL 90 DAY, -1, 0, 0 {ORDERS}
            UNION ALL SELECT person, ts + INTERVAL 365 DAY, 0, -revenue, 0 {ORDERS}
            UNION ALL SELECT person, ts, 0, 0, 1 {OPENED}
            UNION ALL SELECT person, ts + INTERVAL 30 DAY, 0, 0, -1 {OPENED}
        ),
        points AS (
            SELECT person, ts, sum(n) AS n, sum(spent) AS spent, sum(opened) AS opened
            FROM moves GROUP BY person, ts
        ),
        running AS (
            SELECT person, ts,
                   sum(n) OVER own >= 3 AND sum(spent) OVER own >= 50000 AND sum(opened) OVER own = 0 AS holds
            FROM points WINDOW own AS (PARTITION BY person ORDER BY ts)
        ),
        turns AS (
            SELECT person, ts, holds FROM running
            QUALIFY holds <> lag(holds, 1, false) OVER (PARTITION BY person ORDER BY ts)
        )
        SELECT person, ts AS start, lead(ts) OVER (PARTITION BY person ORDER BY ts) AS stop
        FROM turns QUALIFY holds
    """


def model() -> str:
    """person, start, stop, value of `benchmarks.shop.MODEL`."""
    return f"""
        WITH moves AS (
            SELECT person, ts, 1 AS ever, 1 AS m1, 1 AS m3, 1 AS y1 {ORDERS}
            UNION ALL SELECT person, ts + INTERVAL 30 DAY, 0, -1, 0, 0 {ORDERS}
            UNION ALL SELECT person, ts + INTERVAL 90 DAY, 0, 0, -1, 0 {ORDERS}
            UNION ALL SELECT person, ts + INTERVAL 365 DAY, 0, 0, 0, -1 {ORDERS}
        ),
        points AS (
            SELECT person, ts, sum(ever) AS ever, sum(m1) AS m1, sum(m3) AS m3, sum(y1) AS y1
            FROM moves GROUP BY person, ts
        ),
        running AS (
            SELECT person, ts,
                   CASE WHEN sum(ever) OVER own = 1 AND sum(m1) OVER own > 0 THEN 0
                        WHEN sum(m3) OVER own > 0 THEN 1 WHEN sum(y1) OVER own > 0 THEN 2 ELSE 3 END AS value
            FROM points WINDOW own AS (PARTITION BY person ORDER BY ts)
        ),
        turns AS (
            SELECT person, ts, value FROM running
            QUALIFY value IS DISTINCT FROM lag(value) OVER (PARTITION BY person ORDER BY ts)
        )
        SELECT person, ts AS start, lead(ts) OVER (PARTITION BY person ORDER BY ts) AS stop, value FROM turns
    """

"""What is at stake: those who will leave their stage soon if nothing happens, and what they brought."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from habitue.engine.plan import Subject
from habitue.kernel.clock import DAY, Micros
from habitue.metrics.counts import among
from habitue.store.warehouse import Warehouse

SOON: Final = 30 * DAY
YEAR: Final = 365 * DAY


class Stake(Struct, frozen=True):
    """`n` people are in `value` and will be in `following` (None: in none) before `SOON` is over.

    `revenue` is what these people's orders of the last year brought, net of refunds, in minor units.
    """

    value: int
    following: int | None
    n: int
    revenue: int


_STAKES: Final = f"""
    WITH leaving AS (
        SELECT subject, value, stop FROM {{of}} AS own
        WHERE version = $1 AND start <= make_timestamp($2::BIGINT) AND stop > make_timestamp($2::BIGINT)
            AND stop <= make_timestamp($2::BIGINT + {SOON})
    ), later AS (
        SELECT leaving.subject, leaving.value, next.value AS following
        FROM leaving LEFT JOIN (SELECT subject, value, start FROM intervals WHERE version = $1) next
            ON next.subject = leaving.subject AND next.start = leaving.stop
    ), brought AS (
        SELECT {{subject}} AS subject, sum(revenue)::BIGINT AS revenue FROM event
        WHERE revenue IS NOT NULL AND ts > make_timestamp($2::BIGINT - {YEAR})
            AND ts <= make_timestamp($2::BIGINT) AND {{subject}} IN (SELECT subject FROM leaving)
        GROUP BY ALL
    )
    SELECT value, following, count(*) AS n, coalesce(sum(revenue), 0)::BIGINT AS revenue
    FROM later LEFT JOIN brought USING (subject) GROUP BY ALL ORDER BY revenue DESC, n DESC
"""


def stakes(
    warehouse: Warehouse, version: int, subject: Subject, at: Micros, within: int | None = None
) -> list[Stake]:
    """All of them by what they brought, the most first; only who is in the version `within`, where one is."""
    of = "intervals" if within is None else among(version, within, at)
    found = warehouse.read(_STAKES.format(subject=subject, of=of), (version, at))
    return [Stake(**row) for row in found.to_pylist()]

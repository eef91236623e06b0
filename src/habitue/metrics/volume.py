"""How many events of each name there are, in all and day by day, who sends them, the first and the last.

Read off the working copy's `tally`, which is kept as events come in: quick, however many there are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct

from habitue.kernel import clock
from habitue.kernel.clock import HOUR, Micros
from habitue.store.warehouse import Warehouse

DAYS: Final = 90
"""So many days of the shop's time zone are told one by one, in whole hours of UTC; today is the last."""


class Volume(Struct, frozen=True):
    """Of one name: how many in all, when first and last, from which sources, and `days`, the oldest first."""

    name: str
    events: int
    first: Micros
    last: Micros
    sources: tuple[str, ...]
    days: tuple[int, ...]

    @property
    def weeks(self) -> tuple[int, ...]:
        """The last twelve weeks of seven days, the newest ends today, the oldest first."""
        return tuple(
            sum(self.days[at - 7 : at]) for at in range(len(self.days) % 7 + 7, len(self.days) + 1, 7)
        )


class Feed(Struct, frozen=True):
    """What one source sent: how many events in all and since midnight, and when the last happened."""

    source: str
    events: int
    today: int
    last: Micros


_EVENTS: Final = "SELECT name, source, hour, n, first, last FROM tally JOIN event_name USING (code)"
_TRAITS: Final = """
    SELECT name, coalesce(source, '') AS source, date_trunc('hour', ts) AS hour, count(*) AS n,
        min(ts) AS first, max(ts) AS last
    FROM trait WHERE starts_with(name, 'trait.') GROUP BY ALL"""


def events(warehouse: Warehouse, zone: str, now: Micros) -> list[Volume]:
    """Every event name, by the number of its events."""
    return _volumes(warehouse, _EVENTS, zone, now)


def traits(warehouse: Warehouse, zone: str, now: Micros) -> list[Volume]:
    """Every trait of persons, as `trait.city`, by how often it was told. Looks at all of them."""
    return _volumes(warehouse, _TRAITS, zone, now)


def feeds(warehouse: Warehouse, zone: str, now: Micros) -> dict[str, Feed]:
    """Every source that events came from, by its name."""
    found = warehouse.read(
        "SELECT source, sum(n)::BIGINT AS events, epoch_us(max(last)) AS last, "
        "coalesce(sum(n) FILTER (hour >= make_timestamp(?::BIGINT)), 0)::BIGINT AS today "
        "FROM tally GROUP BY source ORDER BY source",
        (midnights(zone, now, 1)[0],),
    )
    return {row["source"]: Feed(**row) for row in found.to_pylist()}


def hours(warehouse: Warehouse, now: Micros, most: int = 48) -> list[tuple[Micros, int]]:
    """How many events happened in each of the last hours, the oldest first; the one under way is the last."""
    last = now // HOUR * HOUR
    begun = [last - HOUR * n for n in range(most - 1, -1, -1)]
    found = warehouse.read(
        "SELECT epoch_us(hour) AS hour, sum(n)::BIGINT AS n FROM tally "
        "WHERE hour >= make_timestamp(?::BIGINT) AND hour <= make_timestamp(?::BIGINT) GROUP BY hour",
        (begun[0], now),
    )
    counts = dict(zip(found["hour"].to_pylist(), found["n"].to_pylist(), strict=True))
    return [(at, counts.get(at, 0)) for at in begun]


def midnights(zone: str, now: Micros, days: int) -> list[Micros]:
    """When each of the last days began on the zone's clock, today the last."""
    today = clock.moment(now, zone).date()
    return [clock.instant((today - timedelta(n)).isoformat(), zone) for n in range(days - 1, -1, -1)]


def _volumes(warehouse: Warehouse, rows: str, zone: str, now: Micros) -> list[Volume]:
    begun = midnights(zone, now, DAYS)
    whole = warehouse.read(
        "SELECT name, sum(n)::BIGINT AS events, epoch_us(min(first)) AS first, epoch_us(max(last)) AS last, "
        f"list_sort(list(DISTINCT source)) AS sources FROM ({rows}) GROUP BY name ORDER BY events DESC, name"
    )
    hours = warehouse.read(
        f"SELECT name, epoch_us(hour) AS hour, sum(n)::BIGINT AS n FROM ({rows}) "
        "WHERE hour >= make_timestamp(?::BIGINT) AND hour <= make_timestamp(?::BIGINT) GROUP BY ALL",
        (begun[0], now),
    )
    days = _days(hours.to_pylist(), begun)
    return [
        Volume(**{**row, "sources": tuple(row["sources"]), "days": tuple(days.get(row["name"], (0,) * DAYS))})
        for row in whole.to_pylist()
    ]


def _days(hours: Iterable[dict[str, Any]], begun: Sequence[Micros]) -> dict[str, list[int]]:
    days: dict[str, list[int]] = {}
    for one in hours:
        counts = days.setdefault(one["name"], [0] * len(begun))
        counts[max(bisect_right(begun, one["hour"]) - 1, 0)] += one["n"]
    return days

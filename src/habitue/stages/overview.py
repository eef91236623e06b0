"""A model's overview between two month ends: all that the first page shows, read once and kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from habitue.kernel import clock
from habitue.kernel.clock import EPOCH, MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.metrics.counts import ever
from habitue.metrics.flow import Move, flow
from habitue.metrics.months import Months, months
from habitue.metrics.survival import NONE, Curve, tallied
from habitue.stages.kept import Kept, Made
from habitue.store.warehouse import Warehouse

MONTHS: Final = 24
_VERSIONS: Final = 16
_PAIRS: Final = 64
_CENTURY: Final = 1200
"""Months before that are not looked at: a date so old is a mistake."""


class Overview(Struct, frozen=True, eq=False):
    """People by value at `before` and `after`, who moved between, the months up to then, and the stays.

    `counts[month, value]` belongs to `months`; `stays[value]` counts everything up to `after`, `ever[value]`
    the people who had them; `latest` is the last event where nobody has moved (None: there is no event, or
    somebody has).
    """

    computed: Micros
    latest: Micros | None
    before: Micros
    after: Micros
    was: dict[int, int]
    stands: dict[int, int]
    moves: tuple[Move, ...]
    months: tuple[str, ...]
    ends: tuple[Micros, ...]
    counts: NDArray[np.int64]
    stays: tuple[Curve, ...]
    ever: dict[int, int]


class Overviews:
    """Overviews as last computed, each with its time, and what all those of a version share: its months."""

    def __init__(self, warehouse: Warehouse, zone: Callable[[], str], generation: Callable[[], int]) -> None:
        self._warehouse = warehouse
        self._place = zone
        self._months = Kept[Key, Months](generation, _VERSIONS)
        self._overviews = Kept[Pair, Overview](generation, _PAIRS)

    def get(
        self, version: int, values: int, month: str, against: str, now: Micros, fresh: bool = False
    ) -> Overview:
        """The overview of a version with so many values; computed anew where asked `fresh`.

        Months that are over stay as they are until the data change; one that runs is read anew each minute.
        """
        pair = Pair(Key(version, values), month, against)
        running = month_of(now, self._zone) in (month, against)
        age = 0 if fresh else MINUTE if running else None
        return self._overviews.get(pair, now, age, lambda wait: self._read(pair, now, age, wait), fresh).value

    def _read(self, pair: Pair, now: Micros, age: Micros | None, wait: bool) -> Made[Overview]:
        """Made of the version's months, so that it is as of their instant, or as soon out of date."""
        of = pair.of
        months, generation, now = self._months.get(of, now, age, lambda _: self._shared(of, now), wait)
        before, after = (end(month, self._zone, now) for month in (pair.against, pair.month))
        found = flow(self._warehouse, of.version, before, after)
        overview = Overview(
            computed=now,
            latest=self._latest(found.moves),
            before=before,
            after=after,
            was=_sums((move.from_value, move.n) for move in found.moves),
            stands=_sums((move.to_value, move.n) for move in found.moves),
            moves=found.moves,
            months=(names := previous(pair.month, MONTHS)),
            ends=(ends := tuple(end(name, self._zone, now) for name in names)),
            counts=months.at(ends),
            stays=tuple(
                tallied(months.lasted(value, after), found.open.get(value, NONE))
                for value in range(of.values)
            ),
            ever=ever(self._warehouse, of.version, after) if (had := months.ever(after)) is None else had,
        )
        return Made(overview, generation, now)

    @property
    def _zone(self) -> str:
        return self._place()

    def _shared(self, of: Key, now: Micros) -> Made[Months]:
        generation = self._months.generation()
        first = self._warehouse.read(
            "SELECT epoch_us(min(start)) AS ts FROM intervals WHERE version = ?", (of.version,)
        )["ts"][0].as_py()
        this = month_of(now, self._zone)
        names = between(month_of(min(first or now, now), self._zone), this)[-_CENTURY:]
        ends = [end(name, self._zone, now) for name in names]
        return Made(months(self._warehouse, of.version, of.values, ends), generation, now)

    def _latest(self, moves: Sequence[Move]) -> Micros | None:
        """The last event, looked for only where nobody has moved."""
        if any(move.from_value != move.to_value for move in moves):
            return None
        found: Micros | None = self._warehouse.read("SELECT epoch_us(max(ts)) AS ts FROM event")["ts"][
            0
        ].as_py()
        return found


class Key(Struct, frozen=True):
    """A version with so many values."""

    version: int
    values: int


class Pair(Struct, frozen=True):
    """Which overview: one month against another."""

    of: Key
    month: str
    against: str


def _sums(pairs: Iterable[tuple[int | None, int]]) -> dict[int, int]:
    found: Counter[int] = Counter()
    for value, n in pairs:
        if value is not None:
            found[value] += n
    return dict(found)


def month_of(at: Micros, zone: str) -> str:
    """The month of an instant in the zone: `2026-11`."""
    return clock.moment(at, zone).strftime("%Y-%m")


def compared(month: str | None, against: str | None, now: Micros, zone: str) -> tuple[str, str]:
    """The month to look at and the earlier one to compare it with, where either may be left open.

    What lies in the future is this month; two in the wrong order change places. Raises `UserError`.
    """
    this = month_of(now, zone)
    later, earlier = min(month or this, this, key=_number), against
    if earlier is not None and _number(earlier) > _number(later):
        later, earlier = min(earlier, this, key=_number), later
    return later, earlier if earlier is not None and earlier != later else previous(later, 2)[0]


def previous(month: str, n: int) -> tuple[str, ...]:
    """`n` months in order, the last is `month`."""
    first = _number(month)
    return tuple(f"{k // 12:04d}-{k % 12 + 1:02d}" for k in range(first - n + 1, first + 1))


def between(first: str, last: str) -> tuple[str, ...]:
    """The months from one to the other, both included."""
    return previous(last, _number(last) - _number(first) + 1)


def end(month: str, zone: str, now: Micros) -> Micros:
    """The last instant of the month in the zone; `now` while it runs. Raises `UserError` for no month.

    The first instant of the next month is not of this one: dates without a time of day stand there.
    """
    following = _number(month) + 1
    try:
        first = datetime(following // 12, following % 12 + 1, 1, tzinfo=ZoneInfo(zone))
    except ValueError as error:
        raise UserError(_NO_MONTH, text=month) from error
    return min(now, round((first - EPOCH).total_seconds()) * clock.SECOND - 1)


_NO_MONTH: Final = N_("“{text}” is not a month. Write it as 2026-11.")


def _number(month: str) -> int:
    try:
        found = datetime.strptime(month, "%Y-%m")
    except ValueError as error:
        raise UserError(_NO_MONTH, text=month) from error
    return found.year * 12 + found.month - 1

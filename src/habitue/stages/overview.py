"""A model's overview between two month ends: all that the first page shows, read once and kept."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from threading import Lock, Thread
from time import perf_counter
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from habitue.kernel import clock
from habitue.kernel.clock import EPOCH, MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.metrics.counts import monthly
from habitue.metrics.flow import Move, flow
from habitue.metrics.stay import stays
from habitue.metrics.survival import Curve
from habitue.store.warehouse import Warehouse

MONTHS: Final = 24
PATIENCE: Final = 0.1
"""Seconds for which a reader is kept waiting rather than shown what is out of date."""

_MOST: Final = 64


class Overview(Struct, frozen=True, eq=False):
    """People by value at `before` and `after`, who moved between, the months up to then, and the stays.

    `counts[month, value]` belongs to `months`; `stays[value]` counts everything up to `after`; `latest` is
    the last event where nobody has moved (None: there is no event, or somebody has).
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


class Overviews:
    """Overviews as last computed, each with the time it took.

    One is out of date when `generation` has risen, or when its month still runs and a minute has passed. What
    can be made again at once is; what takes long is shown as it was, with its time, while another thread
    makes the new one.
    """

    def __init__(self, warehouse: Warehouse, zone: str, generation: Callable[[], int]) -> None:
        self._warehouse = warehouse
        self._zone = zone
        self._generation = generation
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._making: set[Key] = set()
        self._lock = Lock()
        self._first = Lock()

    def get(
        self, version: int, values: int, month: str, against: str, now: Micros, fresh: bool = False
    ) -> Overview:
        """The overview of a version with so many values; computed anew where asked `fresh`."""
        key = Key(version, values, month, against)
        kept = self._kept.get(key)
        if fresh:
            return self._make(key, now).overview
        if kept is None:
            with self._first:
                return (self._kept.get(key) or self._make(key, now)).overview
        if self._old(kept, now):
            if kept.took < PATIENCE:
                return self._make(key, now).overview
            self._make_aside(key, now)
        return kept.overview

    def _old(self, kept: _Kept, now: Micros) -> bool:
        seen = kept.overview
        runs = seen.computed in (seen.before, seen.after)
        return kept.generation != self._generation() or (runs and now - seen.computed >= MINUTE)

    def _make_aside(self, key: Key, now: Micros) -> None:
        with self._lock:
            if key in self._making:
                return
            self._making.add(key)
        Thread(target=self._make, args=(key, now), daemon=True).start()

    def _make(self, key: Key, now: Micros) -> _Kept:
        began, generation = perf_counter(), self._generation()
        try:
            overview = self._read(key, now)
        finally:
            self._making.discard(key)
        kept = _Kept(overview, generation, perf_counter() - began)
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return kept

    def _read(self, key: Key, now: Micros) -> Overview:
        before, after = (end(month, self._zone, now) for month in (key.against, key.month))
        months = previous(key.month, MONTHS)
        ends = tuple(end(one, self._zone, now) for one in months)
        moves = tuple(flow(self._warehouse, key.version, before, after))
        return Overview(
            computed=now,
            latest=self._latest(moves),
            before=before,
            after=after,
            was=_sums((move.from_value, move.n) for move in moves),
            stands=_sums((move.to_value, move.n) for move in moves),
            moves=moves,
            months=months,
            ends=ends,
            counts=monthly(self._warehouse, key.version, ends, key.values),
            stays=stays(self._warehouse, key.version, key.values, after),
        )

    def _latest(self, moves: Sequence[Move]) -> Micros | None:
        """The last event, looked for only where nobody has moved."""
        if any(move.from_value != move.to_value for move in moves):
            return None
        found: Micros | None = self._warehouse.read("SELECT epoch_us(max(ts)) AS ts FROM event")["ts"][
            0
        ].as_py()
        return found


class Key(Struct, frozen=True):
    """Which overview: of a version with so many values, one month against another."""

    version: int
    values: int
    month: str
    against: str


class _Kept(Struct, frozen=True, eq=False):
    overview: Overview
    generation: int
    took: float


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

"""A model's overview between two month ends: all that the first page shows, read once and kept."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from threading import Lock
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from habitue.kernel import clock
from habitue.kernel.clock import EPOCH, MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.metrics.counts import counts, monthly
from habitue.metrics.flow import Move, flow
from habitue.metrics.stay import stay
from habitue.metrics.survival import Curve
from habitue.store.warehouse import Warehouse

MONTHS: Final = 24
_KEPT: Final = 64


class Overview(Struct, frozen=True, eq=False):
    """People by value at `before` and `after`, who moved between, the months up to then, and how long stays last.

    `counts[month, value]` belongs to `months`; `stays[value]` counts everything up to `after`.
    """

    computed: Micros
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
    """Overviews as last computed; one is made again after a minute, or when a refresh has been."""

    def __init__(self, warehouse: Warehouse, zone: str) -> None:
        self._warehouse = warehouse
        self._zone = zone
        self._kept: OrderedDict[tuple[object, ...], Overview] = OrderedDict()
        self._lock = Lock()

    def get(
        self, version: int, values: int, month: str, against: str, now: Micros, fresh: bool = False
    ) -> Overview:
        """The overview of a version with so many values; computed anew where asked `fresh`."""
        key = (version, month, against, self._warehouse.meta(f"told:{version}"))
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and not fresh and now - kept.computed < MINUTE:
            return kept
        made = self._made(version, values, month, against, now)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made

    def _made(self, version: int, values: int, month: str, against: str, now: Micros) -> Overview:
        before, after = end(against, self._zone, now), end(month, self._zone, now)
        months = previous(month, MONTHS)
        ends = tuple(end(one, self._zone, now) for one in months)
        warehouse = self._warehouse
        return Overview(
            computed=now,
            before=before,
            after=after,
            was=counts(warehouse, version, before),
            stands=counts(warehouse, version, after),
            moves=tuple(flow(warehouse, version, before, after)),
            months=months,
            ends=ends,
            counts=monthly(warehouse, version, ends, values),
            stays=tuple(stay(warehouse, version, value, after) for value in range(values)),
        )


def month_of(at: Micros, zone: str) -> str:
    """The month of an instant in the zone: `2026-11`."""
    return clock.moment(at, zone).strftime("%Y-%m")


def previous(month: str, n: int) -> tuple[str, ...]:
    """`n` months in order, the last is `month`."""
    first = _number(month)
    return tuple(f"{k // 12:04d}-{k % 12 + 1:02d}" for k in range(first - n + 1, first + 1))


def end(month: str, zone: str, now: Micros) -> Micros:
    """The first instant after the month in the zone; `now` while it runs. Raises `UserError` for no month."""
    following = _number(month) + 1
    try:
        first = datetime(following // 12, following % 12 + 1, 1, tzinfo=ZoneInfo(zone))
    except ValueError as error:
        raise UserError(_NO_MONTH, text=month) from error
    return min(now, round((first - EPOCH).total_seconds()) * clock.SECOND)


_NO_MONTH: Final = N_("“{text}” is not a month. Write it as 2026-11.")


def _number(month: str) -> int:
    try:
        found = datetime.strptime(month, "%Y-%m")
    except ValueError as error:
        raise UserError(_NO_MONTH, text=month) from error
    return found.year * 12 + found.month - 1

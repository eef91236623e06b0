"""When a small French shop sells: Christmas, the legal sales, week-ends, lunch and evening hours.

Behaviour is drawn in *shop days*, in which trade flows evenly; `Season` bends them into calendar time.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from habitue.demo.frame import Bools, Floats, Ints
from habitue.kernel.clock import DAY, HOUR, SECOND

ZONE: Final = ZoneInfo("Europe/Paris")
_WEEK = (0.95, 0.92, 1.0, 1.0, 1.06, 1.25, 0.82)
_MONTHS = (0.95, 0.98, 0.97, 0.95, 1.02, 0.93, 0.82, 0.68, 1.0, 1.05, 1.15, 1.35)
_NIGHT = (0.12, 0.06, 0.04, 0.03, 0.04, 0.08)
_HOURS = (*_NIGHT, 0.25, 0.6, 0.9, 1.2, 1.4, 1.4, 1.5, 1.4, 1.3, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.7, 1.2, 0.5)


class Season:
    """The calendar between two instants (µs), hour by hour, with the weight of each hour."""

    def __init__(self, start: int, until: int) -> None:
        self.start, self.until = start, until
        self.edges: Ints = np.append(np.arange(start, until, HOUR), until)
        local = [datetime.fromtimestamp(edge / SECOND, ZONE) for edge in self.edges[:-1].tolist()]
        days = {day: _weight(day) for day in {moment.date() for moment in local}}
        weights = np.array([days[moment.date()] * _HOURS[moment.hour] for moment in local])
        weights *= np.diff(self.edges) / HOUR
        self.days = (until - start) / DAY
        self.flow: Floats = np.append(0.0, np.cumsum(weights)) * (self.days / weights.sum())

    def at(self, shop_days: Floats) -> Ints:
        """The instants of these shop days; past the end where they lie beyond it."""
        return np.rint(np.interp(shop_days, self.flow, self.edges, right=self.until + DAY)).astype(np.int64)

    def of(self, ts: Ints) -> Floats:
        """The shop days of these instants."""
        return np.interp(ts, self.edges, self.flow)

    def mornings(self, every: int, hour: int) -> Ints:
        """One instant every so many days, at that hour in Paris, from the first Tuesday on."""
        first = datetime.fromtimestamp(self.start / SECOND, ZONE).replace(
            hour=hour, minute=0, second=0, microsecond=0
        )
        first += timedelta(days=(1 - first.weekday()) % 7 or 7)
        count = int(self.days) // every + 1
        moments = [first + timedelta(days=every * step) for step in range(count)]
        stamps = np.array([int(moment.timestamp()) * SECOND for moment in moments])
        return stamps[stamps < self.until]


def sales(ts: Ints) -> Bools:
    """Whether the instants fall into the legal sales (soldes) of winter or summer."""
    days = ts // DAY
    inside = np.zeros(len(ts), bool)
    for year in range(1970 + int(days.min(initial=0)) // 366, 1972 + int(days.max(initial=0)) // 365):
        for opening in openings(year):
            first = (opening - date(1970, 1, 1)).days
            inside |= (days >= first) & (days < first + 28)
    return inside


def openings(year: int) -> tuple[date, date]:
    """The two days on which the sales open: the code de commerce's second Wednesday of January (the first
    when that falls after the 12th) and last Wednesday of June (the one before when after the 28th)."""
    winter = _wednesday(date(year, 1, 8))
    summer = _wednesday(date(year, 6, 24))
    week = timedelta(days=7)
    return winter - week if winter.day > 12 else winter, summer - week if summer.day > 28 else summer


def _wednesday(day: date) -> date:
    return day + timedelta(days=(2 - day.weekday()) % 7)


def _weight(day: date) -> float:
    weight = _MONTHS[day.month - 1] * _WEEK[day.weekday()]
    rush = [
        1.5 - 0.04 * (day - opening).days for opening in openings(day.year) if 0 <= (day - opening).days < 12
    ]
    special = {(12, 24): 0.6, (12, 25): 0.15, (1, 1): 0.2, (5, 1): 0.4, (7, 14): 0.6, (8, 15): 0.5}
    weight *= max(rush, default=1.0) * special.get((day.month, day.day), 1.0)
    if day.month == 12 and 5 <= day.day <= 20:
        weight *= 1.45
    if day.month == 11 and day.day >= 21:
        weight *= 1.3
    return weight

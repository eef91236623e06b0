"""Clocks on the wall, for many people at once: instants in UTC to local time in a zone, and back.

Local time is microseconds as if the zone's clock were UTC's. A local time that daylight saving leaves out is
read by the offset before the gap (02:30 becomes 03:30); one that comes twice is the first of the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from functools import cache
from typing import Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from habitue.kernel.clock import DAY, EPOCH, MINUTE, SECOND, Micros, duration
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

Ints = NDArray[np.int64]

SLACK: Final = 400 * DAY
"""Around the instants asked about: whoever asks for a next Monday stays within what is known."""

_STRETCH: Final = 2000 * DAY
_STEP: Final = 7 * DAY
_MONDAY: Final = 3
"""1970-01-01 was a Thursday: three days after a Monday."""


class Offsets(NamedTuple):
    """`offset[i]` holds from the instant `turn[i - 1]` on, up to `turn[i]`; all in microseconds."""

    turn: Ints
    offset: Ints


def local(at: Ints, zone: str) -> Ints:
    """What the zone's clock shows at these instants."""
    known = _offsets(zone, at)
    return at + known.offset[np.searchsorted(known.turn, at, side="right")]


def instants(shown: Ints, zone: str) -> Ints:
    """When the zone's clock shows these local times."""
    known = _offsets(zone, shown)
    # In a gap and in a fold alike, the offset after a turn holds from the later of the two local times on.
    later = known.turn + np.maximum(known.offset[:-1], known.offset[1:])
    return shown - known.offset[np.searchsorted(later, shown, side="right")]


def days_on(at: Ints, days: int, zone: str) -> Ints:
    """So many calendar days later, at the same local time: 23 or 25 hours where the clocks change."""
    return instants(local(at, zone) + days * DAY, zone)


def next_at(at: Ints, clock: Micros, weekdays: Collection[int], zone: str) -> Ints:
    """The first instants from these on at which the zone's clock shows `clock` (µs after midnight) on one of
    the weekdays (Monday is 0; any if none is named).
    """
    midnight = local(at, zone) // DAY * DAY
    found = np.full(len(at), np.iinfo(np.int64).max)
    for ahead in range(8, -1, -1):
        day = midnight + ahead * DAY
        meant = instants(day + clock, zone)
        fits = meant >= at
        if weekdays:
            fits &= np.isin((day // DAY + _MONDAY) % 7, list(weekdays))
        found = np.where(fits, meant, found)
    return found


Zones: TypeAlias = tuple[Sequence[str], Ints]
"""Time zones, and which of them is whose."""

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\Z")
_DAYS: Final = {"d": 1, "w": 7, "y": 365}


def later(at: Ints, length: str, zones: Zones) -> Ints:
    """So much later: days, weeks and years by the calendar, hours and minutes exactly."""
    exact = duration(length)
    days = _DAYS.get(length.strip()[-1])
    if days is None:
        return at + exact
    count = exact // DAY
    return by_zone(zones, at, lambda mine, zone: days_on(mine, count, zone))


def at_clock(at: Ints, time: str, days: Collection[str], zones: Zones) -> Ints:
    """The first instants from these on at which their clocks show the time, on one of these days."""
    chosen = [WEEKDAYS.index(day) for day in days]
    shown = clock(time)
    return by_zone(zones, at, lambda mine, zone: next_at(mine, shown, chosen, zone))


def clock(text: str) -> Micros:
    """Microseconds after midnight of a time such as 09:30; raises `UserError` for anything else."""
    found = _CLOCK.match(text.strip())
    if found is None:
        raise UserError(N_("“{text}” is not a time of day. Write it as 09:30."), text=text)
    return (int(found[1]) * 60 + int(found[2])) * MINUTE


def by_zone(zones: Zones, at: Ints, asked: Callable[[Ints, str], Ints]) -> Ints:
    """What is asked of each instant, on the clock of its own zone."""
    names, whose = zones
    found = np.empty(len(at), np.int64)
    for number in np.unique(whose).tolist():
        mine = whose == number
        found[mine] = asked(at[mine], names[number])
    return found


def _offsets(zone: str, around: Ints) -> Offsets:
    """The zone's offsets around these times, by whole stretches, so that they are worked out once."""
    if not len(around):
        return Offsets(np.empty(0, np.int64), np.zeros(1, np.int64))
    low, high = int(around.min()) - SLACK, int(around.max()) + SLACK
    return _known(zone, low // _STRETCH, high // _STRETCH + 1)


@cache
def _known(zone: str, low: int, high: int) -> Offsets:
    turns: list[int] = []
    at, stop = low * _STRETCH, high * _STRETCH
    offsets = [_offset(zone, at)]
    while at < stop:
        following = at + _STEP
        if _offset(zone, following) != offsets[-1]:
            following = _turn(zone, at, following)
            turns.append(following)
            offsets.append(_offset(zone, following))
        at = following
    return Offsets(np.array(turns, np.int64), np.array(offsets, np.int64))


def _turn(zone: str, before: Micros, after: Micros) -> Micros:
    """The second at which the offset becomes another one, between two instants."""
    start = _offset(zone, before)
    while after - before > SECOND:
        middle = (before + after) // 2 // SECOND * SECOND
        middle = middle if middle > before else before + SECOND
        if _offset(zone, middle) == start:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: str, at: Micros) -> Micros:
    offset = (EPOCH + timedelta(microseconds=at)).astimezone(ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)

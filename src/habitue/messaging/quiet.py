"""Quiet hours: when customers are not to be disturbed, on the clock of where each of them lives."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from habitue.kernel.clock import EPOCH, Micros, moment
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

Ints = NDArray[np.int64]

_LONGEST: Final = 400
"""More steps than any rule takes that leaves a quiet customer some time of the year to be written to."""


class Quiet(Struct, frozen=True, forbid_unknown_fields=True):
    """Silence between two times of the day, on whole days of the week (1 is Monday) and on public holidays.

    `start` may be later than `stop`: the silence then lasts over midnight. None at all with both empty.
    """

    start: str = ""
    stop: str = ""
    days: tuple[int, ...] = ()
    holidays: bool = False


def checked(quiet: Quiet) -> Quiet:
    """The same; raises `UserError` for what can't be read, or leaves no time."""
    for text in filter(None, (quiet.start, quiet.stop)):
        _clock(text)
    if bool(quiet.start) != bool(quiet.stop) or (quiet.start and quiet.start == quiet.stop):
        raise UserError(N_("Quiet hours need a beginning and an end that differ, such as 22:00 and 08:00."))
    if not set(quiet.days) < set(range(1, 8)):
        raise UserError(N_("Quiet days are numbers from 1 (Monday) to 7, and not all of them."))
    return quiet


def until(now: Micros, zone: str, quiet: Quiet, country: str | None) -> Micros | None:
    """When the silence ends that `now` falls into; None where there is none.

    Public holidays are those of the country (ISO 3166); the zone is an IANA name.
    """
    at = now
    for _ in range(_LONGEST):
        following = _end(moment(at, zone), quiet, country)
        if following is None:
            return at if at > now else None
        at = max(_instant(following, zone), at + 1)
    return at


def untils(at: Ints, zone: str, quiet: Quiet, country: str | None) -> Ints:
    """The same for many instants at once; 0 where there is no silence."""
    if not len(at) or quiet == Quiet():
        return np.zeros(len(at), np.int64)
    edges, ends = table(int(at.min()), int(at.max()), zone, quiet, country)
    return ends[np.searchsorted(edges, at, side="right") - 1]


def table(first: Micros, last: Micros, zone: str, quiet: Quiet, country: str | None) -> tuple[Ints, Ints]:
    """Instants between two of which it is silent throughout or not at all, and of each when the silence from
    there on ends; 0 where there is none.
    """
    edges = _edges(first, last, zone, quiet)
    ends = np.array([until(edge, zone, quiet, country) or 0 for edge in edges.tolist()], np.int64)
    return edges, ends


def _edges(first: Micros, last: Micros, zone: str, quiet: Quiet) -> Ints:
    """Instants between any two of which, of these, it is silent throughout or not at all."""
    day, stop = moment(first, zone).date() - timedelta(days=1), moment(last, zone).date()
    walls = [time(), *(_clock(text) for text in (quiet.start, quiet.stop) if text)]
    found: set[Micros] = set()
    while day <= stop:
        times = walls if _even(day, zone) else [*walls, *_QUARTERS]
        found |= {one for wall in times for one in _readings(datetime.combine(day, wall), zone)}
        day += timedelta(days=1)
    return np.array(sorted(found), np.int64)


def _even(day: date, zone: str) -> bool:
    """Whether the clocks are left alone on a day and the next one."""
    here = [datetime.combine(day + timedelta(days=n), time(), ZoneInfo(zone)) for n in (0, 1, 2)]
    return len({one.utcoffset() for one in here}) == 1


_QUARTERS: Final = tuple(time(n // 4, n % 4 * 15) for n in range(96))
"""Clocks are changed at whole quarters of an hour."""


def _end(local: datetime, quiet: Quiet, country: str | None) -> datetime | None:
    """The next instant, on the wall, at which one reason for silence ends; None where there is none."""
    if local.isoweekday() in quiet.days or (
        quiet.holidays and local.date() in _holidays(country, local.year)
    ):
        return datetime.combine(local.date() + timedelta(days=1), time())
    if not quiet.start:
        return None
    start, stop, wall = _clock(quiet.start), _clock(quiet.stop), local.time()
    if start < stop:
        return datetime.combine(local.date(), stop) if start <= wall < stop else None
    if wall >= start:
        return datetime.combine(local.date() + timedelta(days=1), stop)
    return datetime.combine(local.date(), stop) if wall < stop else None


def _instant(wall: datetime, zone: str) -> Micros:
    """The later of the two readings of a time that the clock shows twice, or never."""
    return max(_readings(wall, zone))


def _readings(wall: datetime, zone: str) -> list[Micros]:
    both = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    return [(one - EPOCH) // timedelta(microseconds=1) for one in both]


@lru_cache(maxsize=64)
def _clock(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()
    except ValueError as error:
        raise UserError(N_("“{text}” is no time of the day. Write it as 22:00."), text=text) from error


@lru_cache(maxsize=256)
def _holidays(country: str | None, year: int) -> frozenset[date]:
    from holidays import country_holidays, list_supported_countries  # noqa: PLC0415  half a second; few need it

    if country not in list_supported_countries():
        return frozenset()
    return frozenset(country_holidays(country, years=year))

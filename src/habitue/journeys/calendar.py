"""Dates that are known of customers: when the one that is meant comes round."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import numpy as np

from habitue.kernel.clock import DAY, EPOCH, duration
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.local import Ints, Zones, by_zone, clock, instants, local

NONE: Final = np.iinfo(np.int64).min
"""The day of who has none."""

_OFFSET: Final = re.compile(r"([+-]?)(\d{1,4}[dw])\Z")
_FIRST: Final = date(1970, 1, 1)


def offset(text: str) -> int:
    """Days of `"-7d"`, `"2w"` or nothing; raises `UserError` for anything else."""
    if not text.strip():
        return 0
    found = _OFFSET.match(text.strip())
    if found is None:
        raise UserError(
            N_("“{text}” is no number of days. Write -7d for a week before, 2d for two days after."),
            text=text,
        )
    days = duration(found[2]) // DAY
    return -days if found[1] == "-" else days


def occasions(said: Sequence[Any], at: Ints, shift: str, time: str, yearly: bool, zones: Zones) -> Ints:
    """When each date comes next from these instants on, at the time of day and so many days before or after.

    Who has no date, or has it behind them, is told the instant itself.
    """
    days, ahead, shown = _days(said), offset(shift), clock(time)
    found = at.copy()
    for year in (2, 1, 0) if yearly else (None,):
        meant = _in_year(days, at, year, zones) if year is not None else days
        when = by_zone(zones, (meant + ahead) * DAY + shown, instants)
        found = np.where((days != NONE) & (when >= at), when, found)
    return found


def anniversaries(
    said: Sequence[Any], since: int, until: int, shift: str, time: str, yearly: bool, zones: Zones
) -> tuple[Ints, Ints]:
    """Which of the customers have their day in (since, until], and when exactly; one row each time."""
    days, ahead, shown = _days(said), offset(shift), clock(time)
    who: list[Ints] = []
    when: list[Ints] = []
    base = np.full(len(days), since)
    span = (until - since) // (365 * DAY) + 3
    for year in range(-1, span) if yearly else (None,):
        meant = _in_year(days, base, year, zones) if year is not None else days
        at = by_zone(zones, np.where(days == NONE, 0, (meant + ahead) * DAY + shown), instants)
        mine = np.flatnonzero((days != NONE) & (at > since) & (at <= until))
        who.append(mine)
        when.append(at[mine])
    return np.concatenate(who), np.concatenate(when)


def _in_year(days: Ints, at: Ints, ahead: int, zones: Zones) -> Ints:
    """The day of the same month and day, so many years after the local year of `at`."""
    safe = np.where(days == NONE, 0, days)
    born = safe.astype("datetime64[D]")
    months = born.astype("datetime64[M]")
    month = months.astype(np.int64) % 12
    day = (born - months.astype("datetime64[D]")).astype(np.int64)
    shown = by_zone(zones, at, local)
    year = (shown // DAY).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + ahead
    first = (year * 12 + month).astype("datetime64[M]")
    length = ((first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")).astype(np.int64)
    # Who was born on 29 February has the 28th in other years.
    found: Ints = first.astype("datetime64[D]").astype(np.int64) + np.minimum(day, length - 1)
    return found


def _days(said: Sequence[Any]) -> Ints:
    return np.fromiter(_read(said), np.int64, len(said))


def _read(said: Sequence[Any]) -> Iterator[int]:
    for one in said:
        found = NONE
        if isinstance(one, str) and len(one) >= 10:
            try:
                found = (date.fromisoformat(one[:10]) - _FIRST).days
            except ValueError:
                found = NONE
        elif isinstance(one, int) and not isinstance(one, bool) and 0 < one < 1 << 33:
            found = int((datetime.fromtimestamp(one, UTC) - EPOCH).days)
        yield found

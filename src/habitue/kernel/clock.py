"""Instants are whole microseconds since 1970 in UTC; now is always passed in.

Only the faces (`cli`, `web`, `api`) and `app` call `now()`; everything below takes it as an argument.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Language

Micros = int

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
YEAR: Final = 365 * DAY

UNITS: Final = {"m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK, "y": YEAR}
LONGEST: Final = 1000 * YEAR
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST: Final = (datetime(9999, 12, 31, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)

_DURATION = re.compile(r"\s*(\d{1,99})\s*([mhdwy])\s*\Z")


def now() -> Micros:
    """The wall clock, for the faces only."""
    return time.time_ns() // 1000


@lru_cache(1024)
def duration(text: str) -> Micros:
    """Microseconds of `"30m"`, `"12h"`, `"90d"`, `"6w"` or `"1y"` (365 days).

    Raises `UserError` for anything else, and for a length of zero or past 1,000 years.
    """
    found = _DURATION.match(text)
    length = int(found[1]) * UNITS[found[2]] if found else 0
    if length > LONGEST:
        raise UserError(N_("“{text}” is too long: a duration is 1,000 years (1000y) at most."), text=text)
    if not length:
        raise UserError(
            N_("“{text}” is not a duration. Write a number and a unit, such as 90d, 12h, 6w, 1y or 30m."),
            text=text,
        )
    return length


def lasting(length: Micros) -> str:
    """The shortest duration text for `length`: days where they come out even, else hours, else minutes."""
    for unit in "dh":
        if length % UNITS[unit] == 0:
            return f"{length // UNITS[unit]}{unit}"
    return f"{length // MINUTE}m"


def instant(text: str, zone: str = "UTC") -> Micros:
    """Microseconds of an ISO 8601 date or date-time; without an offset it is read in `zone`.

    A bare date is its first instant. Raises `UserError` for what is no real date, or none of the years
    1000 to 9000.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone))
        if not 1000 <= moment.year <= 9000:
            raise ValueError(moment.year)
        return (moment.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError) as error:
        raise UserError(
            N_("“{text}” is not a date. Write it as 2026-01-31 or 2026-01-31T14:30."), text=text
        ) from error


def moment(at: Micros, zone: str = "UTC") -> datetime:
    """The aware `datetime` of an instant in `zone`."""
    return (EPOCH + timedelta(microseconds=at)).astimezone(ZoneInfo(zone))


def shown(at: Micros, zone: str, language: Language, form: Literal["day", "minute"] = "minute") -> str:
    """`2026-01-31 14:30`, or `31/01/2026 14:30` for who reads French: for people, on the zone's clock."""
    day = "%d/%m/%Y" if language == "fr" else "%Y-%m-%d"
    return moment(at, zone).strftime(day if form == "day" else f"{day} %H:%M")


def iso(at: Micros | None) -> str:
    """`2026-01-31T14:30:00Z`, with microseconds only where there are any; the empty text for never."""
    if at is None:
        return ""
    return (EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")

"""Months as people name them, `2026-11`, in a time zone."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from habitue.kernel import clock
from habitue.kernel.clock import EPOCH, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_


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


def beside(month: str | None, against: str | None, shown: str | None) -> str | None:
    """The month to compare with, where a reader has chosen on a page that showed two, as `2026-11~2026-10`.

    Who changes only the month means the same distance: April after November against October is April
    against March. Raises `UserError`.
    """
    this, _, other = (shown or "").partition("~")
    if not shown or not month or month == this or against != other:
        return against
    return previous(month, _number(this) - _number(other) + 1)[0]


def offered(first: Micros, now: Micros, zone: str) -> tuple[str, ...]:
    """The months to choose from, the latest first: since the first there is, five years at most."""
    this = month_of(now, zone)
    return between(month_of(min(first, now), zone), this)[-60:][::-1]


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

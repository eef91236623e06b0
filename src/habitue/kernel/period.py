"""Periods as people name them: days on the workspace's clock. Whole months are one case of them.

As text a period is `2026-04`, `2026-04-17`, or two of these with dots between: `2026-04-03..2026-04-17`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from habitue.kernel import clock
from habitue.kernel.clock import EPOCH, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

LONGEST: Final = 3660
"""Days of a period that is asked for: ten years."""

_DAY: Final = timedelta(days=1)
_TEXT: Final = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?\Z", re.ASCII)
_NO_PERIOD: Final = N_(
    "“{text}” is not a period. Write a month such as 2026-11, a day such as 2026-11-23, or two of them as "
    "2026-11-03..2026-11-17."
)
_AHEAD: Final = N_("The period begins on {first}, which is still to come. Choose one that has begun.")
_LONG: Final = N_("The period has {days} days. Choose one of {most} days (ten years) at most.")


class Span(NamedTuple):
    """What comes after an instant, up to and including a later one."""

    before: Micros
    after: Micros


class Period(Struct, frozen=True, order=True):
    """From the first day to the last, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        some = [self.first, self.last]
        ends = [f"{one:%Y-%m}" if self.months else f"{one:%Y-%m-%d}" for one in some]
        return "..".join(dict.fromkeys(ends))

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def months(self) -> int:
        """How many whole months it is; 0 where it is anything else."""
        whole = self.first.day == 1 and _closing(self.last)
        return _number(self.last) - _number(self.first) + 1 if whole else 0

    def ago(self, n: int = 1) -> Period:
        """The one that lies `n` times its own length before: of months in months, else in days."""
        if self.months:
            return _months(_number(self.first) - n * self.months, self.months)
        back = timedelta(days=n * self.days)
        return Period(self.first - back, self.last - back)

    def year_ago(self) -> Period:
        """The same days of the year before; February 28 for a 29th."""
        if self.months:
            return _months(_number(self.first) - 12, self.months)
        return Period(_year_ago(self.first), _year_ago(self.last))

    def span(self, zone: str, now: Micros) -> Span:
        """From the last instant before it to its own last; to `now` while it runs.

        The first instant of the next day is not of this one: dates without a time of day stand there.
        """
        following = self.last + _DAY if self.last < date.max else self.last
        return Span(*(min(now, _midnight(day, zone) - 1) for day in (self.first, following)))

    def beside(self, running: Period, zone: str, now: Micros) -> Span:
        """As much of it as there is of a `running` one: as many days, the last up to the same time of day."""
        whole, days = self.span(zone, now), (day_of(now, zone) - running.first).days
        return whole if days >= self.days else Span(whole.before, _like(now, self.first + days * _DAY, zone))


class Versus(NamedTuple):
    """A period and the earlier one that it is compared with."""

    period: Period
    against: Period

    def spans(self, zone: str, now: Micros) -> tuple[Span, Span]:
        """Both; while the first runs, as much of the other."""
        main, other = (one.span(zone, now) for one in self)
        return main, self.against.beside(self.period, zone, now) if main.after == now else other

    def since(self, zone: str, now: Micros) -> Micros:
        """The instant that the end of the period is compared with: the other's end, or where that has been
        cut, unless the one begins where the other ends."""
        main, other = self.spans(zone, now)
        return main.before if self.against.span(zone, now).after == main.before else other.after


def parse(text: str) -> Period:
    """The period of a text; two ends in the wrong order change places. Raises `UserError`."""
    first, dots, last = text.strip().partition("..")
    try:
        found = [_part(one) for one in ((first, last) if dots else (first,))]
    except ValueError as error:
        raise UserError(_NO_PERIOD, text=text[:60]) from error
    return Period(min(one.first for one in found), max(one.last for one in found))


def asked(text: str, today: date) -> Period:
    """The period of a text or of a preset's name, as one may ask for it: it has begun, and isn't too long."""
    preset = PRESETS.get(text)
    found = preset(today) if preset else parse(text)
    if found.first > today:
        raise UserError(_AHEAD, first=found.first.isoformat())
    if found.days > LONGEST:
        raise UserError(_LONG, days=found.days, most=LONGEST)
    return found


def after_end(month: str | None, against: str | None, today: date) -> Period:
    """The months after the end of `against` up to `month`, where either may be left open: as they were asked
    for before there were periods.

    What lies in the future is this month; two in the wrong order change places. Raises `UserError`.
    """
    this = month_of(today)
    later, earlier = min(parse(month) if month else this, this), parse(against) if against else None
    if earlier is not None and earlier > later:
        later, earlier = min(earlier, this), later
    return later if earlier in (None, later) else Period(earlier.last + _DAY, later.last)


def until(day: date) -> str:
    """The end of a day as text: `..2026-04-17`; as that of the month where it is."""
    return f"{day:%Y-%m}" if _closing(day) else f"..{day:%Y-%m-%d}"


def day_of(at: Micros, zone: str) -> date:
    """The day of an instant."""
    return clock.moment(at, zone).date()


def month_of(day: date) -> Period:
    """The month in which a day lies."""
    return _months(_number(day), 1)


def previous(day: date, n: int) -> tuple[Period, ...]:
    """`n` months in order, the last is that of the day."""
    last = _number(day)
    return tuple(_months(k, 1) for k in range(last - n + 1, last + 1))


def edges(first: date, zone: str, now: Micros) -> list[Micros]:
    """The ends of the days from the eve of the first on, each with the time of day that it is now after it;
    `now` is the last. Whatever spans of periods there are as of now begin and end at these.
    """
    days = (day_of(now, zone) - first).days + 1
    return [at for n in range(days) for at in _halves(first + n * _DAY, zone, now)]


def between(first: date, last: date) -> tuple[Period, ...]:
    """The months from that of one day to that of the other, both included."""
    return previous(last, _number(last) - _number(first) + 1)


def _running(months: int) -> Callable[[date], Period]:
    """The so many months among which a day lies, in a year cut into such parts."""
    return lambda day: _months(_number(day) // months * months, months)


def _lately(days: int) -> Callable[[date], Period]:
    return lambda day: Period(day - timedelta(days=days - 1), day)


PRESETS: Final[Mapping[str, Callable[[date], Period]]] = MappingProxyType(
    {
        "7d": _lately(7),
        "30d": _lately(30),
        "90d": _lately(90),
        "month": _running(1),
        "last-month": lambda day: _running(1)(day).ago(),
        "quarter": _running(3),
        "last-quarter": lambda day: _running(3)(day).ago(),
        "12m": lambda day: Period(_year_ago(day) + _DAY, day),
        "year": lambda day: Period(day.replace(month=1, day=1), day),
    }
)
"""The periods that have a name, each as of a day."""


def _part(text: str) -> Period:
    found = _TEXT.match(text)
    if found is None or int(found[1]) < 1000:
        raise ValueError(text)
    year, month, day = (int(one or 1) for one in found.groups())
    first = date(year, month, day)
    return Period(first, first) if found[3] else month_of(first)


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _months(first: int, n: int) -> Period:
    (year, month), (later, final) = (divmod(k, 12) for k in (first, first + n - 1))
    return Period(date(year, month + 1, 1), date(later, final + 1, monthrange(later, final + 1)[1]))


def _closing(day: date) -> bool:
    """Whether it is the last of a month."""
    return day.day == monthrange(day.year, day.month)[1]


def _year_ago(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _midnight(day: date, zone: str) -> Micros:
    """The first instant of a day; where a change of the clocks leaves midnight out, that of the change."""
    first = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return round((first - EPOCH).total_seconds()) * clock.SECOND


def _halves(day: date, zone: str, now: Micros) -> tuple[Micros, Micros]:
    """The last instant before a day, and the one of it at which it is as late as now."""
    return _midnight(day, zone) - 1, _like(now, day, zone)


def _like(now: Micros, day: date, zone: str) -> Micros:
    """When the clocks of a day show what they show now; within the day also where they are changed."""
    time = clock.moment(now, zone).timetz()
    same = (datetime.combine(day, time) - EPOCH) // timedelta(microseconds=1)
    first, end = _midnight(day, zone), _midnight(day + _DAY, zone)
    return min(max(same, first), end - 1)

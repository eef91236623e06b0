"""When an alert is looked at, on the shop's clock: days there have 23 hours or 25 now and then."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import numpy as np

from habitue.alerts.alert import Alert
from habitue.alerts.judge import WEEKS
from habitue.alerts.roles import Ints
from habitue.kernel import clock
from habitue.kernel.clock import DAY, HOUR, Micros
from habitue.messaging import quiet
from habitue.messaging.quiet import Quiet

_DAYS: Final = {"d": 1, "w": 7}


def last(alert: Alert, now: Micros, zone: str) -> Micros:
    """The last time at which it was to be looked at, by now."""
    if alert.every == "hour":
        return now // HOUR * HOUR
    today = clock.moment(now, zone).date()
    at = _daily(today, alert.at, zone)
    return at if at <= now else _daily(today - timedelta(1), alert.at, zone)


def looks(alert: Alert, since: Micros, until: Micros, zone: str) -> list[Micros]:
    """All of them after `since`, up to and including `until`."""
    if alert.every == "hour":
        return list(range((since // HOUR + 1) * HOUR, until + 1, HOUR))
    first, days = clock.moment(since, zone).date(), (until - since) // DAY + 2
    found = (_daily(first + timedelta(n), alert.at, zone) for n in range(days))
    return [at for at in found if since < at <= until]


def weeks(at: Micros, zone: str) -> list[Micros]:
    """The same time of the same weekday, a week ago, two weeks ago and so on."""
    return [_back(at, 7 * n, zone) for n in range(1, WEEKS + 1)]


def begun(at: Ints, span: str, zone: str) -> Ints:
    """When the length before each instant began: days and weeks by the clock on the wall, hours exactly."""
    if not span:
        return at
    number, unit = int(span[:-1]), span[-1]
    if unit not in _DAYS:
        return at - clock.duration(span)
    return np.asarray([_back(one, number * _DAYS[unit], zone) for one in at.tolist()], np.int64)


def heard(silent: str, now: Micros, zone: str) -> Micros:
    """When somebody may be told: now, or the end of the hours in which nobody is disturbed."""
    if not silent:
        return now
    start, stop = silent.split("-")
    return quiet.until(now, zone, Quiet(start=start, stop=stop), None) or now


def _daily(day: date, at: str, zone: str) -> Micros:
    return clock.instant(f"{day.isoformat()}T{at}", zone)


def _back(at: Micros, days: int, zone: str) -> Micros:
    moment = clock.moment(at, zone)
    there = (moment - timedelta(days)).replace(tzinfo=None, fold=moment.fold)
    return clock.instant(there.isoformat(), zone)

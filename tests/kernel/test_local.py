"""Local time for many at once agrees with the calendar, one person at a time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.kernel.clock import DAY, EPOCH, HOUR, MINUTE, instant
from habitue.kernel.local import days_on, instants, local, next_at

ZONES = (
    *("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"),
    *("Pacific/Apia", "America/Sao_Paulo", "UTC"),
)
STEP = timedelta(microseconds=1)

moments = st.datetimes(datetime(2009, 1, 1), datetime(2035, 1, 1)).map(
    lambda one: (one.replace(tzinfo=UTC) - EPOCH) // STEP
)
clocks = st.integers(0, 24 * 60 - 1) | st.sampled_from((0, 2 * 60, 2 * 60 + 30, 3 * 60))


def plain(shown: datetime, zone: str) -> int:
    return (shown.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) - EPOCH) // STEP


def wall(at: int, zone: str) -> datetime:
    return (EPOCH + at * STEP).astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


@settings(max_examples=300)
@given(moments, st.sampled_from(ZONES), st.integers(0, 400))
def test_calendar_days_keep_the_time_on_the_clock(at: int, zone: str, days: int) -> None:
    meant = plain(wall(at, zone) + timedelta(days=days), zone)
    assert days_on(np.array([at]), days, zone).tolist() == [meant]


@settings(max_examples=300)
@given(moments, st.sampled_from(ZONES), clocks, st.sets(st.integers(0, 6)))
def test_the_next_time_on_the_clock_is_the_first_that_is_not_past(
    at: int, zone: str, minutes: int, weekdays: set[int]
) -> None:
    first = wall(at, zone).date()
    days = [first + timedelta(days=ahead) for ahead in range(9)]
    shown = [datetime.combine(day, time(minutes // 60, minutes % 60)) for day in days]
    told = [(one, plain(one, zone)) for one in shown if not weekdays or one.weekday() in weekdays]
    meant = next(one for _, one in told if one >= at)
    assert next_at(np.array([at]), minutes * MINUTE, weekdays, zone).tolist() == [meant]


def test_what_the_clock_leaves_out_is_an_hour_later_and_what_comes_twice_is_the_first() -> None:
    gap, fold = instant("2026-03-29T02:30"), instant("2026-10-25T02:30")
    found = instants(np.array([gap, fold]), "Europe/Paris")
    assert found.tolist() == [instant("2026-03-29T03:30+02:00"), instant("2026-10-25T02:30+02:00")]
    assert (local(found, "Europe/Paris") - np.array([gap, fold])).tolist() == [HOUR, 0]


def test_a_day_is_not_always_24_hours() -> None:
    noon = instant("2026-03-28T12:00", "Europe/Paris")
    assert days_on(np.array([noon]), 1, "Europe/Paris").tolist() == [noon + DAY - HOUR]


@pytest.mark.parametrize("zone", ZONES)
def test_nobody_is_asked_about_and_nothing_is_found(zone: str) -> None:
    assert next_at(np.empty(0, np.int64), 0, (), zone).tolist() == []

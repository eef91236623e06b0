"""When an alert looks, on a clock that is put forward and back; what is usual then, and what is not."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest

from habitue.alerts.alert import Alert, When
from habitue.alerts.judge import judge
from habitue.alerts.kinds.sales import Sales
from habitue.alerts.looks import begun, heard, last, looks, weeks
from habitue.kernel.clock import DAY, HOUR, WEEK, instant, iso

PARIS = "Europe/Paris"


def alert(**more: str) -> Alert:
    return Alert(id="a", watch=Sales(), when=When("high"), **{"every": "day", **more})  # type: ignore[arg-type]


def at(text: str) -> int:
    return instant(text, PARIS)


def test_a_daily_look_is_at_the_same_time_on_the_wall_when_clocks_change() -> None:
    found = looks(alert(at="08:00"), at("2026-03-27T09:00"), at("2026-03-30T08:00"), PARIS)
    assert [iso(one) for one in found] == [
        "2026-03-28T07:00:00Z",
        "2026-03-29T06:00:00Z",
        "2026-03-30T06:00:00Z",
    ]
    assert last(alert(at="08:00"), at("2026-03-29T07:59"), PARIS) == found[0]
    assert last(alert(at="08:00"), at("2026-03-29T08:00"), PARIS) == found[1]


def test_an_hour_that_the_clock_skips_is_looked_at_all_the_same() -> None:
    found = looks(alert(at="02:00"), at("2026-03-28T12:00"), at("2026-03-30T12:00"), PARIS)
    assert [iso(one) for one in found] == ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]


def test_hourly_looks_are_as_many_as_there_were_hours() -> None:
    hourly = alert(every="hour")
    forth, back = (looks(hourly, at(day), at(day) + 2 * DAY, PARIS) for day in ("2026-03-28", "2026-10-24"))
    assert (len(forth), len(back)) == (48, 48)
    night = looks(hourly, at("2026-10-25"), at("2026-10-26"), PARIS)
    assert len(night) == 25


def test_a_week_ago_is_the_same_time_on_the_wall() -> None:
    now = at("2026-03-30T08:00")
    before = weeks(now, PARIS)
    assert now - before[0] == WEEK - HOUR  # the week in which clocks are put forward has an hour less
    assert before[0] - before[1] == WEEK
    assert len(before) == 8


def test_a_day_back_is_a_day_on_the_wall_and_hours_are_hours() -> None:
    now = np.asarray([at("2026-10-25T12:00")])
    assert (now - begun(now, "1d", PARIS)).tolist() == [25 * HOUR]
    assert (now - begun(now, "24h", PARIS)).tolist() == [24 * HOUR]
    assert begun(now, "", PARIS).tolist() == now.tolist()


@pytest.mark.parametrize(
    ("quiet", "now", "then"),
    [
        ("", "2026-10-24T23:00", "2026-10-24T23:00"),
        ("22:00-08:00", "2026-10-24T21:59", "2026-10-24T21:59"),
        ("22:00-08:00", "2026-10-24T23:00", "2026-10-25T08:00"),
        ("22:00-08:00", "2026-10-25T03:00", "2026-10-25T08:00"),
        ("12:00-14:00", "2026-10-25T13:00", "2026-10-25T14:00"),
    ],
)
def test_nobody_is_disturbed_in_quiet_hours(quiet: str, now: str, then: str) -> None:
    assert heard(quiet, at(now), PARIS) == at(then)


USUAL = [3.0, 2, 4, 3, 3, 5, 2, 3]


def test_twelve_where_three_are_usual_is_unusual_and_six_is_not() -> None:
    found = judge(When("high"), "count", 12, USUAL)
    assert (found.on, found.usual) == (True, 3)
    assert judge(When("high"), "count", 6, USUAL).on is False
    assert judge(When("low"), "count", 12, USUAL).on is False
    assert judge(When("odd"), "count", 12, USUAL).gap == found.gap > 0


def test_what_has_been_there_in_one_of_the_weeks_is_not_unusual() -> None:
    assert judge(When("high"), "count", 50, [*USUAL[:7], 50]).on is False


def test_with_fewer_than_four_weeks_nobody_knows_what_is_usual() -> None:
    assert judge(When("high"), "count", 1000, [3, 3, 3, *[nan] * 5]).on is None
    assert judge(When("above", 10), "count", 1000, [nan] * 8).on is True
    assert judge(When("above", 10), "count", nan, USUAL).on is None


def test_a_share_against_what_is_usual() -> None:
    assert judge(When("falls", 0.3), "money", 69, [100.0] * 8).on is True
    assert judge(When("falls", 0.3), "money", 71, [100.0] * 8).on is False
    assert judge(When("rises", 0.5), "count", 4, [2.0] * 8).on is False, "two more people are no news"

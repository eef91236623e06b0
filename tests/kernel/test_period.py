"""Periods: their texts, their neighbours, their edges where the clocks change, and what one may ask for."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.kernel.clock import DAY, HOUR, instant, iso
from habitue.kernel.errors import UserError
from habitue.kernel.period import (
    PRESETS,
    Period,
    Versus,
    after_end,
    asked,
    between,
    day_of,
    edges,
    month_of,
    parse,
    previous,
    until,
)

NOW = instant("2026-11-22T14:48")
TODAY = date(2026, 11, 22)
ZONE = "Europe/Paris"
ZONES = (ZONE, "Pacific/Auckland", "America/Havana", "America/Santiago", "Asia/Kolkata", "UTC")

days = st.dates(date(1990, 1, 1), date(2060, 12, 31))
periods = st.tuples(days, days).map(lambda two: Period(min(two), max(two))) | st.tuples(
    days, st.integers(1, 30)
).map(lambda two: Period(previous(two[0], two[1])[0].first, month_of(two[0]).last))


@given(periods)
def test_a_period_is_read_as_it_is_written(period: Period) -> None:
    assert parse(str(period)) == period


@given(periods, st.integers(1, 12))
def test_periods_before_are_as_long_and_end_where_the_next_begins(period: Period, n: int) -> None:
    some = [period.ago(k) for k in range(n, -2, -1)]
    assert all(one.last + timedelta(days=1) == two.first for one, two in pairwise(some))
    assert {(one.months, 0 if one.months else one.days) for one in some} == {
        (period.months, 0 if period.months else period.days)
    } or not period.months
    assert period.ago(n).ago(-n) == period or (not period.months and period.ago(n).months)


@given(days, st.sampled_from(ZONES))
def test_a_day_begins_where_the_one_before_has_ended_whatever_the_clocks_do(day: date, zone: str) -> None:
    one, two = (Period(some, some).span(zone, 1 << 60) for some in (day, day + timedelta(days=1)))
    assert one.after == two.before
    assert 23 * HOUR <= one.after - one.before <= 25 * HOUR
    assert (day_of(one.before, zone), day_of(one.after, zone)) == (day - timedelta(days=1), day)


@given(periods)
def test_a_year_earlier_has_the_same_days(period: Period) -> None:
    found = period.year_ago()
    assert (found.first.year, found.last.year) == (period.first.year - 1, period.last.year - 1)
    assert (found.first.month, found.last.month) == (period.first.month, period.last.month)
    assert period.months in (found.months, 0)


@pytest.mark.parametrize(
    ("text", "first", "last", "written"),
    [
        ("2026-04", "2026-04-01", "2026-04-30", "2026-04"),
        ("2026-04-01..2026-04-30", "2026-04-01", "2026-04-30", "2026-04"),
        ("2026-02..2026-04", "2026-02-01", "2026-04-30", "2026-02..2026-04"),
        ("2026-04..2026-02", "2026-02-01", "2026-04-30", "2026-02..2026-04"),
        ("2026-04-17..2026-04-03", "2026-04-03", "2026-04-17", "2026-04-03..2026-04-17"),
        (" 2028-02-29 ", "2028-02-29", "2028-02-29", "2028-02-29"),
    ],
)
def test_a_text_has_one_meaning_and_one_way_to_be_written(
    text: str, first: str, last: str, written: str
) -> None:
    found = parse(text)
    assert (found.first.isoformat(), found.last.isoformat(), str(found)) == (first, last, written)


NONE = "2026,2026-13,0000-01,2026-1-1,x,2026-01; drop,2026-02-30,2026-01..,..2026-01,20260101,99999-01,7D"


@pytest.mark.parametrize("text", ["", "2026-01..2026-02..2026-03", "\uff12026-01", *NONE.split(",")])
def test_what_is_no_period_is_said(text: str) -> None:
    with pytest.raises(UserError) as error:
        asked(text, TODAY)
    assert error.value.fields["text"] == text


def test_a_period_that_has_not_begun_or_is_too_long_is_refused() -> None:
    with pytest.raises(UserError, match="2026-11-23"):
        asked("2026-11-23..2026-11-30", TODAY)
    with pytest.raises(UserError, match="3660"):
        asked("2010-01-01..2026-01-01", TODAY)
    assert asked("2026-11-22..2026-12-05", TODAY).last == date(2026, 12, 5)
    assert asked("2017-01..2026-11", TODAY).months == 119


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("7d", "2026-11-16..2026-11-22"),
        ("30d", "2026-10-24..2026-11-22"),
        ("90d", "2026-08-25..2026-11-22"),
        ("month", "2026-11"),
        ("last-month", "2026-10"),
        ("quarter", "2026-10..2026-12"),
        ("last-quarter", "2026-07..2026-09"),
        ("12m", "2025-11-23..2026-11-22"),
        ("year", "2026-01-01..2026-11-22"),
    ],
)
def test_a_name_means_days_as_of_today(name: str, written: str) -> None:
    assert str(asked(name, TODAY)) == written


@given(days)
def test_every_named_period_has_begun_and_can_be_asked_for(day: date) -> None:
    for name in PRESETS:
        assert asked(name, day).first <= day


def test_days_are_those_of_the_zone_and_the_clocks_may_change_on_one() -> None:
    april = parse("2026-04-03..2026-04-17").span(ZONE, NOW)
    assert iso(april.before) == "2026-04-02T21:59:59.999999Z"
    assert iso(april.after) == "2026-04-17T21:59:59.999999Z"
    spring, autumn = (parse(day).span(ZONE, NOW) for day in ("2026-03-29", "2026-10-25"))
    assert (spring.after - spring.before, autumn.after - autumn.before) == (23 * HOUR, 25 * HOUR)
    assert iso(parse("2025-12").span("Pacific/Auckland", NOW).after) == "2025-12-31T10:59:59.999999Z"
    assert parse("2026-11").span(ZONE, NOW).after == parse("9999-12").span(ZONE, NOW).after == NOW
    assert str(month_of(day_of(instant("2026-10-31T23:30"), ZONE))) == "2026-11"
    assert str(month_of(day_of(instant("2026-10-31T23:30"), "America/New_York"))) == "2026-10"


def test_months_in_order() -> None:
    assert [str(one) for one in previous(date(2026, 2, 14), 4)] == [
        "2025-11",
        "2025-12",
        "2026-01",
        "2026-02",
    ]
    assert between(date(2025, 12, 31), date(2026, 2, 1)) == previous(date(2026, 2, 28), 3)
    assert (until(date(2026, 2, 28)), until(date(2028, 2, 28))) == ("2026-02", "..2028-02-28")


def test_a_period_that_runs_is_held_against_as_much_of_another() -> None:
    running = parse("2026-11")
    main, before = Versus(running, running.ago()).spans(ZONE, NOW)
    assert before.after - before.before == main.after - main.before == NOW - main.before
    assert Versus(running, running.ago()).since(ZONE, NOW) == main.before
    year = Versus(running, running.year_ago())
    assert year.since(ZONE, NOW) == year.spans(ZONE, NOW)[1].after == NOW - 365 * DAY
    over = Versus(parse("2026-04"), parse("2026-03"))
    assert over.spans(ZONE, NOW) == tuple(one.span(ZONE, NOW) for one in over)


def test_as_much_of_another_is_up_to_the_same_time_of_day_whatever_the_clocks_do() -> None:
    noon = instant("2026-04-10T12:00", ZONE)
    april = Versus(parse("2026-04"), parse("2026-03"))
    main, other = april.spans(ZONE, noon)
    assert (main.after, iso(other.after)) == (noon, "2026-03-10T11:00:00Z")  # an hour of daylight later
    quarter = Versus(parse("2026-04..2026-06"), parse("2026-01..2026-03"))
    assert iso(quarter.spans(ZONE, instant("2026-06-29T02:30", ZONE))[1].after) == "2026-03-31T00:30:00Z"
    assert quarter.spans(ZONE, instant("2026-06-30T02:30", ZONE))[1] == quarter.against.span(ZONE, noon)
    # On March 29 it is never half past two, on October 25 twice: a time of that day it is all the same.
    for day, at in (("2026-03-29", "01:30:00Z"), ("2025-10-26", "00:30:00Z")):
        today = Versus(parse("2026-04-10"), parse(day))
        assert iso(today.spans(ZONE, instant("2026-04-10T02:30", ZONE))[1].after) == f"{day}T{at}"


def test_whatever_spans_there_are_begin_and_end_at_edges() -> None:
    first, found = date(2025, 9, 1), edges(date(2025, 9, 1), ZONE, NOW)
    assert found == sorted(set(found))
    assert found[-1] == NOW
    for days, long, back in product((0, 1, 28, 83, 200), (1, 7, 30, 100), (0, 1)):
        last = TODAY - timedelta(days=days)
        period = Period(last - timedelta(days=long - 1), last)
        versus = Versus(period, period.year_ago() if back else period.ago())
        for at in (at for span in versus.spans(ZONE, NOW) for at in span):
            assert at in found or day_of(at, ZONE) < first


@pytest.mark.parametrize(
    ("month", "against", "found"),
    [
        (None, None, "2026-11"),
        ("2026-03", None, "2026-03"),
        ("2026-03", "2026-07", "2026-04..2026-07"),
        ("2026-03", "2026-03", "2026-03"),
        ("2027-03", "2028-01", "2026-11"),
        ("9999-01", None, "2026-11"),
        (None, "2025-01", "2025-02..2026-11"),
    ],
)
def test_two_month_ends_are_the_months_between(month: str | None, against: str | None, found: str) -> None:
    assert str(after_end(month, against, TODAY)) == found

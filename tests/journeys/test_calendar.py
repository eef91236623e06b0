"""Dates that customers have come round on their own clocks."""

from __future__ import annotations

import numpy as np

from habitue.journeys.calendar import anniversaries, occasions
from habitue.kernel.clock import DAY, instant

PARIS = ["Europe/Paris", "America/New_York"], np.array([0, 1, 0, 0, 0])
SAID = ["1980-02-29", "1990-12-24", None, "soon", "2020-11-23"]
NOW = instant("2026-11-23T10:00Z")


def test_a_birthday_comes_next_year_where_it_is_over_and_on_the_28th_of_february() -> None:
    at = np.full(5, NOW)
    assert occasions(SAID, at, "", "09:00", True, PARIS).tolist() == [
        instant("2027-02-28T08:00Z"),
        instant("2026-12-24T14:00Z"),
        NOW,
        NOW,
        instant("2027-11-23T08:00Z"),
    ]
    week = occasions(SAID[:2], at[:2], "-7d", "09:00", True, (PARIS[0], PARIS[1][:2]))
    assert week.tolist() == [instant("2027-02-21T08:00Z"), instant("2026-12-17T14:00Z")]


def test_a_date_that_is_behind_them_keeps_nobody_waiting() -> None:
    at, zones = np.array([NOW, NOW]), (["UTC"], np.zeros(2, np.int64))
    said = ["2026-11-25", "2026-11-01"]
    assert occasions(said, at, "", "09:00", False, zones).tolist() == [instant("2026-11-25T09:00Z"), NOW]


def test_each_year_has_its_day_once() -> None:
    who, when = anniversaries(SAID, NOW - 365 * DAY, NOW, "", "09:00", True, PARIS)
    assert sorted(zip(who.tolist(), when.tolist(), strict=True)) == [
        (0, instant("2026-02-28T08:00Z")),
        (1, instant("2025-12-24T14:00Z")),
        (4, instant("2026-11-23T08:00Z")),
    ]

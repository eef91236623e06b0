"""T4: nobody is disturbed, on 10,000 random clocks; and nobody waits longer than the silence lasts."""

from __future__ import annotations

from random import Random
from typing import Final

import numpy as np
import pytest

from habitue.kernel.clock import DAY, HOUR, MINUTE, Micros, instant, moment
from habitue.kernel.errors import UserError
from habitue.messaging import quiet
from habitue.messaging.quiet import Quiet

ZONES: Final = (
    *("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"),
    *("Pacific/Apia", "America/Sao_Paulo", "UTC", "Pacific/Chatham", "America/Havana"),
)
START: Final = instant("2024-01-01")
CASES: Final = 10_000

FRENCH: Final = ("2026-01-01", "2026-04-06", "2026-05-01", "2026-05-08", "2026-05-14", "2026-05-25")
"""Public holidays of France, by hand: Easter Monday is 6 April, Ascension 14 May, Whit Monday 25 May."""


def silent(at: Micros, zone: str, rule: Quiet) -> bool:
    """Whether it is, by the clock on the wall: as one would explain it."""
    wall = moment(at, zone)
    if wall.isoweekday() in rule.days:
        return True
    shown = f"{wall:%H:%M}"
    if not rule.start:
        return False
    if rule.start < rule.stop:
        return rule.start <= shown < rule.stop
    return shown >= rule.start or shown < rule.stop


def rule(dice: Random) -> Quiet:
    days = tuple(sorted(dice.sample(range(1, 8), dice.choice((0, 0, 1, 2)))))
    times = [f"{dice.randrange(24):02}:{dice.choice((0, 15, 30, 59)):02}" for _ in range(2)]
    start, stop = times if times[0] != times[1] and dice.random() < 0.9 else ("", "")
    return quiet.checked(Quiet(start, stop, days))


def test_nobody_is_disturbed_whatever_the_clock_and_the_rule() -> None:
    dice = Random(4)
    for _ in range(CASES):
        zone, told = dice.choice(ZONES), rule(dice)
        now = START + dice.randrange(3 * 365) * DAY + dice.randrange(DAY)
        end = quiet.until(now, zone, told, None)
        assert (end is not None) == silent(now, zone, told), (zone, told, now)
        assert end is None or (end > now and not silent(end, zone, told)), (zone, told, now)


def test_nobody_waits_longer_than_the_silence_lasts_but_for_the_hour_that_comes_twice() -> None:
    dice = Random(5)
    for _ in range(200):
        zone, told = dice.choice(ZONES), rule(dice)
        now = START + dice.randrange(3 * 365) * DAY + dice.randrange(DAY)
        end = quiet.until(now, zone, told, None)
        free = now
        while silent(free, zone, told):
            free += MINUTE - free % MINUTE
        assert end is None or 0 <= end - free <= HOUR, (zone, told, now)


def test_many_at_once_are_answered_as_each_alone() -> None:
    dice = Random(6)
    for _ in range(40):
        zone, told = dice.choice(ZONES), rule(dice)
        told = Quiet(told.start, told.stop, told.days, holidays=dice.random() < 0.5)
        first = START + dice.randrange(3 * 365) * DAY
        at = [first + dice.randrange(60 * DAY) for _ in range(60)]
        ends = quiet.untils(np.array(at, np.int64), zone, told, "FR")
        assert ends.tolist() == [quiet.until(one, zone, told, "FR") or 0 for one in at], (zone, told)


def test_french_holidays_and_sundays_are_quiet_for_texts() -> None:
    sms = Quiet("22:00", "08:00", (7,), holidays=True)
    for day in FRENCH:
        end = quiet.until(instant(f"{day}T12:00", "Europe/Paris"), "Europe/Paris", sms, "FR")
        assert end is not None
        assert moment(end, "Europe/Paris").hour == 8
    noon = instant("2026-05-08T12:00", "Europe/Paris")
    assert quiet.until(noon, "Europe/Paris", sms, "DE") is None
    # Saturday night, Sunday, and Whit Monday, which begins one minute before a midnight: Tuesday at eight.
    night = quiet.until(instant("2026-05-23T22:30", "Europe/Paris"), "Europe/Paris", sms, "FR")
    assert night == instant("2026-05-26T08:00", "Europe/Paris")


def test_the_hour_that_is_left_out_and_the_one_that_comes_twice() -> None:
    gap, fold = Quiet("22:00", "02:30"), Quiet("22:00", "02:30")
    spring = quiet.until(instant("2026-03-29T00:30:00Z"), "Europe/Paris", gap, None)
    autumn = quiet.until(instant("2026-10-25T00:15:00Z"), "Europe/Paris", fold, None)
    assert spring == instant("2026-03-29T01:30:00Z")
    assert autumn == instant("2026-10-25T01:30:00Z")


@pytest.mark.parametrize(
    "wrong",
    [
        Quiet("22:00"),
        Quiet("25:00", "08:00"),
        Quiet("08:00", "08:00"),
        Quiet(days=(0,)),
        Quiet(days=(*range(1, 8),)),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(wrong: Quiet) -> None:
    with pytest.raises(UserError):
        quiet.checked(wrong)

"""T1: two years of dates, schedules and waits in many zones, however long nobody looks: each comes once.

Beside the columns stands a plain model: one date, one clock, one zone at a time, with Python's own calendar.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from habitue.engine.sweep import NEVER
from habitue.journeys.entering import comers, skipped
from habitue.journeys.entries import Dated, Entry, Scheduled
from habitue.journeys.facts import Told
from habitue.journeys.spans import Spans
from habitue.kernel.clock import DAY, EPOCH, HOUR, MINUTE, instant
from habitue.kernel.local import WEEKDAYS, later

ZONES: Final = (
    *("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"),
    *("Pacific/Apia", "America/Sao_Paulo", "UTC", "Europe/London", "America/St_Johns", "Asia/Tehran"),
    *("Pacific/Chatham", "Africa/Cairo", "America/Santiago", "Asia/Jerusalem", "Australia/Adelaide"),
    *("America/Los_Angeles", "Atlantic/Azores", "Europe/Dublin", "Asia/Kolkata", "Pacific/Kiritimati"),
    *("America/Havana", "Asia/Beirut", "Antarctica/Troll", "Europe/Chisinau", "America/Asuncion"),
    *("Pacific/Auckland", "America/Caracas", "Asia/Tokyo", "Pacific/Marquesas"),
)
START: Final = instant("2025-10-01T00:00Z")
END: Final = instant("2027-10-01T00:00Z")
TIMES: Final = ("00:30", "01:00", "01:30", "02:00", "02:30", "03:00", "09:00", "23:30")


def at(day: date, clock: str, zone: str) -> int:
    """When a zone's clock shows this; later where it never does, the first time where it does twice."""
    hour, minute = map(int, clock.split(":"))
    shown = datetime.combine(day, time(hour, minute), ZoneInfo(zone))
    return (shown.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def days() -> list[date]:
    first = date(2025, 9, 29)
    return [first + timedelta(days=n) for n in range(737)]


class World:
    """A few people with a date, each in a zone, for all of whom a rule holds."""

    def __init__(self, zone: str, born: list[str], lives: list[int]) -> None:
        self.source = self
        self.zone = zone
        self.born, self.lives = born, np.array(lives, np.int64)

    def having(self, _trait: str) -> tuple[Any, list[str]]:
        return np.arange(len(self.born)), self.born

    def zones(self, persons: Any) -> tuple[tuple[str, ...], Any]:
        return ZONES, self.lives[persons]

    def spans(self, _watch: object) -> Spans:
        return Spans(np.arange(2), np.zeros(2, np.int64), np.full(2, NEVER))


def looked(entry: Entry, world: World, dice: Random) -> list[tuple[int, int, int]]:
    """Who came when, and under which day, where it is looked at every few minutes, hours or weeks."""
    found: list[tuple[int, int, int]] = []
    since = START
    while since < END:
        ahead = dice.choice((5 * MINUTE, HOUR, 7 * HOUR, DAY, 3 * DAY, 40 * DAY)) * dice.randint(1, 9)
        until = min(END, since + ahead)
        some = comers(entry, cast(Told, world), since, until)
        found += zip(some.person.tolist(), some.at.tolist(), some.day.tolist(), strict=True)
        since = until
    return found


@pytest.mark.parametrize("part", range(3))
def test_a_schedule_comes_round_once_on_each_of_its_days(part: int) -> None:
    dice = Random(part)
    for zone in ZONES[part::3]:
        clock = dice.choice(TIMES)
        chosen = tuple(dice.sample(WEEKDAYS, dice.randint(0, 3)))
        entry = Scheduled(rule="x", time=clock, days=chosen)
        found = looked(entry, World(zone, [], []), dice)
        meant = [
            (person, when, (day - date(1970, 1, 1)).days)
            for day in days()
            if not chosen or WEEKDAYS[day.weekday()] in chosen
            if START < (when := at(day, clock, zone)) <= END
            for person in (0, 1)
        ]
        assert [one[:2] for one in found] == [one[:2] for one in meant], (zone, clock)
        # What tells one time from another is its day: never the same twice, though clocks change.
        assert len({(person, day) for person, _, day in found}) == len(found), (zone, clock)


def test_a_birthday_comes_round_once_a_year_on_the_clock_of_who_has_it() -> None:
    dice = Random(5)
    for clock in TIMES[::2]:
        born = [date(1950, 1, 1) + timedelta(days=dice.randrange(20_000)) for _ in range(60)]
        born[0], born[1] = date(1980, 2, 29), date(1999, 12, 31)
        lives = [dice.randrange(len(ZONES)) for _ in born]
        shift = dice.choice((0, -7, 2))
        entry = Dated(trait="birthday", time=clock, offset=f"{shift}d" if shift else "")
        found = looked(entry, World("UTC", [one.isoformat() for one in born], lives), dice)
        meant = []
        for person, one in enumerate(born):
            for year in range(2024, 2030):
                leapt = (one.month, one.day) == (2, 29) and year % 4
                day = one.replace(year=year, day=28) if leapt else one.replace(year=year)
                when = at(day + timedelta(days=shift), clock, ZONES[lives[person]])
                if START < when <= END:
                    meant.append((person, when))
        assert sorted(one[:2] for one in found) == sorted(meant), clock
        assert len({(person, day) for person, _, day in found}) == len(found)


@pytest.mark.parametrize("shift", [0, -60, 3])
def test_who_moves_has_their_day_once(shift: int) -> None:
    """However often they live by another clock, and however rarely anybody looks."""
    dice = Random(shift)
    born = [date(2025, 10, 4) + timedelta(days=dice.randrange(30) - shift) for _ in range(200)]
    said = [one.replace(year=1990).isoformat() for one in born]
    entry = Dated(trait="birthday", time=dice.choice(TIMES), offset=f"{shift}d" if shift else "")
    lives = [dice.randrange(len(ZONES)) for _ in born]
    before, since = World("UTC", said, lives), START
    came: list[tuple[int, int]] = []
    late = 0
    while since < START + 40 * DAY:
        until = since + dice.choice((5 * MINUTE, HOUR, 7 * HOUR, DAY)) * dice.randint(1, 3)
        lives = [dice.randrange(len(ZONES)) if dice.random() < 0.3 else one for one in lives]
        now = World("UTC", said, lives)
        found = skipped(entry, cast(Told, now), cast(Told, before), START, since)
        some = comers(entry, cast(Told, now), since, until)
        assert max([START, *found.at.tolist()]) <= since
        late += len({*zip(found.person.tolist(), found.day.tolist(), strict=True)} - {*came})
        came += [*zip(found.person.tolist(), found.day.tolist(), strict=True)]
        came += [*zip(some.person.tolist(), some.day.tolist(), strict=True)]
        before, since = now, until
    days = [(one - date(1970, 1, 1)).days + shift for one in born]
    assert {*came} == {*enumerate(days)}
    assert late > 3  # who went east past their hour would have been missed


def test_ten_thousand_waits_end_when_the_calendar_has_it() -> None:
    dice = Random(7)
    starts = np.array([dice.randrange(START, END) // MINUTE * MINUTE for _ in range(10_000)], np.int64)
    whose = np.array([dice.randrange(len(ZONES)) for _ in range(10_000)], np.int64)
    for text, ahead in (("1d", 1), ("2w", 14)):
        found = later(starts, text, (ZONES, whose))
        for begin, zone, ends in zip(starts.tolist(), whose.tolist(), found.tolist(), strict=True):
            shown = (EPOCH + timedelta(microseconds=begin)).astimezone(ZoneInfo(ZONES[zone])).replace(fold=0)
            meant = (shown + timedelta(days=ahead)).astimezone(UTC)
            assert ends == (meant - EPOCH) // timedelta(microseconds=1), (begin, ZONES[zone])
    assert (later(starts, "24h", (ZONES, whose)) == starts + DAY).all()

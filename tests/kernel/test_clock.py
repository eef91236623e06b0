"""Instants and durations as people write them."""

from __future__ import annotations

import pytest

from habitue.kernel import clock
from habitue.kernel.errors import UserError


@pytest.mark.parametrize(
    ("text", "zone", "shown"),
    [
        ("2026-01-31", "UTC", "2026-01-31T00:00:00Z"),
        ("2026-01-31T14:30", "Europe/Paris", "2026-01-31T13:30:00Z"),
        ("2026-07-01T00:00:00.000001+02:00", "UTC", "2026-06-30T22:00:00.000001Z"),
        ("1000-01-01", "UTC", "1000-01-01T00:00:00Z"),
    ],
)
def test_an_instant_is_read_in_its_zone(text: str, zone: str, shown: str) -> None:
    assert clock.iso(clock.instant(text, zone)) == shown


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30", "0001-01-01", "9999-12-31", "2026-01-01T25:00"])
def test_what_is_no_date_is_refused_in_words(text: str) -> None:
    with pytest.raises(UserError, match="is not a date"):
        clock.instant(text, "Europe/Paris")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30m", 30 * clock.MINUTE),
        ("12h", 12 * clock.HOUR),
        ("90d", 90 * clock.DAY),
        ("6w", 42 * clock.DAY),
        ("1y", 365 * clock.DAY),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, length: int) -> None:
    assert clock.duration(text) == length
    assert clock.duration(clock.lasting(length)) == length


@pytest.mark.parametrize("text", ["", "0d", "90", "d", "-1d", "1.5d"])
def test_what_is_no_duration_is_refused_in_words(text: str) -> None:
    with pytest.raises(UserError, match="is not a duration"):
        clock.duration(text)


@pytest.mark.parametrize("text", ["99999999999d", "2000y", "9" * 50 + "m"])
def test_too_long_a_duration_is_told_the_limit(text: str) -> None:
    with pytest.raises(UserError, match="1,000 years"):
        clock.duration(text)

"""Warnings: rare where nothing changes, there where something does, and by the figures of plain Python."""

from __future__ import annotations

import random
from collections import Counter
from math import sqrt
from statistics import median
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.kernel.i18n import translator
from habitue.metrics import properties, unusual
from habitue.metrics.unusual import Oddity, known_weeks, said, week
from habitue.metrics.volume import DAYS, Volume

COUNTS = st.integers(0, 10_000)
WEEKS = st.lists(COUNTS, min_size=5, max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 9) | st.sampled_from(["a", "b", "é"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.lists(st.dictionaries(st.sampled_from(["p", "q", "r"]), VALUES, max_size=3), max_size=8)


def of(*days: int, earlier: int = 0) -> Volume:
    whole = (0,) * (DAYS - len(days)) + days
    return Volume("Order Completed", sum(whole) + earlier, 0, 0, ("shop",), whole)


def kinds(found: list[Oddity]) -> list[tuple[str, str | None]]:
    return [(one.kind, one.property) for one in found]


@given(COUNTS, WEEKS)
def test_a_week_is_judged_by_median_and_deviation(now: int, before: list[int]) -> None:
    """The rule once more, in the words of its description."""
    usual = median(before)
    off = sorted(abs(one - usual) for one in before)
    middle = len(off) // 2
    deviation = off[middle] if len(off) % 2 else (off[middle - 1] + off[middle]) / 2
    score = (now - usual) / max(1.4826 * deviation, sqrt(max(usual, 1)))
    expected = None
    if now == 0:
        expected = "stopped" if usual >= 7 else None
    elif score < -3.5 and all(now < one for one in before) and now <= 0.7 * usual:
        expected = "drop"
    elif score > 3.5 and all(now > one for one in before) and now >= 1.5 * usual:
        expected = "jump"
    found = week(now, before)
    assert (found.kind if found else None) == expected


@given(st.integers(1, 10_000), WEEKS, st.randoms())
def test_what_came_before_in_another_order_is_the_same(
    now: int, before: list[int], chance: random.Random
) -> None:
    other = chance.sample(before, len(before))
    assert week(now, before) == week(now, other)


@given(st.integers(0, 500))
def test_what_comes_every_day_alike_is_no_surprise(n: int) -> None:
    assert unusual.volume(of(*[n] * DAYS, earlier=1)) is None


def test_what_comes_once_a_month_is_expected_then_and_in_between() -> None:
    letters = [12_000 if day % 28 == 0 else 0 for day in range(DAYS * 2)]
    for start in range(28):
        assert unusual.volume(of(*letters[start : start + DAYS], earlier=1)) is None


def test_what_stops_falls_or_rises_is_told_with_what_is_usual() -> None:
    days = [100] * (DAYS - 8)
    for last, kind, now in ((0, "stopped", 0), (40, "drop", 280), (300, "jump", 2100)):
        found = unusual.volume(of(*days, *[last] * 8))
        assert found == Oddity(kind, None, {"now": now, "usual": 700})  # type: ignore[arg-type]
    assert unusual.volume(of(*days, *[0] * 7, 1)) == Oddity("drop", None, {"now": 0, "usual": 700})


def test_of_what_is_young_nobody_knows_what_is_usual() -> None:
    assert unusual.volume(of(*[100] * 28, *[0] * 8)) is None
    assert unusual.volume(of(*[100] * 35, *[0] * 8)) == Oddity("stopped", None, {"now": 0, "usual": 700})
    assert known_weeks([1, 0, 3, 0, 0], of(4)) == [1, 0, 3]
    assert known_weeks([1, 0, 3, 0, 0], of(4, earlier=1)) == [1, 0, 3, 0, 0]


def compared(recent: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[Oddity]:
    found = [properties.found(msgspec.json.encode(one).decode() for one in side) for side in (recent, before)]
    return list(unusual.properties(found[0], len(recent), found[1], len(before)))


def test_a_new_property_one_that_is_gone_and_one_of_another_type_are_told() -> None:
    before = [{"total": 5, "coupon": "X", "at": {"city": "Lyon"}}] * 40
    recent = [{"total": "5,00", "at": {"city": "Lyon"}, "gift": {"wrap": True, "card": "A"}}] * 40
    found = compared(recent, before)
    assert kinds(found) == [("gone", "coupon"), ("new", "gift"), ("flip", "total")]
    assert [said(one, translator("en")) for one in found] == [
        "“coupon” is gone: it was in 100% of the events before, in none for seven days.",
        "“gift” is new: in 100% of the last seven days’ events, in none before.",
        "“total” is now text in 100% of cases; it was number.",
    ]


@pytest.mark.parametrize(("n", "told"), [(4, False), (5, True)])
def test_of_few_events_nothing_is_said(n: int, told: bool) -> None:
    assert bool(compared([{"a": 1, "b": 1}] * n, [{"a": 1}] * 100)) is told


def test_what_our_door_keeps_of_a_browser_is_no_property_of_the_shop_s() -> None:
    seen = msgspec.json.encode({"context": {"page": {"path": "/"}}, "contextual": 1}).decode()
    here, there = properties.found([seen] * 20), properties.found(["{}"] * 20)
    for now, then in ((here, there), (there, here)):
        assert [one.property for one in unusual.properties(now, 20, then, 20)] == ["contextual"]


def test_what_may_be_missing_by_chance_is_not_told() -> None:
    rare = [{"a": 1, "b": 1}] + [{"a": 1}] * 99
    assert compared(rare, [{"a": 1}] * 500) == []  # 0.99 to the power of 500: 0.7 %
    assert kinds(compared(rare, [{"a": 1}] * 700)) == [("new", "b")]  # of 700: 0.09 %


def test_nothing_in_a_property_is_no_other_type() -> None:
    assert compared([{"a": None}] * 50, [{"a": 1}] * 50) == []


@given(EVENTS)
def test_events_are_never_unlike_themselves(events: list[dict[str, Any]]) -> None:
    assert compared(events * 3, events * 3) == []


@given(EVENTS)
def test_properties_are_counted_as_plain_python_does(events: list[dict[str, Any]]) -> None:
    def paths(value: Any, path: tuple[str, ...]) -> set[str]:
        found = set()
        if isinstance(value, dict):
            for key, inner in value.items():
                found |= {".".join((*path, key))} | paths(inner, (*path, key))
        if isinstance(value, list):
            for inner in value:
                found |= paths(inner, path) if isinstance(inner, dict) else set()
        return found

    counted = Counter(path for one in events for path in paths(one, ()))
    found = properties.found(msgspec.json.encode(one).decode() for one in events)
    assert {path: one.n for path, one in found.items()} == counted

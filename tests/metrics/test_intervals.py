"""Counts, months, moves and stays over random intervals, against the same written out in plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.kernel.clock import DAY
from habitue.metrics.counts import counts, monthly, moves
from habitue.metrics.flow import Move, flow
from habitue.metrics.months import months
from habitue.metrics.stay import lifetime, stay
from habitue.metrics.survival import Curve, Tally, estimate
from habitue.store.warehouse import Warehouse

VALUES = 4
LAST = VALUES - 1
"""The terminal value: coming back from it begins another life."""


class Stay(NamedTuple):
    subject: int
    start: int
    stop: int | None
    value: int
    life: int

    def holds(self, at: int) -> bool:
        return self.start <= at and (self.stop is None or self.stop > at)


instants = st.integers(-2 * DAY, 60 * DAY).map(lambda at: at - at % (DAY // 4))


@st.composite
def histories(draw: st.DrawFn) -> list[Stay]:
    """Subjects with adjoining stays; some leave the population for good, some stay for ever."""
    stays: list[Stay] = []
    for subject in range(draw(st.integers(0, 6))):
        edges = sorted(draw(st.sets(instants, min_size=1, max_size=6)))
        value, life = -1, 1
        for start, stop in zip(edges, [*edges[1:], None], strict=True):
            came_back = value == LAST
            value = draw(st.sampled_from([one for one in range(VALUES) if one != value]))
            life += came_back
            stays.append(Stay(subject, start, stop, value, life))
        if draw(st.booleans()) and len(edges) > 1:
            stays.pop()
    return stays


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    opened = Warehouse.open(None, threads=1)
    yield opened
    opened.close()


def fill(warehouse: Warehouse, stays: list[Stay]) -> None:
    """The stays as version 7, half of the subjects refolded; another version's rows must not be seen."""
    kinds = (pa.int32(), pa.timestamp("us"), pa.timestamp("us"), pa.int16(), pa.int16())
    names = ("subject", "start", "stop", "value", "life")
    table = pa.table(
        {
            name: pa.array([getattr(one, name) for one in stays], kind)
            for name, kind in zip(names, kinds, strict=True)
        }
    )
    with warehouse.write() as writer:
        for name in ("interval_base", "interval_tail", "refolded"):
            writer.run(f"DELETE FROM {name}")
        writer.run("INSERT INTO interval_base SELECT 7, * FROM stays WHERE subject % 2 = 0", stays=table)
        writer.run(
            "INSERT INTO interval_base SELECT 7, subject, start, NULL, 0, 1 FROM stays WHERE subject % 2 = 1",
            stays=table,
        )
        writer.run("INSERT INTO interval_tail SELECT 7, * FROM stays WHERE subject % 2 = 1", stays=table)
        writer.run(
            "INSERT INTO refolded SELECT DISTINCT 7, subject FROM stays WHERE subject % 2 = 1", stays=table
        )
        writer.run("INSERT INTO interval_base VALUES (8, 0, '1969-01-01', NULL, 2, 1)")


def at(stays: list[Stay], instant: int) -> dict[int, Stay]:
    return {one.subject: one for one in stays if one.holds(instant)}


@settings(max_examples=60, deadline=None)
@given(histories(), instants)
def test_counts_are_those_whose_stay_holds(warehouse: Warehouse, stays: list[Stay], instant: int) -> None:
    fill(warehouse, stays)
    assert counts(warehouse, 7, instant) == Counter(one.value for one in at(stays, instant).values())


@settings(max_examples=60, deadline=None)
@given(histories(), st.lists(instants, max_size=5).map(sorted))
def test_months_are_counts_at_each_instant(warehouse: Warehouse, stays: list[Stay], ends: list[int]) -> None:
    fill(warehouse, stays)
    found = monthly(warehouse, 7, ends, VALUES)
    assert found.shape == (len(ends), VALUES)
    for row, instant in zip(found.tolist(), ends, strict=True):
        held = Counter(one.value for one in at(stays, instant).values())
        assert row == [held[value] for value in range(VALUES)]


@settings(max_examples=60, deadline=None)
@given(histories(), st.lists(instants, min_size=2, max_size=5).map(sorted))
def test_entered_and_left_are_the_starts_and_stops_of_a_period(
    warehouse: Warehouse, stays: list[Stay], ends: list[int]
) -> None:
    fill(warehouse, stays)
    found = moves(warehouse, 7, ends, VALUES)
    for period, (begin, end) in enumerate(pairwise(ends)):
        entered = Counter(one.value for one in stays if begin <= one.start < end)
        left = Counter(one.value for one in stays if one.stop is not None and begin <= one.stop < end)
        assert found.entered[period].tolist() == [entered[value] for value in range(VALUES)]
        assert found.left[period].tolist() == [left[value] for value in range(VALUES)]


def test_months_are_as_wide_as_the_values_that_occur(warehouse: Warehouse) -> None:
    fill(warehouse, [Stay(0, 0, 5, 0, 1), Stay(0, 5, None, 2, 1)])
    assert monthly(warehouse, 7, [0, 5]).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert monthly(warehouse, 9, [0, 5]).tolist() == [[], []]


@settings(max_examples=100, deadline=None)
@given(histories(), st.tuples(instants, instants).map(sorted))
def test_the_flow_is_every_subject_once(warehouse: Warehouse, stays: list[Stay], ends: list[int]) -> None:
    fill(warehouse, stays)
    before, after = ends
    was, now = at(stays, before), at(stays, after)
    pairs: dict[tuple[int | None, int | None], list[float]] = {}
    for subject in was.keys() | now.keys():
        source, target = was.get(subject), now.get(subject)
        spent = pairs.setdefault((source and source.value, target and target.value), [])
        spent.append((source.stop - source.start) / DAY if source and source.stop is not None else 0)
    start = Counter(one.value for one in was.values())
    expected = {
        (source, target): (
            len(spent),
            None if source is None else pytest.approx(len(spent) / start[source]),
            None if source is None or source == target else pytest.approx(median(spent)),
        )
        for (source, target), spent in pairs.items()
    }
    seen = flow(warehouse, 7, before, after)
    found = list(seen.moves)
    assert {(one.from_value, one.to_value): (one.n, one.share, one.days) for one in found} == expected
    assert found == sorted(found, key=_order)
    since = Counter((one.value, (after - one.start) // DAY) for one in now.values())
    assert _tallies(seen.open) == since


def _tallies(tallies: Mapping[int, Tally]) -> Counter[tuple[int, int]]:
    """(value, days): how many; no two rows are of one length."""
    rows = [(value, days, n) for value, tally in tallies.items() for days, n in zip(*tally, strict=True)]
    assert len({(value, days) for value, days, _ in rows}) == len(rows)
    return Counter({(value, int(days)): int(n) for value, days, n in rows})


@settings(max_examples=100, deadline=None)
@given(histories(), st.sets(instants, min_size=1, max_size=6).map(sorted), instants)
def test_the_months_of_a_version_are_those_of_its_stays(
    warehouse: Warehouse, stays: list[Stay], ends: list[int], early: int
) -> None:
    fill(warehouse, stays)
    found = months(warehouse, 7, VALUES, ends)
    for end, row in zip(ends, found.at(ends).tolist(), strict=True):
        held = Counter(one.value for one in at(stays, end).values())
        assert row == [held[value] for value in range(VALUES)]
        begun = {one.subject for one in stays if one.start <= end}
        had = Counter({(one.value, one.subject): 1 for one in stays if one.start <= end})
        people = Counter(value for value, _ in had)
        assert found.ever(end) == (people if begun == at(stays, end).keys() else None)
        ended = [one for one in stays if one.stop is not None and one.stop <= end]
        lasted = Counter((one.value, (one.stop - one.start) // DAY) for one in ended if one.stop is not None)
        assert _tallies({value: found.lasted(value, end) for value in range(VALUES)}) == lasted
    if early < ends[0]:
        assert not found.at([early]).any()
        assert found.ever(early) == {}
        assert all(len(found.lasted(value, early).days) == 0 for value in range(VALUES))


def _order(move: Move) -> tuple[int, int]:
    source, target = move.from_value, move.to_value
    return (-1 if source is None else source), (VALUES if target is None else target)


def _curve(spans: list[tuple[int, int | None]], now: int) -> Curve:
    """The estimate over spans, counted one by one; those that end after now are open."""
    seen: dict[int, list[int]] = {}
    for start, stop in spans:
        done = stop is not None and stop <= now
        days = ((stop if stop is not None and done else now) - start) // DAY
        seen.setdefault(days, [0, 0])[0 if done else 1] += 1
    rows = [(day, *seen[day]) for day in sorted(seen)]
    return estimate(*(np.array([row[i] for row in rows], np.int64) for i in range(3)))


@settings(max_examples=60, deadline=None)
@given(histories(), instants, st.none() | st.tuples(instants, instants))
def test_a_stay_is_open_until_it_ends_by_now(
    warehouse: Warehouse, stays: list[Stay], now: int, begun: tuple[int, int] | None
) -> None:
    fill(warehouse, stays)
    spans = [
        (one.start, one.stop)
        for one in stays
        if one.value == 1 and one.start <= now and (begun is None or begun[0] <= one.start < begun[1])
    ]
    assert stay(warehouse, 7, 1, now, begun) == _curve(spans, now)


@settings(max_examples=60, deadline=None)
@given(histories(), instants)
def test_a_life_lasts_from_its_first_stage_until_it_is_lost(
    warehouse: Warehouse, stays: list[Stay], now: int
) -> None:
    fill(warehouse, stays)
    lives: dict[tuple[int, int], list[Stay]] = {}
    for one in stays:
        if one.value in (1, 2) and one.start <= now:
            lives.setdefault((one.subject, one.life), []).append(one)
    spans = [(min(one.start for one in life), max(life).stop) for life in lives.values()]
    assert lifetime(warehouse, 7, (1, 2), now) == _curve(spans, now)

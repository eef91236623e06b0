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
from habitue.metrics.lives import Library
from habitue.metrics.stay import lifetime, stay
from habitue.metrics.survival import Curve, Tally, estimate
from habitue.metrics.walk import tallied, walk
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


@settings(max_examples=150, deadline=None)
@given(
    histories(),
    st.lists(instants, min_size=1, max_size=6, unique=True).map(sorted),
    st.tuples(instants, instants).map(sorted),
    st.none() | st.sets(st.integers(0, 8)),
)
def test_one_walk_counts_what_looking_at_each_subject_counts(
    warehouse: Warehouse, stays: list[Stay], more: list[int], ends: list[int], only: set[int] | None
) -> None:
    fill(warehouse, stays)
    before, after = ends
    edges = sorted({*more, *ends})
    main, other = (edges.index(before), edges.index(after)), (0, len(edges) - 1)
    lives = Library(warehouse).lives(7)
    if only is not None:
        lives = lives.among(np.array(sorted(only), np.int64))
        stays = [one for one in stays if one.subject in only]
    seen = walk(lives, VALUES, edges, [main, other])
    for row, edge in zip(seen.counts.tolist(), edges, strict=True):
        held = Counter(one.value for one in at(stays, edge).values())
        assert row == [held[value] for value in range(VALUES)]
    for table, (a, b) in zip(seen.pairs, (main, other), strict=True):
        assert _table(stays, edges[a], edges[b]) == table.tolist()
    found = flow(seen.pairs[0], seen.spent)
    assert {(one.from_value, one.to_value): (one.n, one.share, one.days) for one in found} == _flow(
        stays, *ends
    )
    assert list(found) == sorted(found, key=_order)
    now = at(stays, after)
    assert _tallies(dict(enumerate(seen.still))) == Counter(
        (one.value, (after - one.start) // DAY) for one in now.values()
    )
    assert _tallies(dict(enumerate(seen.ended))) == Counter(
        (one.value, (one.stop - one.start) // DAY)
        for one in stays
        if one.stop is not None and one.stop <= after
    )
    had = {(one.subject, one.value) for one in stays if one.start <= after and one.subject in now}
    assert seen.ever.tolist() == [sum(value == one for _, one in had) for value in range(VALUES)]


def _table(stays: list[Stay], before: int, after: int) -> list[list[int]]:
    """People by place at both."""
    was, now = at(stays, before), at(stays, after)
    table = [[0] * (VALUES + 1) for _ in range(VALUES + 1)]
    for subject in was.keys() | now.keys():
        source, target = (side[subject].value + 1 if subject in side else 0 for side in (was, now))
        table[source][target] += 1
    return table


def _flow(stays: list[Stay], before: int, after: int) -> dict[tuple[int | None, int | None], object]:
    """How many, which share, and the median days that the movers had spent."""
    was, now = at(stays, before), at(stays, after)
    pairs: dict[tuple[int | None, int | None], list[float]] = {}
    for subject in was.keys() | now.keys():
        source, target = was.get(subject), now.get(subject)
        spent = pairs.setdefault((source and source.value, target and target.value), [])
        spent.append((source.stop - source.start) / DAY if source and source.stop is not None else 0)
    start = Counter(one.value for one in was.values())
    return {
        (source, target): (
            len(spent),
            None if source is None else pytest.approx(len(spent) / start[source]),
            None if source is None or source == target else pytest.approx(median(spent)),
        )
        for (source, target), spent in pairs.items()
    }


@settings(max_examples=60, deadline=None)
@given(histories(), st.lists(instants, min_size=2, max_size=6, unique=True).map(sorted))
def test_every_change_belongs_to_the_period_that_it_ends_or_lies_in(
    warehouse: Warehouse, stays: list[Stay], ends: list[int]
) -> None:
    fill(warehouse, stays)
    found = tallied(Library(warehouse).lives(7), VALUES, ends)
    assert found.counts.tolist() == monthly(warehouse, 7, ends, VALUES).tolist()
    moved = Counter[tuple[int, int, int]]()
    for one, before in zip(stays, [None, *stays], strict=False):
        near = before is not None and (before.subject, before.stop) == (one.subject, one.start)
        moved[one.start, before.value + 1 if before and near else 0, one.value + 1] += 1
    for one, after in zip(stays, [*stays, None][1:], strict=True):
        if one.stop is not None and (
            after is None or (after.subject, after.start) != (one.subject, one.stop)
        ):
            moved[one.stop, one.value + 1, 0] += 1
    expected = np.zeros((len(ends) - 1, VALUES + 1, VALUES + 1), np.int64)
    for (when, source, target), n in moved.items():
        for period, (begin, end) in enumerate(pairwise(ends)):
            expected[period, source, target] += n * (begin < when <= end)
    assert found.moves.tolist() == expected.tolist()


def _tallies(tallies: Mapping[int, Tally]) -> Counter[tuple[int, int]]:
    """(value, days): how many; no two rows are of one length."""
    rows = [(value, days, n) for value, tally in tallies.items() for days, n in zip(*tally, strict=True)]
    assert len({(value, days) for value, days, _ in rows}) == len(rows)
    return Counter({(value, int(days)): int(n) for value, days, n in rows})


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

"""Laying two definitions side by side counts what looking at each customer at each instant counts."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from habitue.engine.beside import Both
from habitue.engine.sweep import NEVER, Intervals
from habitue.metrics.contrast import Counting

VALUES = 3
ENDS = (10, 20, 20, 35)
Stay = tuple[int, int, int]


@st.composite
def lives(draw: st.DrawFn) -> list[list[Stay]]:
    """For each of some subjects its stays `(start, stop, value)`, in order, now and then with a gap."""
    found = []
    for _ in range(draw(st.integers(0, 5))):
        edges = sorted(draw(st.sets(st.integers(0, 40), max_size=6)))
        stays = [
            (a, b, draw(st.integers(0, VALUES - 1)))
            for a, b in zip(edges, [*edges[1:], NEVER], strict=False)
            if draw(st.integers(0, 4))
        ]
        found.append(stays)
    return found


def laid(some: list[list[Stay]], low: int) -> Intervals:
    rows = [(low + n, *stay, 1) for n, stays in enumerate(some) for stay in stays]
    kinds = (np.int32, np.int64, np.int64, np.int16, np.int16)
    columns = zip(*rows, strict=True) if rows else ([],) * 5
    return Intervals(*(np.array(list(one), kind) for one, kind in zip(columns, kinds, strict=True)))


def place(stays: list[Stay], at: int) -> int:
    return next((value + 1 for start, stop, value in stays if start <= at < stop), 0)


def changes(stays: list[Stay]) -> list[tuple[int, int, int]]:
    """Each change `(at, from, to)`, one by one."""
    found, before = [], 0
    for at in sorted({edge for start, stop, _ in stays for edge in (start, stop)} - {NEVER}):
        here = place(stays, at)
        # Two stays of one value that touch are counted as two; the engine makes none such.
        touch = any(stop == at for _, stop, _ in stays) and any(start == at for start, _, _ in stays)
        if here != before or touch:
            found.append((at, before, here))
        before = here
    return found


@given(lives(), lives(), st.integers(0, 5), st.booleans())
def test_it_counts_what_one_by_one_counts_however_they_are_split(
    kept: list[list[Stay]], drafted: list[list[Stay]], cut: int, exact: bool
) -> None:
    size = max(len(kept), len(drafted))
    kept, drafted = (some + [[]] * (size - len(some)) for some in (kept, drafted))
    counting = Counting(ENDS, (VALUES, VALUES), 100)
    for low, high in ((0, min(cut, size)), (min(cut, size), size)):
        counting.add(Both(low, high, laid(kept[low:high], low), laid(drafted[low:high], low)))
    found = counting.found(exact)

    pairs = list(zip(kept, drafted, strict=True))
    for end, cross in zip(ENDS, found.cross, strict=True):
        counted = Counter((place(a, end), place(b, end)) for a, b in pairs)
        del counted[0, 0]
        assert {(a, b): n for (a, b), n in np.ndenumerate(cross) if n} == counted
    for tally, some in ((found.old, kept), (found.new, drafted)):
        for period, (after, until) in enumerate(pairwise(ENDS)):
            moved = Counter((a, b) for stays in some for at, a, b in changes(stays) if after < at <= until)
            assert {(a, b): n for (a, b), n in np.ndenumerate(tally.moves[period]) if n} == moved
    elsewhere = [(n, place(a, 35), place(b, 35)) for n, (a, b) in enumerate(pairs)]
    assert list(zip(found.subject, found.before, found.after, strict=True)) == [
        one for one in elsewhere if one[1] != one[2]
    ]
    assert found.people == sum(bool(a or b) for a, b in pairs)
    assert found.sampled is (not exact and found.people < 100)

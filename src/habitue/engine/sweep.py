"""The kernel: walks each subject's change points in time order and emits intervals.

Every condition is a running sum of weighted intervals compared with a range; a rule is Boolean
algebra over those comparisons. One subject needs nothing of another, so batches of subjects run on
all cores: the compiled loop releases the GIL.

Layout. A *row* is a list of instants, grouped by subject and sorted. A *track* is a running sum: it
rises at the instants of one row and falls at those of another, or at the same ones `shift` later, or
never. A *test* holds while `low <= sum <= high` (or its opposite). A *program* is a postfix formula
over tests. The first program that is true gives the subject's value.

Two passes for each subject. First every track is walked alone (two cursors) and only the instants at
which one of its tests flips are kept. Then the flips of all tracks are merged and the formula is read
once for every instant that has any. Most contributions flip nothing, so the merge is short.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

NEVER: Final = np.iinfo(np.int64).max
AND: Final = -1
OR: Final = -2
NOT: Final = -3
TRUE: Final = -4

TABLED: Final = 12
ONE: Final = np.uint64(1)

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Numba's `njit` with a cache on disk and without the GIL, typed as the plain function."""
    return cast(F, numba.njit(cache=True, nogil=True, boundscheck=False)(function))


class Tracks(NamedTuple):
    """Running sums over a batch of subjects.

    times: int64[n], µs, all rows one after the other; bounds: int64[rows, subjects + 1] gives each
    subject's stretch of a row. weights: int64[m]. tracks: int64[tracks, 5] of
    rise (row), fall (row, or -1: never), shift (µs added to the falling instants), and the offsets
    that lead from an instant's place in `times` to its weight in `weights`, for rise and for fall
    (NEVER: every weight is 1). A falling instant of NEVER stays up.
    """

    times: Ints
    weights: Ints
    bounds: Ints
    tracks: Ints


class Formula(NamedTuple):
    """Tests and programs as arrays.

    tests: int64[n, 3] of low, high, opposite (0 or 1), grouped by track; first: int64[tracks + 1] is
    each track's stretch of tests. code: int64[m] postfix; programs: int64[p, 2] is each one's stretch
    of code; program 0 is the population, the others are the values in order.
    terminal: int64[p] is 1 where the value ends a life. table: int16[2 ** n], the value for every
    state of the tests (test i is bit i); empty when there are too many tests for one.
    """

    tests: Ints
    first: Ints
    code: Ints
    programs: Ints
    terminal: Ints
    table: NDArray[np.int16]


def tabled(formula: Formula) -> Formula:
    """The formula with its table, where the tests are few enough to afford one."""
    bits = len(formula.tests)
    if bits > TABLED:
        return formula
    return formula._replace(table=_tabulate(bits, formula.code, formula.programs))


class Intervals(NamedTuple):
    """Half-open intervals [start, stop) of a batch, by subject and time; stop is NEVER while open.

    subject: int32 (position in the batch), start, stop: int64 µs, value, life: int16.
    """

    subject: NDArray[np.int32]
    start: Ints
    stop: Ints
    value: NDArray[np.int16]
    life: NDArray[np.int16]


def ready() -> None:
    """Load the compiled kernel, compiling it where it never ran here: some seconds that belong to no fold."""
    none, nobody = np.empty(0, np.int64), np.full(1, NEVER)
    programs = np.array([[0, 1], [0, 1]])
    formula = Formula(
        np.empty((0, 3), np.int64),
        np.zeros(1, np.int64),
        np.array([TRUE]),
        programs,
        np.zeros(2, np.int64),
        np.empty(0, np.int16),
    )
    tracks = Tracks(none, none, np.empty((0, 2), np.int64), np.empty((0, 5), np.int64))
    sweep(nobody, tracks, tabled(formula))


def sweep(births: Ints, tracks: Tracks, formula: Formula) -> Intervals:
    """The intervals of every subject of a batch, from its birth on.

    births: int64[subjects], the instant from which the subject exists (NEVER: not at all). At any
    instant from then on it holds at most one value, and exactly one where the population holds and
    the last program is always true. Neighbouring intervals of one value are one interval.
    """
    flips = _flips(tracks.bounds, tracks.tracks, formula.first)
    room = int(flips.sum()) + len(births)
    subject, value, life = np.empty(room, np.int32), np.empty(room, np.int16), np.empty(room, np.int16)
    start, stop = np.empty(room, np.int64), np.empty(room, np.int64)
    writable = np.require(births, np.int64, "W")  # or the loop is compiled once more for arrays that are not
    laid_out = (writable, int(flips.max(initial=0)), *tracks, *formula, subject, start, stop, value, life)
    n = cast(Callable[..., int], _sweep)(*laid_out)
    return Intervals(subject[:n].copy(), start[:n].copy(), stop[:n].copy(), value[:n].copy(), life[:n].copy())


def _flips(bounds: Ints, tracks: Ints, first: Ints) -> Ints:
    """int64[subjects]: at most so many tests of each subject can flip."""
    most = np.zeros(bounds.shape[1] - 1, np.int64)
    for track, tests in zip(tracks, np.diff(first), strict=True):
        for row in track[:2]:
            if row >= 0:
                most += np.diff(bounds[row]) * tests
    return most


@compiled
def _holds(code: Ints, start: int, stop: int, truth: NDArray[np.bool_], stack: NDArray[np.bool_]) -> bool:
    top = -1
    for i in range(start, stop):
        op = code[i]
        if op >= 0:
            top += 1
            stack[top] = truth[op]
        elif op == NOT:
            stack[top] = not stack[top]
        elif op == TRUE:
            top += 1
            stack[top] = True
        else:
            top -= 1
            if op == AND:
                stack[top] = stack[top] and stack[top + 1]
            else:
                stack[top] = stack[top] or stack[top + 1]
    return bool(stack[0])


@compiled
def _value(code: Ints, programs: Ints, truth: NDArray[np.bool_], stack: NDArray[np.bool_]) -> int:
    if not _holds(code, programs[0, 0], programs[0, 1], truth, stack):
        return -1
    for p in range(1, programs.shape[0]):
        if _holds(code, programs[p, 0], programs[p, 1], truth, stack):
            return p - 1
    return -1


@compiled
def _tabulate(bits: int, code: Ints, programs: Ints) -> NDArray[np.int16]:
    table = np.empty(1 << bits, np.int16)
    truth = np.zeros(bits, np.bool_)
    stack = np.zeros(len(code) + 1, np.bool_)
    for state in range(1 << bits):
        for i in range(bits):
            truth[i] = (state >> i) & 1 == 1
        table[state] = _value(code, programs, truth, stack)
    return table


@compiled
def _walk(
    s: int,
    times: Ints,
    weights: Ints,
    bounds: Ints,
    track: Ints,
    tests: Ints,
    low: int,
    high: int,
    truth: NDArray[np.bool_],
    flip_at: Ints,
    flip_test: Ints,
    n: int,
) -> int:
    """Walk one track of subject s; note from place n on when its tests low..high flip; the next free one."""
    rise, fall, shift, up, down = track[0], track[1], track[2], track[3], track[4]
    i = np.uint64(bounds[rise, s])
    last = np.uint64(bounds[rise, s + 1])
    j = np.uint64(bounds[fall, s] if fall >= 0 else 0)
    final = np.uint64(bounds[fall, s + 1] if fall >= 0 else 0)
    while j < final and times[final - ONE] == NEVER:
        final -= ONE
    total = 0
    rising = times[i] if i < last else NEVER
    falling = times[j] + shift if j < final else NEVER
    while rising != NEVER or falling != NEVER:
        # No branch on which comes first: it is a coin toss, and a wrong guess costs more than both.
        rises = rising <= falling
        at = rising if rises else falling
        if up == NEVER:
            total += 1 if rises else -1
        elif rises:
            total += weights[np.int64(i) + up]
        else:
            total -= weights[np.int64(j) + down]
        i += np.uint64(rises)
        j += np.uint64(not rises)
        rising = times[i] if i < last else NEVER
        falling = times[j] + shift if j < final else NEVER
        if at in (rising, falling):
            continue
        for test in range(low, high):
            now = (tests[test, 0] <= total <= tests[test, 1]) != (tests[test, 2] == 1)
            flip_at[n] = at
            flip_test[n] = test
            n += now != truth[test]
            truth[test] = now
    return n


@compiled
def _packed(truth: NDArray[np.bool_]) -> int:
    """The state of the tests as a place in the table."""
    state = 0
    for test in range(len(truth)):
        if truth[test]:
            state |= 1 << test
    return state


@compiled
def _flip(
    at: int,
    here: Ints,
    stop: Ints,
    flip_at: Ints,
    flip_test: Ints,
    truth: NDArray[np.bool_],
    state: int,
    looked_up: bool,
) -> tuple[int, int]:
    """Flip all that flips up to `at`; the state then, and when the next flip is due."""
    soonest = NEVER
    for k in range(len(here)):
        i = here[k]
        while i < stop[k] and flip_at[i] <= at:
            if looked_up:
                state ^= 1 << flip_test[i]
            else:
                truth[flip_test[i]] = not truth[flip_test[i]]
            i += 1
        here[k] = i
        if i < stop[k]:
            soonest = min(soonest, flip_at[i])
    return state, soonest


@compiled
def _sweep(
    births: Ints,
    most: int,
    times: Ints,
    weights: Ints,
    bounds: Ints,
    tracks: Ints,
    tests: Ints,
    first: Ints,
    code: Ints,
    programs: Ints,
    terminal: Ints,
    table: NDArray[np.int16],
    out_subject: NDArray[np.int32],
    out_start: Ints,
    out_stop: Ints,
    out_value: NDArray[np.int16],
    out_life: NDArray[np.int16],
) -> int:
    outset = (tests[:, 0] <= 0) & (tests[:, 1] >= 0) != (tests[:, 2] == 1)
    truth = outset.copy()
    stack = np.zeros(len(code) + 1, np.bool_)
    flip_at = np.empty(most + 1, np.int64)
    flip_test = np.empty(most + 1, np.int64)
    here = np.zeros(len(tracks), np.int64)
    stop = np.zeros(len(tracks), np.int64)
    looked_up = len(table) > 0
    dawn = _packed(outset) if looked_up else 0
    n = 0
    for s in range(len(births)):
        if births[s] == NEVER:
            continue
        truth[:] = outset
        end = 0
        for k in range(len(tracks)):
            here[k] = end
            low, high = first[k], first[k + 1]
            end = _walk(
                s, times, weights, bounds, tracks[k], tests, low, high, truth, flip_at, flip_test, end
            )
            stop[k] = end
        truth[:] = outset
        state, value, last, life = dawn, -1, -1, 1
        since = soonest = int(births[s])
        while soonest != NEVER:
            # Everything that happens at one instant applies together, then the formula is read once.
            at = soonest
            state, soonest = _flip(at, here, stop, flip_at, flip_test, truth, state, looked_up)
            found = int(table[state]) if looked_up else _value(code, programs, truth, stack)
            if found == value:
                continue
            if value >= 0:
                out_subject[n], out_start[n], out_stop[n] = s, since, at
                out_value[n], out_life[n] = value, life
                n += 1
            if found >= 0:
                if last >= 0 and terminal[last + 1] == 1 and terminal[found + 1] == 0:
                    life += 1
                last = found
            value, since = found, at
        if value >= 0:
            out_subject[n], out_start[n], out_stop[n] = s, since, NEVER
            out_value[n], out_life[n] = value, life
            n += 1
    return n

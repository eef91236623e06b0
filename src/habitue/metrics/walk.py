"""One walk over everybody's stays that counts all that a page about stages shows."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple, TypeVar, cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from habitue.engine.sweep import Ints, compiled
from habitue.kernel.clock import DAY
from habitue.metrics.contrast import OUT, Tally
from habitue.metrics.counts import Counts
from habitue.metrics.lives import Lives, Part
from habitue.metrics.survival import Tally as Days

T = TypeVar("T")

_DAY: Final = np.uint64(DAY)
_ONE: Final = np.uint64(1)


class Seen(Struct, frozen=True, eq=False):
    """What was counted, by places (see `OUT`).

    `counts` is people at each of the instants [instant, value]; `pairs` people by place at both instants of
    each pair [pair, from, to].
    About the first pair's two instants: `ended` and `still` are how many whole days the stays in each value
    lasted that had ended by the later one, and that went on then; `ever` how many of those who had a value
    then had had each by then; `spent` (µs) how long those who had moved from place to place had been there.
    """

    counts: Counts
    pairs: Counts
    ended: tuple[Days, ...]
    still: tuple[Days, ...]
    ever: Counts
    spent: dict[tuple[int, int], Ints]


class _Sums(NamedTuple):
    """What the loop adds to: `counts` is [place, instant], as differences from one instant to the next."""

    counts: Counts
    pairs: Counts
    ended: Counts
    still: Counts
    ever: Counts


def walk(lives: Lives, values: int, instants: Sequence[int], pairs: Sequence[tuple[int, int]]) -> Seen:
    """All of it for a definition with so many values; `instants` rise, `pairs` are two of their places each.

    The first pair is the one that is looked at closely: the earlier instant, then the later one.
    """
    edges, both = np.asarray(instants, np.int64), np.asarray(pairs, np.int64).reshape(-1, 2)
    after = int(edges[both[0, 1]])
    days = max(0, after - (after if lives.earliest is None else lives.earliest)) // DAY + 1
    done = _each(lives, lambda part, counted: _walked(part, counted, edges, both, values + 1, days))
    sums = _Sums(*_added([one for one, *_ in done]))
    code, spent = (np.concatenate([one[which] for one in done]) for which in (1, 2))
    return _seen(sums, code, spent)


def tallied(lives: Lives, values: int, instants: Sequence[int]) -> Tally:
    """People at the instants, which rise, and who changed after each up to the next."""
    edges, width = np.asarray(instants, np.int64), values + 1

    def walked(part: Part, counted: NDArray[np.bool_]) -> tuple[Counts, Counts]:
        counts = np.zeros((width, len(edges) + 1), np.int64)
        moves = np.zeros((len(edges) - 1, width, width), np.int64)
        cast(Callable[..., None], _changed)(*part[1:], counted, edges, counts, moves)
        return counts, moves

    counts, moves = _added(_each(lives, walked))
    return Tally(_standing(counts), moves)


def _each(lives: Lives, walked: Callable[[Part, NDArray[np.bool_]], T]) -> list[T]:
    """What was found in every part, on all cores."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(lambda one: walked(*one), lives.parts))


def _added(some: Sequence[tuple[Counts, ...]]) -> list[Counts]:
    """The tables of all parts, each added up."""
    return [np.sum(tables, axis=0) for tables in zip(*some, strict=True)]


def _walked(
    part: Part, counted: NDArray[np.bool_], edges: Ints, both: Counts, width: int, days: int
) -> tuple[_Sums, Ints, Ints]:
    shapes = (width, len(edges) + 1), (len(both), width, width), (width, days), (width, days), (width,)
    sums = _Sums(*(np.zeros(shape, np.int64) for shape in shapes))
    code, spent = np.empty(len(part.subject), np.int64), np.empty(len(part.subject), np.int64)
    n = cast(Callable[..., int], _walk)(*part[1:], counted, edges, both, *sums, code, spent)
    return sums, code[:n].copy(), spent[:n].copy()


def _seen(sums: _Sums, code: Ints, spent: Ints) -> Seen:
    width = len(sums.ever)
    sums.pairs[:, OUT, OUT] = 0
    order = np.argsort(code, kind="stable")
    codes, begins = np.unique(code[order], return_index=True)
    groups = np.split(spent[order], begins[1:])
    return Seen(
        _standing(sums.counts),
        sums.pairs,
        tuple(_days(row) for row in sums.ended[1:]),
        tuple(_days(row) for row in sums.still[1:]),
        sums.ever[1:],
        {divmod(one, width): group for one, group in zip(codes.tolist(), groups, strict=False)},
    )


def _standing(counts: Counts) -> Counts:
    """Differences from one instant to the next, by place, as people: [instant, value]."""
    return np.cumsum(counts, axis=1)[1:, :-1].T


def _days(row: Ints) -> Days:
    here = np.flatnonzero(row)
    return Days(here.astype(np.int64), row[here])


@compiled
def _walk(
    first: Ints,
    at: Ints,
    place: NDArray[np.int8],
    counted: NDArray[np.bool_],
    instants: Ints,
    both: Counts,
    counts: Counts,
    pairs: Counts,
    ended: Counts,
    still: Counts,
    ever: Counts,
    code: Ints,
    spent: Ints,
) -> int:
    """Each subject's changes in order; returns how many had moved between the first pair's instants.

    Several short loops over a subject's changes take half the time of one that does it all.
    """
    ends, width, found = len(instants), len(ever), 0
    one, two = both[0, 0], both[0, 1]
    before, after = instants[one], instants[two]
    stood = np.zeros(ends, np.int64)
    for i in range(len(first) - 1):
        if not counted[i]:
            continue
        low, high = first[i], first[i + 1]
        _stood(at[low:high], place[low:high], instants, stood, counts)
        for n in range(len(both)):
            pairs[n, stood[both[n, 0]], stood[both[n, 1]]] += 1
        source, target = stood[one], stood[two]
        now = _lasted(at[low:high], place[low:high], after, ended, ever, target != 0)
        if target != 0:
            still[target, np.uint64(after - at[low + now]) // _DAY] += 1
        if source not in (0, target):
            was = low + now
            while at[was] > before:
                was -= 1
            code[found] = source * width + target
            spent[found] = at[was + 1] - at[was]
            found += 1
    return found


@compiled
def _stood(at: Ints, place: NDArray[np.int8], instants: Ints, stood: Ints, counts: Counts) -> None:
    """Where a subject stood at each instant."""
    here, e = 0, 0
    for j in range(len(at) + 1):
        t, begun = at[j] if j < len(at) else instants[-1] + 1, e
        while e < len(instants) and instants[e] < t:
            stood[e] = here
            e += 1
        if e > begun:
            counts[here, begun] += 1
            counts[here, e] -= 1
        if e == len(instants):
            break
        here = place[j]


@compiled
def _lasted(at: Ints, place: NDArray[np.int8], after: int, ended: Counts, ever: Counts, present: bool) -> int:
    """Count the stays that had ended by an instant, and the places come to by then of who is `present`.

    Returns which change was the last by then, -1 for none. Row 0 of `ended` is nobody's.
    """
    had, more, now = np.uint64(0), np.uint64(0), -1
    for j in range(len(at)):
        if at[j] > after:
            break
        if j > 0:
            ended[place[j - 1], np.uint64(at[j] - at[j - 1]) // _DAY] += 1
        if place[j] < 64:
            had |= _ONE << np.uint64(place[j])
        else:
            more |= _ONE << np.uint64(place[j] - 64)
        now = j
    if present:
        for n in range(len(ever)):
            ever[n] += ((had if n < 64 else more) >> np.uint64(n % 64)) & _ONE
    return now


@compiled
def _changed(
    first: Ints,
    at: Ints,
    place: NDArray[np.int8],
    counted: NDArray[np.bool_],
    instants: Ints,
    counts: Counts,
    moves: Counts,
) -> None:
    """Count who stood where, and each change by the period between two instants that it ends or lies in."""
    stood = np.zeros(len(instants), np.int64)
    for i in range(len(first) - 1):
        if not counted[i]:
            continue
        low, high = first[i], first[i + 1]
        _stood(at[low:high], place[low:high], instants, stood, counts)
        for j in range(low, high):
            period = np.searchsorted(instants, at[j]) - 1
            if period >= 0 and period < len(moves):
                moves[period, place[j - 1] if j > low else 0, place[j]] += 1

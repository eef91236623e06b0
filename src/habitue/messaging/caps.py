"""How often: at most so many messages to one customer in any stretch of a length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from habitue.kernel.clock import LAST, Micros
from habitue.messaging.rules import Cap

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NEVER: Final = LAST
"""When a cap of 0 messages lets one go."""

_LONG_AGO: Final = np.iinfo(np.int64).min // 2


def freed(times: Sequence[Micros], caps: Sequence[Cap]) -> tuple[Micros, Cap | None]:
    """From when on one more may go to somebody who had messages at these times, and which cap says so.

    Of several the one that lasts longest; a time in the past, and no cap, where nothing keeps it.
    """
    last = sorted(times, reverse=True)
    free, by = -1, None
    for cap in caps:
        until = NEVER if not cap.most else last[cap.most - 1] + cap.length if len(last) >= cap.most else -1
        if until > free:
            free, by = until, cap
    return free, by


def allowed(
    persons: Ints, times: Ints, caps: Sequence[Cap], before: tuple[Ints, Ints] | None = None
) -> Bools:
    """Which of many messages may go where each that may not is dropped; `before` are persons and times of
    what they had earlier. Messages of one person are judged in the order of time, then of place.
    """
    if not len(caps):
        return np.ones(len(persons), np.bool_)
    known, whose = np.unique(persons, return_inverse=True)
    ring = _ring(known, before, max(cap.most for cap in caps))
    order = np.lexsort((times, whose))
    turn = _turns(whose[order])
    found = np.zeros(len(persons), np.bool_)
    # All first messages of everybody, then all second ones: as many steps as one person has messages.
    by_turn = order[np.argsort(turn, kind="stable")]
    for rows in np.split(by_turn, np.cumsum(np.bincount(turn))[:-1]) if len(turn) else []:
        mine, at = whose[rows], times[rows]
        goes = np.ones(len(rows), np.bool_)
        for cap in caps:
            goes &= ring[mine, cap.most - 1] <= at - cap.length if cap.most else np.False_
        found[rows] = goes
        sent, when = mine[goes], at[goes]
        if ring.shape[1]:
            ring[sent, 1:] = ring[sent, :-1]
            ring[sent, 0] = when
    return found


def _ring(known: Ints, before: tuple[Ints, Ints] | None, most: int) -> Ints:
    """The latest times of each of the known, the latest first."""
    ring = np.full((len(known), most), _LONG_AGO, np.int64)
    if before is None or not len(before[0]) or not most:
        return ring
    mine = np.isin(before[0], known)
    whose, times = np.searchsorted(known, before[0][mine]), before[1][mine]
    order = np.lexsort((-times, whose))
    turn = _turns(whose[order])
    kept = turn < most
    ring[whose[order][kept], turn[kept]] = times[order][kept]
    return ring


def _turns(whose: Ints) -> Ints:
    """Of rows sorted by whose they are, the place of each among its own, from 0."""
    n = np.arange(len(whose))
    fresh = np.ones(len(whose), np.bool_)
    fresh[1:] = whose[1:] != whose[:-1]
    return n - np.maximum.accumulate(np.where(fresh, n, 0)) if len(whose) else n

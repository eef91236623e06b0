"""When many messages leave that have to keep apart: caps and quiet hours as the door has them, over columns.

Each customer's messages are followed one after the other in time, as the guards do when each is due: what is
held back waits, is looked at again, and goes, or comes too late. Messages that did leave in the past count
too. `guards.judge` says the same of one at a time; a test compares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from habitue.engine.order import ordered
from habitue.engine.sweep import NEVER, compiled
from habitue.kernel.clock import DAY, duration
from habitue.messaging import quiet
from habitue.messaging.rules import Rules

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

GOES, LATE, CAPPED, SILENT, _CAP, _REST = range(6)
"""What becomes of a message; the last two: it waits for a cap, or for the end of a silence."""

_AHEAD: Final = 40 * DAY
"""So far beyond the last message silences are looked up: none lasts longer."""


class Spaced(NamedTuple):
    """One element each: when it goes (NEVER: not at all), and what keeps it if not."""

    go: Ints
    why: Ints


def spaced(
    person: Ints,
    due: Ints,
    expires: Ints,
    channel: str,
    rules: Rules,
    zones: tuple[Sequence[str], Ints],
    before: tuple[Ints, Ints] | None = None,
) -> Spaced:
    """What becomes of these on a channel; `before` are persons and times of what has left already."""
    had = before if before is not None else (np.empty(0, np.int64), np.empty(0, np.int64))
    mine = np.isin(had[0], person)
    who, at = np.concatenate([had[0][mine], person]), np.concatenate([had[1][mine], due])
    earlier = int(mine.sum())
    order = ordered(who, at)
    caps = rules.capped(channel)
    most = np.array([cap.most for cap in caps], np.int64)
    lengths = np.array([cap.length for cap in caps], np.int64)
    edges, ends, starts = _silences(due, channel, rules, zones[0])
    zone = np.concatenate([np.zeros(earlier, np.int64), zones[1]])
    until = np.concatenate([np.full(earlier, NEVER), expires])
    fixed = np.arange(len(who)) < earlier
    rows = who[order], at[order], until[order], zone[order], fixed[order]
    go, why = _followed(*rows, duration(rules.late), most, lengths, edges, ends, starts)
    found, reasons = np.empty(len(who), np.int64), np.empty(len(who), np.int64)
    found[order], reasons[order] = go, why
    return Spaced(found[earlier:], reasons[earlier:])


def _silences(due: Ints, channel: str, rules: Rules, names: Sequence[str]) -> tuple[Ints, Ints, Ints]:
    """Of each zone the instants from which on it is silent or not, and when that silence ends (0: none)."""
    silence = rules.quiet.get(channel)
    none = np.zeros(0, np.int64)
    if silence is None or silence == quiet.Quiet() or not len(due):
        return none, none, np.zeros(len(names) + 1, np.int64)
    first, last = int(due.min()), int(due.max()) + _AHEAD
    tables = [quiet.table(first, last, zone, silence, rules.country) for zone in names]
    edges, ends = (np.concatenate(column) for column in zip(*tables, strict=True))
    return edges, ends, np.cumsum([0, *(len(one) for one, _ in tables)])


@compiled
def _followed(
    who: Ints,
    at: Ints,
    expires: Ints,
    zone: Ints,
    fixed: Flags,
    late: int,
    most: Ints,
    lengths: Ints,
    edges: Ints,
    ends: Ints,
    starts: Ints,
) -> tuple[Ints, Ints]:
    """Rows by person and time: when each goes, and why not."""
    n = len(who)
    go, why, planned, when = np.full(n, NEVER), np.zeros(n, np.int64), at.copy(), at.copy()
    past = np.empty(max(1, most.max() if len(most) else 1), np.int64)
    held = np.empty(n, np.int64)
    low = 0
    while low < n:
        high, row, waiting, known = low, low, 0, 0
        while high < n and who[high] == who[low]:
            high += 1
        while row < high or waiting > 0:
            place = _next(held, waiting, row, high, when, planned, fixed)
            if place < 0:
                here, row = row, row + 1
            else:
                here, waiting = held[place], waiting - 1
                held[place] = held[waiting]
            now, act, then = when[here], GOES, 0
            if not fixed[here]:
                first, last = starts[zone[here]], starts[zone[here] + 1]
                silent = _silent(now, edges, ends, first, last)
                free = _free(past, known, most, lengths)
                act, then = _decided(now, planned[here], expires[here], late, free, silent)
            if act in (_CAP, _REST):
                when[here] = then
                planned[here] = then if act == _REST else planned[here]
                held[waiting], waiting = here, waiting + 1
                continue
            why[here] = act
            if act == GOES:
                go[here] = now
                if known == len(past):
                    past[:-1] = past[1:].copy()
                    known -= 1
                past[known], known = now, known + 1
        low = high
    return go, why


@compiled
def _next(held: Ints, waiting: int, row: int, high: int, when: Ints, planned: Ints, fixed: Flags) -> int:
    """The place of what waits and is looked at before the next row; -1 where the row comes first."""
    found = -1
    for place in range(waiting):
        one = held[place]
        other = held[found] if found >= 0 else row
        if found < 0 and row >= high:
            found = place
        elif when[one] == when[other]:
            earlier = planned[one] < planned[other] or (planned[one] == planned[other] and one < other)
            found = place if earlier and not fixed[other] else found
        elif when[one] < when[other]:
            found = place
    return found


@compiled
def _decided(now: int, planned: int, expires: int, late: int, free: int, silent: int) -> tuple[int, int]:
    """What the door says of a message now, and until when it waits."""
    deadline = min(expires, planned + late)
    if now > deadline:
        return LATE, 0
    if free > now:
        return (CAPPED, 0) if free > deadline else (_CAP, free)
    if silent > now:
        return (SILENT, 0) if silent > expires else (_REST, silent)
    return GOES, 0


@compiled
def _free(past: Ints, known: int, most: Ints, lengths: Ints) -> int:
    """From when on one more may go, by all caps."""
    free = -1
    for cap in range(len(most)):
        if most[cap] == 0:
            return NEVER
        if known >= most[cap]:
            free = max(free, past[known - most[cap]] + lengths[cap])
    return free


@compiled
def _silent(now: int, edges: Ints, ends: Ints, low: int, high: int) -> int:
    """When the silence ends in which this instant is; 0 where there is none."""
    first, last = low, high
    while low < high:
        middle = (low + high) // 2
        if edges[middle] <= now:
            low = middle + 1
        else:
            high = middle
    return ends[low - 1] if first < low <= last else 0

"""Who gets which version, and when: for all recipients at once, and always the same."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from habitue.broadcasts.shape import Broadcast, gap
from habitue.kernel.clock import HOUR, Micros, instant
from habitue.kernel.local import Zones, by_zone, instants
from habitue.messaging.holdout import places

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LATER: Final = -1
"""The variant of those who wait for the winner."""

FIRST: Final = 14 * HOUR
"""So much earlier than in UTC a time comes in the zone where it comes first."""
LAST: Final = -12 * HOUR
"""And where it comes last."""

_ROUNDS: Final = 400
"""More nights, Sundays and holidays than any pace leads through."""

Silence: TypeAlias = Callable[[Ints], Ints]
"""When the silence ends that each of these instants falls into; 0 where there is none."""


class Plan(NamedTuple):
    """One element for each recipient, in the order in which they get it: which variant, when, and when they
    were meant to, had nothing held it back.
    """

    person: Ints
    variant: Ints
    due: Ints
    meant: Ints


def starts(broadcast: Broadcast, zone: str, now: Micros) -> Micros:
    """When the recipients are fixed: as it begins, or where its time comes first. Raises `UserError`."""
    if not broadcast.at:
        return now
    if broadcast.clock == "shop":
        return instant(broadcast.at, zone)
    return instant(broadcast.at) - FIRST


def ends(broadcast: Broadcast, starts: Micros) -> Micros:
    """When its time has come for everybody."""
    return starts + FIRST - LAST if broadcast.at and broadcast.clock == "customer" else starts


def order(slug: str, persons: Ints) -> Ints:
    """The recipients by lot, which falls the same each time."""
    drawn = places(f"order:broadcast:{slug}", persons)
    order = np.argsort(drawn)  # in a third of the time of one that also says who of two comes first
    if (np.diff(drawn[order]) == 0).any():
        order = np.lexsort((persons, drawn))
    found: Ints = persons[order]
    return found


def variants(broadcast: Broadcast, count: int) -> Ints:
    """Which variant each of so many gets who are in order: those first who try them out."""
    trial, several = broadcast.trial, max(1, len(broadcast.variants))
    found = np.arange(count, dtype=np.int64) % several
    if trial is not None and several > 1:
        found[ceil(round(count * trial.share, 6)) :] = LATER
    return found


def wanted(broadcast: Broadcast, starts: Micros, zones: Zones) -> Ints:
    """When each is to get it, if nothing holds it back: now, or when their own clock shows the time."""
    count = len(zones[1])
    if not broadcast.at or broadcast.clock == "shop":
        return np.full(count, starts, np.int64)
    shown = np.full(count, instant(broadcast.at), np.int64)
    return by_zone(zones, shown, instants)


def spread(due: Ints, pace: str, silence: Silence | None = None) -> Ints:
    """No more in a while than the pace allows, and none in a silence: each no earlier than it was due.

    Rows keep their places; who is due first goes first.
    """
    apart, found = gap(pace), due.copy()
    for _ in range(_ROUNDS):
        rank = np.lexsort((np.arange(len(found)), found))
        if apart:
            steps = np.arange(len(found), dtype=np.int64) * apart
            found[rank] = np.maximum.accumulate(found[rank] - steps) + steps
        ended = silence(found) if silence is not None else np.zeros(len(found), np.int64)
        if not (ended > found).any():
            break
        found = np.maximum(found, ended)
    return found

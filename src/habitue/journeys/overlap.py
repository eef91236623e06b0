"""Whom a journey would have shared with others: who was in one meanwhile, who was written to that day."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from habitue.engine.sweep import NEVER, Ints, compiled
from habitue.journeys.past import Left, Stays
from habitue.journeys.roles import Flags
from habitue.journeys.walk import Crowd
from habitue.kernel.clock import DAY
from habitue.kernel.local import local


class Overlap(Struct, frozen=True):
    """So many of the people were in another journey at the same time."""

    journey: str
    people: int


def overlaps(crowd: Crowd, others: list[Stays]) -> list[Overlap]:
    """The other journeys with how many of the people were in them meanwhile, the most shared first."""
    found = []
    for one in others:
        order = np.lexsort((one.entered, one.person))
        there = one.person[order], one.entered[order], one.ended[order]
        both = _meets(crowd.person, crowd.entered, crowd.ended, *there)
        if people := len(np.unique(crowd.person[both])):
            found.append(Overlap(one.journey, people))
    return sorted(found, key=lambda each: (-each.people, each.journey))


def same_day(person: Ints, at: Ints, left: list[Left], zone: str) -> int:
    """How many of these messages would have come on a day on which other marketing did."""
    others = [(one.person, one.at) for one in left if len(one.person)]
    if not others or not len(person):
        return 0
    whose, when = (np.concatenate(column) for column in zip(*others, strict=True))
    days = [who * (1 << 20) + local(times, zone) // DAY for who, times in ((person, at), (whose, when))]
    return int(np.isin(days[0], np.unique(days[1])).sum())


@compiled
def _meets(person: Ints, start: Ints, stop: Ints, whose: Ints, since: Ints, until: Ints) -> Flags:
    """Which of the first stretches meet one of the same person's among the others, who rise."""
    found = np.zeros(len(person), np.bool_)
    for i in range(len(person)):
        low, high = 0, len(whose)
        while low < high:
            middle = (low + high) // 2
            if whose[middle] < person[i]:
                low = middle + 1
            else:
                high = middle
        while low < len(whose) and whose[low] == person[i] and since[low] < stop[i]:
            if until[low] > start[i] or until[low] == NEVER:
                found[i] = True
                break
            low += 1
    return found

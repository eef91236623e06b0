"""When something held for whom: stretches of time of many customers, asked about at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from habitue.engine.order import ordered
from habitue.engine.sweep import NEVER, Intervals, Ints, compiled


class Spans(NamedTuple):
    """Half-open stretches, by person and start, none of a person touching another. An event has no length."""

    person: Ints
    start: Ints
    stop: Ints

    def next(self, persons: Ints, after: Ints) -> Ints:
        """From when on it holds for each, at `after` or later; NEVER."""
        return _next(*self, persons, after)

    def turns(self, persons: Ints, after: Ints) -> Ints:
        """When it first begins to hold for each later than `after`; NEVER."""
        return _turns(self.person, self.start, persons, after)

    def until(self, now: int) -> Spans:
        """As much of it as is known at an instant."""
        begun = self.start <= now
        return Spans(self.person[begun], self.start[begun], self.stop[begun])


def spans(found: Intervals) -> Spans:
    """The stretches of a rule as it was folded."""
    return Spans(found.subject.astype(np.int64), found.start, found.stop)


def happenings(person: Ints, at: Ints) -> Spans:
    """What happened to whom when, in any order."""
    if not _rising(person, at):  # as a rule the working copy lies so already
        order = ordered(person, at)
        person, at = person[order], at[order]
    return Spans(person, at, at)


@compiled
def _rising(person: Ints, at: Ints) -> bool:
    for i in range(1, len(person)):
        if person[i] < person[i - 1] or (person[i] == person[i - 1] and at[i] < at[i - 1]):
            return False
    return True


def _within(person: Ints, who: int) -> tuple[int, int]:
    low, high = 0, len(person)
    while low < high:
        middle = (low + high) // 2
        if person[middle] < who:
            low = middle + 1
        else:
            high = middle
    first = low
    while high < len(person) and person[high] == who:
        high += 1
    return first, high


_within = compiled(_within)


@compiled
def _next(person: Ints, start: Ints, stop: Ints, persons: Ints, after: Ints) -> Ints:
    found = np.full(len(persons), NEVER, np.int64)
    for i in range(len(persons)):
        first, last = _within(person, persons[i])
        for j in range(first, last):
            if stop[j] > after[i]:
                found[i] = max(start[j], after[i])
                break
    return found


@compiled
def _turns(person: Ints, start: Ints, persons: Ints, after: Ints) -> Ints:
    found = np.full(len(persons), NEVER, np.int64)
    for i in range(len(persons)):
        first, last = _within(person, persons[i])
        for j in range(first, last):
            if start[j] > after[i]:
                found[i] = start[j]
                break
    return found

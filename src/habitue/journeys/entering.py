"""Who comes in, and when: what happened in a stretch of time, as a journey's way in reads it."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from habitue.engine.sweep import NEVER, Ints
from habitue.journeys.calendar import anniversaries
from habitue.journeys.entries import Dated, Entry, Happens, Leaves, Scheduled
from habitue.journeys.facts import Told
from habitue.kernel.clock import DAY, HOUR, Micros
from habitue.kernel.local import at_clock, by_zone, local

APART: Final = 26 * HOUR
"""No two clocks on earth are further apart: from 12 hours behind UTC to 14 before it."""
_NONE: Final = np.empty(0, np.int64)


class Comers(NamedTuple):
    """Who wants in when, by instant; with a date or a schedule also on which day (counted from 1970) of the
    calendar by which it came round, which tells one time from another whatever becomes of the clocks.
    """

    person: Ints
    at: Ints
    day: Ints = _NONE


def comers(entry: Entry, facts: Told, since: Micros, until: Micros) -> Comers:
    """Everybody who wants in, later than `since` and up to `until`."""
    match entry:
        case Dated():
            found = _dated(entry, facts, since, until)
        case Scheduled():
            found = _scheduled(entry, facts, since, until)
        case _:
            found = _turned(entry, facts, since, until)
    order = np.lexsort((found.person, found.at))
    return Comers(found.person[order], found.at[order], found.day[order] if len(found.day) else found.day)


def skipped(entry: Entry, facts: Told, before: Told, since: Micros, until: Micros) -> Comers:
    """Of those who live by another clock now than before: for whom it was later than their time at once, so
    that nobody has looked for them yet.
    """
    if not isinstance(entry, Dated):
        return Comers(_NONE, _NONE)
    found = comers(entry, facts, max(since, until - APART), until)
    # What was said while it was looked at last may have been known then, or not: who came by it is known.
    ahead = comers(entry, before, until - HOUR, until + APART)
    waited = {*zip(ahead.person.tolist(), ahead.day.tolist(), strict=True)}
    days = zip(found.person.tolist(), found.day.tolist(), strict=True)
    mine = np.array([one in waited for one in days], np.bool_)
    return Comers(found.person[mine], found.at[mine], found.day[mine])


def _turned(entry: Entry, facts: Told, since: Micros, until: Micros) -> Comers:
    """Those for whom a rule begins or ceases to hold, or to whom something happens."""
    if not entry.watches():
        return Comers(np.empty(0, np.int64), np.empty(0, np.int64))
    found = facts.spans(entry.watches()[0])
    at = found.stop if isinstance(entry, Leaves) else found.start
    mine = (at > since) & (at <= until) & (at != NEVER)
    return Comers(found.person[mine], at[mine])


def _dated(entry: Dated, facts: Told, since: Micros, until: Micros) -> Comers:
    persons, said = facts.having(entry.trait)
    zones = facts.zones(persons)
    who, at = anniversaries(said, since, until, entry.offset, entry.time, entry.yearly, zones)
    return Comers(persons[who], at, by_zone((zones[0], zones[1][who]), at, local) // DAY)


def _scheduled(entry: Scheduled, facts: Told, since: Micros, until: Micros) -> Comers:
    """Those for whom the rule holds at each of the times."""
    found = facts.spans(entry.watches()[0])
    persons, times = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for at in occurrences(entry, facts.source.zone, since, until):
        mine = (found.start <= at) & (at < found.stop)
        persons.append(found.person[mine])
        times.append(np.full(int(mine.sum()), at, np.int64))
    at_all = np.concatenate(times)
    return Comers(np.concatenate(persons), at_all, local(at_all, facts.source.zone) // DAY)


def occurrences(entry: Scheduled, zone: str, since: Micros, until: Micros) -> list[Micros]:
    """When the shop's clock shows the time, later than `since` and up to `until`."""
    days = np.arange(since, until + DAY, DAY // 2, dtype=np.int64)
    zones = [zone], np.zeros(len(days), np.int64)
    found = np.unique(at_clock(days, entry.time, entry.days, zones))
    return [at for at in found.tolist() if since < at <= until]


def keyed(entry: Entry) -> bool:
    """Whether somebody may be in the journey several times at once, for one order or cart each."""
    return isinstance(entry, Happens) and bool(entry.key)

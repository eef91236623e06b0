"""What a walk asks about customers, read from the working copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from habitue.engine.gather import Ids, Read
from habitue.engine.happened import happened, held, stored, traits
from habitue.engine.source import Known
from habitue.engine.sweep import NEVER, Ints
from habitue.journeys.roles import Flags, Watch
from habitue.journeys.spans import Spans, happenings, spans
from habitue.kernel.clock import Micros
from habitue.people import zones
from habitue.rules.check import walk
from habitue.rules.nodes import Rule
from habitue.rules.text import parse

_MOVED: Final = "SELECT DISTINCT person FROM said WHERE list_contains(?, name) AND seq >= ? AND seq < ?"


class Ground(NamedTuple):
    """How the working copy is read, what compiling needs to know, and the workspace's time zone."""

    read: Read
    known: Known
    zone: str


class Told:
    """Facts about some people, or everybody (`people` is None), as they are known at `now`.

    A rule that is kept fresh is read under its version in `fresh`, any other is folded; what lies after `now`
    is not known yet. Events count from `since` on; on which clock somebody lives is what was said `before` a
    place in the log.
    """

    def __init__(
        self,
        source: Ground,
        now: Micros,
        people: Ids | Ints | None = None,
        fresh: Mapping[str, int] | None = None,
        since: Micros = 0,
        before: int = NEVER,
    ) -> None:
        self.source = source
        self.now = now
        self.people = None if people is None else np.unique(people).astype(np.int32)
        self.fresh = fresh or {}
        self.since, self.before = since, before
        self._spans: dict[Watch, Spans] = {}
        self._traits: dict[tuple[str, int], tuple[Ids, list[Any]]] = {}

    def spans(self, watch: Watch) -> Spans:
        """All that is known of a rule or an event up to now."""
        if watch not in self._spans:
            self._spans[watch] = self._found(watch).until(self.now)
        return self._spans[watch]

    def next(self, watch: Watch, persons: Ints, after: Ints) -> Ints:
        """See `roles.Facts`."""
        found = self.spans(watch)
        return found.turns(persons, after) if watch.event else found.next(persons, after)

    def turns(self, watch: Watch, persons: Ints, after: Ints) -> Ints:
        """See `roles.Facts`."""
        return self.spans(watch).turns(persons, after)

    def traits(self, name: str, persons: Ints) -> Sequence[Any]:
        """See `roles.Facts`."""
        who, values = self._said(name)
        place, there = _placed(who, persons)
        return [values[n] if here else None for n, here in zip(place.tolist(), there.tolist(), strict=True)]

    def zones(self, persons: Ints) -> tuple[Sequence[str], Ints]:
        """What their trait says, where that is a time zone; else the workspace's own."""
        own, found = self.source.zone, np.zeros(len(persons), np.int64)
        numbers = {own: 0}
        for name in reversed(zones.TRAITS):  # the first one counts
            who, values = self._said(name, self.before)
            told = [zones.zone(one, own) for one in values]
            coded = np.array([numbers.setdefault(one, len(numbers)) for one in told], np.int64)
            place, there = _placed(who, persons)
            there[there] = [values[n] is not None for n in place[there].tolist()]
            found[there] = coded[place[there]]
        return [*numbers], found

    def moved(self, start: int, end: int) -> Ints:
        """Of whom it was said in between, by place in the log, on which clock they live."""
        names = [f"trait.{one}" for one in zones.TRAITS]
        rows = self.source.read(_MOVED, (names, start, end))
        return np.asarray(rows["person"].to_numpy()).astype(np.int64)

    def having(self, name: str) -> tuple[Ints, list[Any]]:
        """Who has a trait, and what each has."""
        who, values = self._said(name)
        return who.astype(np.int64), values

    def _said(self, name: str, before: int = NEVER) -> tuple[Ids, list[Any]]:
        """Who has a trait, rising, and what each has."""
        if (name, before) not in self._traits:
            who, said = traits(name, self.source.read, self.people, before)
            order = np.argsort(who)
            self._traits[name, before] = who[order], [_plain(said[n]) for n in order.tolist()]
        return self._traits[name, before]

    def _found(self, watch: Watch) -> Spans:
        read, known = self.source.read, self.source.known
        if watch.event:
            person, at = happened(watch.event, where(watch.where), known, read, self.people, self.since)
            return happenings(person.astype(np.int64), at)
        if watch.rule in self.fresh:
            person, start, stop = stored(self.fresh[watch.rule], read, self.people)
            return Spans(person.astype(np.int64), start, stop)
        return spans(held(parse(watch.rule), known, read, self.people))


def _placed(who: Ids, persons: Ints) -> tuple[Ints, Flags]:
    """Where each person stands among others, and whether they do."""
    if not len(who):
        return np.zeros(len(persons), np.int64), np.zeros(len(persons), np.bool_)
    place = np.minimum(np.searchsorted(who, persons), len(who) - 1).astype(np.int64)
    return place, who[place] == persons


def where(text: str) -> Rule | None:
    """The condition on an event's properties that a text says."""
    if not text:
        return None
    return next((one.where for one in walk(parse(f'ever("", where={text})')) if hasattr(one, "where")), None)


def _plain(value: Any) -> Any:
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, TypeError):
        return value

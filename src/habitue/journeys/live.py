"""Journeys under way: who comes in, who is due, what is done; each in transactions that hold all of it.

A tick first reads what is new: who comes in is written down together with how far it was read, and the runs
of all to whom something happened are marked to be looked at. Then the runs that are due are brought forward,
many at a time. What is done for them is written in the same transaction, which only holds if each run is
still as it was seen. So after a crash anywhere the next tick does what is missing, and nothing twice.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
from msgspec import Struct

from habitue.engine.sweep import NEVER, Ints
from habitue.journeys import kept, trials, watches
from habitue.journeys.deeds import UNSENT, Batch, Doer, Known, Templates
from habitue.journeys.entering import Comers, comers, skipped
from habitue.journeys.entries import Dated, Enters, Entry, Happens, Leaves, Scheduled
from habitue.journeys.facts import Ground, Told
from habitue.journeys.gate import Comer, Doorman, Gate
from habitue.journeys.news import Change, Event, News, Offset, news, numbers
from habitue.journeys.plan import Plan, plan
from habitue.journeys.roles import Enrol
from habitue.journeys.state import Running
from habitue.journeys.walk import EXIT, GOAL, GRACE, STOPPED, Crowd, Walked, walk
from habitue.kernel.clock import DAY, MINUTE, Micros
from habitue.messaging import outbox
from habitue.people.identities import canonical
from habitue.store import arms, runs
from habitue.store.failure import Collided
from habitue.store.log import EventLog
from habitue.store.ops import Ops, Tx, exchange, tell, told
from habitue.store.runs import Raced, State
from habitue.store.warehouse import Warehouse

Row: TypeAlias = tuple[Any, ...]
"""A run as `runs.due` tells it."""

OFFSET: Final = "journeys_offset"
_LOG: Final = logging.getLogger("habitue")

AT_ONCE: Final = 20_000
_EVERY: Final = 5 * MINUTE
"""So often dates and schedules are looked at."""


class Ticked(Struct, frozen=True):
    """What a tick did: how many came in, and how many were brought forward."""

    entered: int
    forward: int


@dataclass
class Live:
    """The journeys of a workspace, brought forward by `tick`; one thread at a time."""

    ops: Ops
    log: EventLog
    warehouse: Warehouse
    ground: Callable[[], Ground]
    running: Callable[[], Sequence[Running]]
    templates: Templates = lambda _: None
    between: Callable[[str], None] = lambda _: None
    """Called between two steps; a test may let the process die there."""
    _plans: dict[int, Running] = field(default_factory=dict)
    _judged: Micros = 0

    def tick(self, now: Micros) -> Ticked:
        """Do all that is to be done by now."""
        self._plans = {one.saved.version: one for one in self.running()}
        if not self._plans:
            return Ticked(0, 0)
        self._ground = self.ground()
        self._fresh = watches.kept(self.ops)
        entered = forward = 0
        try:
            entered += self._heard(now)
            self.between("heard")
            entered += self._timed(now)
            self.between("timed")
            while n := self._forward(now):
                forward += n
                self.between("forward")
        except (Raced, Collided):
            _LOG.debug("Another worker was faster; what is left is done with the next tick.")
        self._decided(now)
        return Ticked(entered, forward)

    def _decided(self, now: Micros) -> None:
        """Choose the better of ways that are tried, where it is known; it is looked at now and then."""
        if now - self._judged < _EVERY:
            return
        self._judged = now
        for one in self._plans.values():
            if any(trials.trials(one.plan)):
                trials.decide(self.ops, self.warehouse, one.plan, now)

    def _doorman(self, now: Micros) -> Doorman:
        return Doorman(
            self.ops, lambda people, since: Told(self._ground, now, people, self._fresh, since=since)
        )

    def begin(self) -> None:
        """What is there before the first journey is history."""
        with self.ops.begin() as tx:
            if told(tx, OFFSET) is None:
                tell(tx, OFFSET, msgspec.json.encode(Offset("", 0, self.log.end())).decode())

    def put_in(self, slug: str, persons: Sequence[int], batch: str, now: Micros) -> int:
        """Let these people into a live journey by hand; how many came in. The same batch does it once."""
        one = next((one for one in self.running() if one.slug == slug and one.open), None)
        if one is None:
            return 0
        self._ground, self._fresh = self.ground(), watches.kept(self.ops)
        gate = self._doorman(now).gate(
            one, [Comer(person, now, f"hand:{batch}") for person in persons], now, alone=True
        )
        with self.ops.begin() as tx:
            return gate.admit(tx)

    # --- what is new ------------------------------------------------------------------------------

    def _heard(self, now: Micros) -> int:
        with self.ops.read() as tx:
            said = told(tx, OFFSET)
        offset = msgspec.json.decode(said, type=Offset) if said else Offset()
        looked = {watch for one in self._plans.values() for watch in one.saved.journey.watches()}
        versions = {self._fresh[watch.rule] for watch in looked if watch.rule in self._fresh}
        names = {watch.event for watch in looked if watch.event}
        found = news(self.warehouse, self.log, offset, versions, names)
        if found.offset == offset:
            return 0
        moved = self._moved(offset, found.offset)
        wanting = [
            self._doorman(now).gate(one, self._wanting(one, found) + self._late(one, moved, offset), now)
            for one in self._open()
        ]
        touched = {one.person for one in found.changes} | {one.person for one in found.events}
        every = numbers(self.warehouse, touched) if touched else set()
        self.between("read")
        with self.ops.begin() as tx:
            # First: of two who read the same news one waits here, and finds that it was told already.
            if not exchange(tx, OFFSET, said, msgspec.json.encode(found.offset).decode()):
                raise Raced
            runs.touch(tx, every, now)
            return sum(one.admit(tx) for one in wanting)

    def _open(self) -> Iterator[Running]:
        return (one for one in self._plans.values() if one.open)

    def _wanting(self, one: Running, found: News) -> list[Comer]:
        """Who wants into a journey because of what is new."""
        entry, since = one.saved.journey.entry, one.state.since or 0
        match entry:
            case Enters() | Leaves():
                version = self._fresh.get(entry.watches()[0].rule)
                into = isinstance(entry, Enters)
                return [
                    _turned(change)
                    for change in found.changes
                    if change.version == version and change.holds == into and change.at >= since
                ]
            case Happens():
                mine = [event for event in found.events if event.name == entry.event and event.at >= since]
                return [_comer(event, entry.key) for event in self._fitting(entry, mine)]
        return []

    def _fitting(self, entry: Happens, events: list[Event]) -> list[Event]:
        """Those that are as the journey wants them."""
        if not entry.where or not events:
            return events
        persons, at = (
            np.array(one, np.int64) for one in zip(*((e.person, e.at) for e in events), strict=True)
        )
        facts = Told(self._ground, int(at.max()), persons, since=int(at.min()))
        fits = facts.turns(entry.watches()[0], persons, at - 1) == at
        return [event for event, fit in zip(events, fits.tolist(), strict=True) if fit]

    # --- dates and schedules ----------------------------------------------------------------------

    def _moved(self, before: Offset, after: Offset) -> Ints:
        """Who lives by another clock since, where dates are waited for."""
        if not any(isinstance(one.saved.journey.entry, Dated) for one in self._open()):
            return np.empty(0, np.int64)
        return Told(self._ground, 0).moved(before.event, after.event)

    def _late(self, one: Running, moved: Ints, offset: Offset) -> list[Comer]:
        """Those of them whose day is over by their new clock, and was still to come by the one before."""
        if not len(moved):
            return []
        entry, cursor = one.saved.journey.entry, one.state.cursor
        facts, before = (Told(self._ground, cursor, moved, before=place) for place in (NEVER, offset.event))
        return _dated(entry, skipped(entry, facts, before, one.state.since or 0, cursor))

    def _timed(self, now: Micros) -> int:
        """Let those in whose date has come, or for whom a schedule has."""
        entered, until = 0, now // _EVERY * _EVERY
        for one in [*self._open()]:
            entry, cursor = one.saved.journey.entry, one.state.cursor
            if not isinstance(entry, Dated | Scheduled) or until <= cursor:
                continue
            found = comers(entry, Told(self._ground, until, None, self._fresh), cursor, until)
            gate = self._doorman(now).gate(one, _dated(entry, found), now)
            with self.ops.begin() as tx:
                if not runs.look(tx, one.slug, cursor, until):
                    raise Raced
                entered += gate.admit(tx)
        return entered

    # --- those under way --------------------------------------------------------------------------

    def _forward(self, now: Micros) -> int:
        """Bring some of those forward whose time has come; how many that were.

        Where several may do this at once, whoever takes some keeps the others off them until all is written,
        and lets go of them by dying. Where there is one, nobody waits while it is worked out.
        """
        resting = [one.slug for one in self._plans.values() if one.state.paused is not None]
        if self.ops.shared:
            with self.ops.begin() as tx:
                return self._brought(runs.due(tx, now, AT_ONCE, resting, held=True), now, tx)
        with self.ops.read() as tx:
            rows = runs.due(tx, now, AT_ONCE, resting)
        return self._brought(rows, now, None)

    def _brought(self, rows: Sequence[Row], now: Micros, tx: Tx | None) -> int:
        """Bring these forward, each version's in the transaction given or one of its own."""
        parts: dict[int, list[Row]] = defaultdict(list)
        for row in rows:
            parts[row[_VERSION]].append(row)
        for version, some in parts.items():
            one = self._plans.get(version) or self._earlier(version, some[0][_JOURNEY])
            if one is None:  # of a version that nobody knows any more
                with self._writing(tx) as writing:
                    runs.rest(writing, [row[0] for row in some], now, STOPPED)
            else:
                self._batch(one, some, now, tx)
        return len(rows)

    @contextmanager
    def _writing(self, tx: Tx | None) -> Iterator[Tx]:
        if tx is not None:
            yield tx
            return
        with self.ops.begin() as own:
            yield own

    def _earlier(self, version: int, slug: str) -> Running | None:
        """A version that lets nobody in and that nobody is in: who was may still reach its goal."""
        for saved in kept.versions(self.ops, slug):
            if saved.version == version:
                self._plans[version] = Running(saved, plan(saved.journey), State(slug, None, 0, None, []))
        return self._plans.get(version)

    def _batch(self, one: Running, rows: Sequence[Row], now: Micros, held: Tx | None) -> None:
        seen = dict(zip(runs.DUE, zip(*rows, strict=True), strict=True))
        columns = {name: np.array(seen[name], np.int64) for name in _READ}
        ended, converted, outcome = (_filled(seen[name], empty) for name, empty in _MAY)
        person = canonical(self.warehouse, columns["person"])
        crowd = Crowd(
            person,
            columns["entered"],
            columns["node"],
            columns["at"],
            columns["due"],
            columns["since"],
            columns["begun"].astype(np.bool_),
            ended,
            outcome,
            converted,
        )
        alive = ended == NEVER
        facts = Told(self._ground, now, person, self._fresh, since=int(columns["entered"].min()))
        walked = walk(one.plan, crowd, facts, now, GRACE)
        batch = Batch(
            one.plan, one.saved.version, one.saved.number, columns["id"], person, columns["entered"]
        )
        doer = Doer(self.warehouse, self.templates)
        known = doer.known(batch, walked.done)
        gates = self._enrolled(batch, walked, now)
        self.between("walked")
        with self._writing(held) as tx:
            ends = zip(*(seen[name] for name in runs.ENDS), strict=True)
            runs.forward(tx, _written(seen, crowd, now), ends)
            arms.note(tx, _arms(one.plan, batch, walked))
            for gate in gates:
                gate.admit(tx)
            self._do(tx, doer, batch, walked, known, now)
            gone = alive & np.isin(crowd.outcome, (EXIT, GOAL))
            if gone.any() and one.plan.sends:
                outbox.cancel(tx, batch.origin, [str(run) for run in batch.runs[gone].tolist()], now=now)
            runs.count(tx, _tallies(one.saved.version, walked))

    def _do(self, tx: Tx, doer: Doer, batch: Batch, walked: Walked, known: Known, now: Micros) -> None:
        for done in walked.done:
            if not len(done.rows) or isinstance(done.deed, Enrol):
                continue
            if undone := doer.do(tx, batch, done, known, now):
                runs.count(tx, [(batch.version, done.node, UNSENT, now // DAY, undone)])

    def _enrolled(self, batch: Batch, walked: Walked, now: Micros) -> list[Gate]:
        """Who comes into another journey by a step of this one."""
        found = []
        for done in walked.done:
            for one in self._open():
                if isinstance(done.deed, Enrol) and one.slug == done.deed.journey:
                    who = [
                        Comer(int(batch.persons[n]), at, f"run:{batch.runs[n]}")
                        for n, at in zip(done.rows.tolist(), done.at.tolist(), strict=True)
                    ]
                    found.append(self._doorman(now).gate(one, who, now, alone=True))
        return found


def _arms(way: Plan, batch: Batch, walked: Walked) -> list[tuple[int, str, int, Micros]]:
    """Which runs were sent down which way where ways are tried."""
    return [
        (int(batch.runs[row]), way.nodes[one.node].trial, taken, at)
        for one in walked.taken
        for row, taken, at in zip(one.rows.tolist(), one.way.tolist(), one.at.tolist(), strict=True)
    ]


_JOURNEY, _VERSION = runs.DUE.index("journey"), runs.DUE.index("version")
_READ: Final = ("id", "person", "entered", "node", "at", "due", "since", "begun")
_MAY: Final = (("ended", NEVER), ("converted", NEVER), ("outcome", -1))


def _filled(values: Sequence[int | None], empty: int) -> Ints:
    return np.array([empty if value is None else value for value in values], np.int64)


def _written(told: Mapping[str, Sequence[Any]], crowd: Crowd, now: Micros) -> list[tuple[Any, ...]]:
    """The columns that `runs.forward` writes."""
    over = crowd.ended != NEVER
    look = _nullable(np.where(over, NEVER, np.maximum(crowd.at, now + 1)), NEVER)
    plain = (crowd.node, crowd.since, crowd.at, crowd.due, crowd.begun.astype(np.int64))
    reached = _nullable(crowd.converted, NEVER)
    goals = [
        None if one is not None else until for until, one in zip(told["goal_until"], reached, strict=True)
    ]
    last = _nullable(crowd.ended, NEVER), _nullable(crowd.outcome, -1), reached
    columns = (*(one.tolist() for one in plain), look, goals, *last, told["id"], told["look"])
    return [*zip(*columns, strict=True)]


def _nullable(column: Ints, empty: int) -> list[int | None]:
    found: list[int | None] = column.tolist()
    for place in np.flatnonzero(column == empty).tolist():
        found[place] = None
    return found


def _tallies(version: int, walked: Walked) -> Iterable[tuple[int, int, str, int, int]]:
    for node, what, _, at in walked.passed:
        days, counts = np.unique(at // DAY, return_counts=True)
        yield from (
            (version, node, what, day, n) for day, n in zip(days.tolist(), counts.tolist(), strict=True)
        )


def _dated(entry: Entry, found: Comers) -> list[Comer]:
    """Those whose day has come: each of their days lets them in once."""
    rows = zip(found.person.tolist(), found.at.tolist(), found.day.tolist(), strict=True)
    return [Comer(person, at, f"{entry.name()}:{day}") for person, at, day in rows]


def _turned(change: Change) -> Comer:
    return Comer(change.person, change.at, f"change:{change.at}")


def _comer(event: Event, key: str) -> Comer:
    value = event.props
    for part in key.removeprefix("props.").split(".") if key else ():
        value = value.get(part, {}) if isinstance(value, dict) else {}
    named = isinstance(value, str | int | float) and bool(key)
    return Comer(event.person, event.at, f"event:{value}" if named else f"event:{event.id}")

"""Journeys under way: who comes in, who is due, what is done; each in transactions that hold all of it.

A tick first reads what is new: who comes in is written down together with how far it was read, and the runs
of all to whom something happened are marked to be looked at. Then the runs that are due are brought forward,
many at a time. What is done for them is written in the same transaction, which only holds if each run is
still as it was seen. So after a crash anywhere the next tick does what is missing, and nothing twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
from msgspec import Struct

from habitue.engine.sweep import NEVER, Ints
from habitue.journeys import kept, watches
from habitue.journeys.deeds import UNSENT, Batch, Doer, Known, Templates
from habitue.journeys.entering import comers, keyed
from habitue.journeys.entries import Dated, Enters, Happens, Leaves, Scheduled
from habitue.journeys.facts import Ground, Told
from habitue.journeys.news import Change, Event, News, Offset, news, numbers
from habitue.journeys.plan import Plan, plan
from habitue.journeys.roles import Enrol
from habitue.journeys.state import Running
from habitue.journeys.walk import EXIT, GOAL, GRACE, HELD, STOPPED, Crowd, Walked, leaving, walk
from habitue.kernel.clock import DAY, MINUTE, Micros, duration
from habitue.messaging import outbox
from habitue.messaging.holdout import held
from habitue.people.identities import canonical
from habitue.store import runs
from habitue.store.log import EventLog
from habitue.store.ops import Ops, Tx, tell, told
from habitue.store.runs import Entered, State
from habitue.store.warehouse import Warehouse

Row: TypeAlias = tuple[Any, ...]
"""A run as `runs.due` tells it."""

OFFSET: Final = "journeys_offset"
AT_ONCE: Final = 20_000
_EVERY: Final = 5 * MINUTE
"""So often dates and schedules are looked at."""

GATE: Final = -1
"""Where those are counted who come in, or may not."""

ENTERED, BARRED, AGAIN, ALONE = "entered", "barred", "again", "alone"


class Ticked(Struct, frozen=True):
    """What a tick did: how many came in, and how many were brought forward."""

    entered: int
    forward: int


@dataclass(frozen=True)
class Comer:
    """Somebody who wants in; `cause` lets them in once."""

    person: int
    at: Micros
    cause: str


@dataclass(frozen=True)
class Gate:
    """Who comes in, and how many do not: were in already, are kept out by a condition, are left alone."""

    version: int
    now: Micros
    rows: list[Entered]
    again: int
    barred: int
    alone: int

    def admit(self, tx: Tx) -> int:
        """Write it down; how many were not in for the same cause before."""
        new = runs.enter(tx, self.rows)
        counts = ((ENTERED, new), (AGAIN, self.again), (BARRED, self.barred), (ALONE, self.alone))
        runs.count(tx, [(self.version, GATE, what, self.now // DAY, n) for what, n in counts if n])
        return new


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

    def tick(self, now: Micros) -> Ticked:
        """Do all that is to be done by now."""
        self._plans = {one.saved.version: one for one in self.running()}
        if not self._plans:
            return Ticked(0, 0)
        self._ground = self.ground()
        self._fresh = watches.kept(self.ops)
        entered = self._heard(now)
        self.between("heard")
        entered += self._timed(now)
        self.between("timed")
        forward = 0
        while rows := self._due(now):
            forward += self._forward(rows, now)
            self.between("forward")
        return Ticked(entered, forward)

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
        gate = self._gate(one, [Comer(person, now, f"hand:{batch}") for person in persons], now, alone=True)
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
        wanting = [self._gate(one, self._wanting(one, found), now) for one in self._open()]
        touched = {one.person for one in found.changes} | {one.person for one in found.events}
        every = numbers(self.warehouse, touched) if touched else set()
        self.between("read")
        with self.ops.begin() as tx:
            entered = sum(one.admit(tx) for one in wanting)
            runs.touch(tx, every, now)
            tell(tx, OFFSET, msgspec.json.encode(found.offset).decode())
        return entered

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

    def _timed(self, now: Micros) -> int:
        """Let those in whose date has come, or for whom a schedule has."""
        entered, until = 0, now // _EVERY * _EVERY
        for one in [*self._open()]:
            entry, cursor = one.saved.journey.entry, one.state.cursor
            if not isinstance(entry, Dated | Scheduled) or until <= cursor:
                continue
            found = comers(entry, Told(self._ground, until, None, self._fresh), cursor, until)
            who = [
                Comer(person, at, f"{entry.name()}:{at // DAY}")
                for person, at in zip(found.person.tolist(), found.at.tolist(), strict=True)
            ]
            gate = self._gate(one, who, now)
            with self.ops.begin() as tx:
                entered += gate.admit(tx)
                runs.put(tx, runs.states(tx)[one.slug]._replace(cursor=until))
        return entered

    # --- the gate ---------------------------------------------------------------------------------

    def _gate(self, one: Running, who: Sequence[Comer], now: Micros, alone: bool = False) -> Gate:
        """Who may come in, worked out before anything is written; with `alone` nobody twice at once."""
        journey, slug, version = one.saved.journey, one.slug, one.saved.version
        if not who:
            return Gate(version, now, [], 0, 0, 0)
        with self.ops.read() as tx:
            before = runs.earlier(tx, slug, {comer.person for comer in who})
        admitted = _allowed(journey.head.again, keyed(journey.entry) and not alone, who, before)
        person = np.array([comer.person for comer in admitted], np.int64)
        at = np.array([comer.at for comer in admitted], np.int64)
        out = self._barred(one.plan, person, at, now)
        apart = held(slug, journey.head.holdout, person) & ~out
        length = duration(journey.goal.within) if journey.goal else None
        rows = [
            Entered(
                *(slug, version, comer.person, comer.cause, comer.at),
                None if left else now,
                comer.at + length if length else None,
                *((comer.at, HELD) if left else (None, None)),
            )
            for comer, barred, left in zip(admitted, out.tolist(), apart.tolist(), strict=True)
            if not barred
        ]
        return Gate(version, now, rows, len(who) - len(admitted), int(out.sum()), int(apart.sum()))

    def _barred(self, way: Plan, person: Ints, at: Ints, now: Micros) -> Any:
        """Whom a condition for leaving keeps out from the beginning."""
        if not way.exits or not len(person):
            return np.zeros(len(person), np.bool_)
        facts = Told(self._ground, now, person, self._fresh, since=int(at.min()))
        return leaving(way, person, at, facts) <= at

    # --- those under way --------------------------------------------------------------------------

    def _due(self, now: Micros) -> list[Row]:
        resting = [one.slug for one in self._plans.values() if one.state.paused is not None]
        with self.ops.read() as tx:
            return runs.due(tx, now, AT_ONCE, resting)

    def _forward(self, rows: Sequence[Row], now: Micros) -> int:
        """Bring these forward, each version's in one transaction."""
        parts: dict[int, list[Row]] = defaultdict(list)
        for row in rows:
            parts[row[_VERSION]].append(row)
        for version, some in parts.items():
            one = self._plans.get(version) or self._earlier(version, some[0][_JOURNEY])
            if one is None:  # of a version that nobody knows any more
                with self.ops.begin() as tx:
                    runs.rest(tx, [row[0] for row in some], now, STOPPED)
            else:
                self._batch(one, some, now)
        return len(rows)

    def _earlier(self, version: int, slug: str) -> Running | None:
        """A version that lets nobody in and that nobody is in: who was may still reach its goal."""
        for saved in kept.versions(self.ops, slug):
            if saved.version == version:
                self._plans[version] = Running(saved, plan(saved.journey), State(slug, None, 0, None, []))
        return self._plans.get(version)

    def _batch(self, one: Running, rows: Sequence[Row], now: Micros) -> None:
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
        with self.ops.begin() as tx:
            runs.forward(tx, _written(seen, crowd, now))
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
                    found.append(self._gate(one, who, now, alone=True))
        return found


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


def _turned(change: Change) -> Comer:
    return Comer(change.person, change.at, f"change:{change.at}")


def _comer(event: Event, key: str) -> Comer:
    value = event.props
    for part in key.removeprefix("props.").split(".") if key else ():
        value = value.get(part, {}) if isinstance(value, dict) else {}
    named = isinstance(value, str | int | float) and bool(key)
    return Comer(event.person, event.at, f"event:{value}" if named else f"event:{event.id}")


def _allowed(
    again: str, parallel: bool, who: Sequence[Comer], before: dict[int, tuple[Micros, bool]]
) -> list[Comer]:
    """Those of them who may come in again, or for the first time."""
    apart = 0 if again in ("never", "always") else duration(again)
    found, known = [], dict(before)
    for one in sorted(who, key=lambda comer: (comer.at, comer.person)):
        last = known.get(one.person)
        if last is not None:
            at, inside = last
            if again == "never" or (inside and not parallel) or (apart and one.at - at < apart):
                continue
        found.append(one)
        known[one.person] = one.at, True
    return found

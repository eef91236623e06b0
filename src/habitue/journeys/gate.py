"""The gate: who of those who want into a journey comes in, worked out before, decided in the transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from habitue.engine.sweep import Ints
from habitue.journeys.entering import keyed
from habitue.journeys.facts import Told
from habitue.journeys.plan import Plan
from habitue.journeys.state import Running
from habitue.journeys.walk import HELD, leaving
from habitue.kernel.clock import DAY, Micros, duration
from habitue.messaging.holdout import held
from habitue.store import runs
from habitue.store.ops import Ops, Tx
from habitue.store.runs import Entered

GATE: Final = -1
"""Where those are counted who come in, or may not."""

ENTERED, BARRED, AGAIN, ALONE = "entered", "barred", "again", "alone"


@dataclass(frozen=True)
class Comer:
    """Somebody who wants in; `cause` lets them in once."""

    person: int
    at: Micros
    cause: str


@dataclass(frozen=True)
class Gate:
    """Who comes in, and how many do not: were in already, are kept out by a condition, are left alone.

    `parallel` says whether somebody may be in several times at once; `before` is what it was worked out on.
    """

    slug: str
    version: int
    now: Micros
    rows: list[Entered]
    again: int
    barred: int
    alone: int
    parallel: bool = True
    rule: str = "always"
    before: Mapping[int, tuple[Micros, bool]] | None = None

    def admit(self, tx: Tx) -> int:
        """Write it down; how many were not in for the same cause before."""
        rows = self._still(tx)
        new = runs.enter(tx, rows)
        again = self.again + len(self.rows) - len(rows)
        counts = ((ENTERED, new), (AGAIN, again), (BARRED, self.barred), (ALONE, self.alone))
        runs.count(tx, [(self.version, GATE, what, self.now // DAY, n) for what, n in counts if n])
        return new

    def _still(self, tx: Tx) -> list[Entered]:
        """Those who may come in even after others have let somebody in meanwhile; nobody else does now."""
        if not self.rows:
            return self.rows
        runs.lock(tx, self.slug)
        persons = {row.person for row in self.rows}
        before = runs.earlier(tx, self.slug, persons)
        if all(before.get(person) == (self.before or {}).get(person) for person in persons):
            return self.rows
        who = [Comer(row.person, row.entered, row.cause) for row in self.rows]
        left = {(one.person, one.cause) for one in allowed(self.rule, self.parallel, who, before)}
        return [row for row in self.rows if (row.person, row.cause) in left]


@dataclass(frozen=True)
class Doorman:
    """Works out who may come in."""

    ops: Ops
    facts: Callable[[Ints, Micros], Told]
    """What is known of these people, of events from an instant on."""

    def gate(self, one: Running, who: Sequence[Comer], now: Micros, alone: bool = False) -> Gate:
        """Who of them may come in; with `alone` nobody twice at once."""
        journey, slug, version = one.saved.journey, one.slug, one.saved.version
        if not who:
            return Gate(slug, version, now, [], 0, 0, 0)
        with self.ops.read() as tx:
            before = runs.earlier(tx, slug, {comer.person for comer in who})
        parallel = keyed(journey.entry) and not alone
        admitted = allowed(journey.head.again, parallel, who, before)
        person = np.array([comer.person for comer in admitted], np.int64)
        at = np.array([comer.at for comer in admitted], np.int64)
        out = self._barred(one.plan, person, at)
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
        counts = len(who) - len(admitted), int(out.sum()), int(apart.sum())
        return Gate(slug, version, now, rows, *counts, parallel, journey.head.again, before)

    def _barred(self, way: Plan, person: Ints, at: Ints) -> Any:
        """Whom a condition for leaving keeps out from the beginning."""
        if not way.exits or not len(person):
            return np.zeros(len(person), np.bool_)
        return leaving(way, person, at, self.facts(person, int(at.min()))) <= at


def allowed(
    again: str, parallel: bool, who: Sequence[Comer], before: Mapping[int, tuple[Micros, bool]]
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

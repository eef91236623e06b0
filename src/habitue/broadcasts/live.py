"""Broadcasts under way, brought forward by `tick`: begun, put into the outbox part by part, decided, ended.

Who gets it is fixed once, when it begins. A part leaves the list of those who are still to get it in the
transaction that puts it into the outbox: so whatever stops the work, the next tick goes on with who is left.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

import numpy as np
import pyarrow as pa

from habitue.broadcasts import plan, state, winner
from habitue.broadcasts.plan import LATER, Bools, Ints, Plan
from habitue.broadcasts.shape import Broadcast, from_body
from habitue.broadcasts.winner import Score
from habitue.kernel.clock import Micros, duration
from habitue.kernel.local import Zones, by_zone
from habitue.messaging import outbox, quiet
from habitue.messaging.outbox import Wanted
from habitue.messaging.rules import TRANSACTIONAL, Rules
from habitue.people.identities import canonical
from habitue.store import broadcasts, traffic
from habitue.store.broadcasts import Kept, Part
from habitue.store.ops import Ops, Tx
from habitue.store.warehouse import Warehouse

BY: Final = "habitue"
"""Who did what nobody asked for just then."""

PART: Final = 20_000
"""So many go into the outbox at once."""

PARTS: Final = 10
"""So many parts of one broadcast a tick puts there: others wait for their turn."""


@dataclass(frozen=True)
class Live:
    """The broadcasts of a workspace; one thread at a time brings them forward."""

    ops: Ops
    warehouse: Warehouse
    rules: Callable[[], Rules]
    members: Callable[[Broadcast, Micros], Ints]
    """Who is meant at an instant."""
    zones: Callable[[Ints], Zones]
    """On which clock each of them lives."""
    templates: Callable[[str], int | None]
    """The number of the version of a template that is live."""
    scores: Callable[[Kept, Broadcast, Micros], Sequence[Score]]
    """How the variants do."""
    lost: Callable[[Broadcast, Ints, Ints], Bools] = lambda _, persons, __: np.zeros(len(persons), np.bool_)
    """Which of them would not get it whenever it is tried, as they were meant to."""
    between: Callable[[str], None] = lambda _: None
    """Called between two steps; a test may let the process die there."""

    def tick(self, now: Micros) -> int:
        """Do all that is to be done by now; how many messages were put into the outbox."""
        put = 0
        for kept in state.every(self.ops, but=("draft", "finished", "asking", "paused")):
            put += self._forward(kept, now)
        return put

    def _forward(self, kept: Kept, now: Micros) -> int:
        if kept.state == "cancelled":
            self._clear(kept, now)
            return 0
        if kept.state == "scheduled":
            if kept.starts is None or kept.starts > now or not self._begin(kept, now):
                return 0
            kept = state.one(self.ops, kept.slug)
        put = self._put(kept, now)
        self._decide(kept, now)
        self._end(kept, now)
        return put

    # --- beginning --------------------------------------------------------------------------------

    def _begin(self, kept: Kept, now: Micros) -> bool:
        """Fix who gets it; False where it can't be sent, and is a draft again."""
        one, starts, rules = from_body(kept.body), kept.starts or now, self.rules()
        late = now > plan.ends(one, starts) + duration(rules.late)
        numbers = [self.templates(each.template) for each in one.variants]
        if late or None in numbers:
            with self.ops.begin() as tx:
                state.move(tx, kept, "draft", now, BY, {"why": "late" if late else "template"})
            return False
        made = self.planned(one, self.members(one, starts), starts, rules)
        self.between("planned")
        decides = _decides(one, made)
        with self.ops.begin() as tx:
            state.move(tx, kept, "sending", now, BY, {"recipients": len(made.person)})
            broadcasts.settle(tx, kept.id, decides=decides, winner=None)
            broadcasts.put(tx, kept.id, _parts(one, made, numbers))
        self.between("begun")
        return True

    def planned(self, one: Broadcast, persons: Ints, starts: Micros, rules: Rules) -> Plan:
        """Who gets what and when, in the order in which they do."""
        order = plan.order(one.id, persons)
        variant, zones = plan.variants(one, len(order)), self.zones(order)
        meant = plan.wanted(one, starts, zones)
        due, first = meant.copy(), np.flatnonzero(variant != LATER)
        due[first] = self.paced(one, order[first], meant[first], rules)
        rank = np.lexsort((np.arange(len(order)), due, variant == LATER))
        return Plan(order[rank], variant[rank], due[rank], meant[rank])

    def paced(self, one: Broadcast, person: Ints, meant: Ints, rules: Rules) -> Ints:
        """When each gets it: at the broadcast's pace, and past the hours in which its customers rest.

        Who would not get it anyhow takes nobody's place.
        """
        lost = self.lost(one, person, meant) if one.pace else np.zeros(len(person), np.bool_)
        due, goes = meant.copy(), np.flatnonzero(~lost)
        due[goes] = self._spread(one, meant[goes], self.zones(person[goes]), rules)
        return due

    def _spread(self, one: Broadcast, due: Ints, zones: Zones, rules: Rules) -> Ints:
        silence = rules.quiet.get(one.channel)
        if silence is None or one.purpose == TRANSACTIONAL:
            return plan.spread(due, one.pace)

        def ended(at: Ints) -> Ints:
            return by_zone(zones, at, lambda mine, zone: quiet.untils(mine, zone, silence, rules.country))

        return plan.spread(due, one.pace, ended)

    # --- sending ----------------------------------------------------------------------------------

    def _put(self, kept: Kept, now: Micros) -> int:
        with self.ops.read() as tx:
            parts = broadcasts.parts(tx, kept.id, PARTS)
        return sum(self._put_one(kept, from_body(kept.body), part, now) for part in parts)

    def _put_one(self, kept: Kept, one: Broadcast, part: Part, now: Micros) -> int:
        person, due, meant = self._there(*_unpacked(part.people))
        every, whose = self._numbers(person)
        self.between("read")
        with self.ops.begin() as tx:
            if broadcasts.hold(tx, kept.slug).state != "sending" or not broadcasts.take(tx, [part.id]):
                return 0
            had = {whose.get(number, number) for number in traffic.had(tx, one.origin, every)}
            fresh = np.array([n for n, each in enumerate(person.tolist()) if each not in had], np.int64)
            put = _wanted(tx, one, part, person[fresh], due[fresh], meant[fresh], now) if len(fresh) else 0
        self.between("put")
        return put

    def _there(self, person: Ints, due: Ints, meant: Ints) -> tuple[Ints, Ints, Ints]:
        """Whoever they are by now, each once; who was erased since is not there any more."""
        whole = canonical(self.warehouse, person)
        _, first = np.unique(whole, return_index=True)
        first = np.sort(first)
        own = pa.table({"person": whole[first]})
        known = self.warehouse.read(
            "SELECT person FROM person SEMI JOIN own_persons USING (person)", own_persons=own
        )
        kept = first[np.isin(whole[first], known["person"].to_numpy())]
        return whole[kept], due[kept], meant[kept]

    def _numbers(self, person: Ints) -> tuple[list[int], dict[int, int]]:
        """All numbers that these people have or had, and whose the former ones are."""
        own = pa.table({"person": person})
        rows = self.warehouse.read(
            "SELECT node, person FROM merged SEMI JOIN own_persons USING (person)", own_persons=own
        )
        whose = dict(zip(rows["node"].to_pylist(), rows["person"].to_pylist(), strict=True))
        return [*person.tolist(), *whose], whose

    # --- the winner -------------------------------------------------------------------------------

    def _decide(self, kept: Kept, now: Micros) -> None:
        """Let the better variant go to the others, once its time has come."""
        one = from_body(kept.body)
        if kept.decides is None or kept.decides > now or kept.winner is not None or one.trial is None:
            return
        with self.ops.read() as tx:
            if broadcasts.parts(tx, kept.id, 1):
                return
        scores = self.scores(kept, one, now)
        found = winner.judge(scores)
        told = {"why": found.why, "scores": [[s.variant, s.reached, s.acted] for s in scores]}
        if found.why != "clear" and one.trial.unsure == "ask":
            with self.ops.begin() as tx:
                state.move(tx, kept, "asking", now, BY, told)
            return
        best = found.best if found.why == "clear" else one.variants[0].id
        self.choose(kept, best, now, BY, told)

    def choose(self, kept: Kept, variant: str, now: Micros, by: str, told: dict[str, Any]) -> None:
        """Let those who wait get this variant, from now on."""
        one, rules = from_body(kept.body), self.rules()
        template = next(self.templates(each.template) for each in one.variants if each.id == variant)
        with self.ops.read() as tx:
            waiting = broadcasts.parts(tx, kept.id, waiting=True)
        persons = [_unpacked(part.people)[0] for part in waiting]
        person = np.concatenate(persons) if persons else np.empty(0, np.int64)
        meant = np.full(len(person), now, np.int64)
        due = self.paced(one, person, meant, rules)
        rank = np.lexsort((np.arange(len(due)), due))
        self.between("chosen")
        with self.ops.begin() as tx:
            state.move(tx, kept, "sending", now, by, {**told, "winner": variant})
            broadcasts.settle(tx, kept.id, winner=variant)
            broadcasts.take(tx, [part.id for part in waiting])
            broadcasts.put(
                tx,
                kept.id,
                _packed(variant, template, person[rank], due[rank], meant[rank]),
            )

    # --- the end ----------------------------------------------------------------------------------

    def _end(self, kept: Kept, now: Micros) -> None:
        """Call it finished once nobody is left who is still to get it."""
        with self.ops.begin() as tx:
            kept = broadcasts.every(tx, kept.slug)[0]
            origin = from_body(kept.body).origin
            if kept.state == "sending" and not broadcasts.left(tx, kept.id) and not traffic.open_(tx, origin):
                state.move(tx, kept, "finished", now, BY, {"tally": tallied(tx, origin)})

    def _clear(self, kept: Kept, now: Micros) -> None:
        """Stop what was not sent of a cancelled one, some at a time."""
        origin = from_body(kept.body).origin
        while origin in self._resting():
            with self.ops.begin() as tx:
                if not outbox.cancel(tx, origin, now=now, most=PART):
                    if traffic.open_(tx, origin):  # a worker is giving back what it holds
                        return
                    outbox.resume(tx, origin, now)
            self.between("cleared")

    def _resting(self) -> dict[str, Micros]:
        with self.ops.read() as tx:
            return outbox.paused(tx)


def pause(ops: Ops, kept: Kept, now: Micros, by: str) -> None:
    """Send nothing more of it, until `resume`. What a connection has begun is finished."""
    state.among(kept, ("sending", "asking"))
    with ops.begin() as tx:
        state.move(tx, kept, "paused", now, by, {"from": kept.state})
        outbox.pause(tx, from_body(kept.body).origin, now)


def resume(ops: Ops, kept: Kept, now: Micros, by: str) -> None:
    """Go on: who would have had it meanwhile gets it now, the others as far apart as before."""
    state.among(kept, ("paused",))
    one, waited = from_body(kept.body), now - kept.since
    with ops.begin() as tx:
        state.move(tx, kept, kept.told.get("from", "sending"), now, by)
        outbox.go_on(tx, one.origin, now, bool(one.pace))
        if kept.decides is not None:
            broadcasts.settle(tx, kept.id, decides=kept.decides + waited)
        for part in broadcasts.parts(tx, kept.id):
            person, due, meant = _unpacked(part.people)
            if one.pace:
                due = np.where(due >= kept.since, due + waited, due)
            due = np.maximum(due, now)
            broadcasts.take(tx, [part.id])
            broadcasts.put(tx, kept.id, _packed(part.variant, part.template, person, due, meant))


def cancel(ops: Ops, kept: Kept, now: Micros, by: str) -> None:
    """End it for good: who has not got it doesn't."""
    state.among(kept, ("scheduled", "sending", "asking", "paused"))
    origin = from_body(kept.body).origin
    with ops.begin() as tx:
        left = broadcasts.left(tx, kept.id)
        state.move(tx, kept, "cancelled", now, by, {"left": left, "tally": tallied(tx, origin)})
        broadcasts.empty(tx, kept.id)
        outbox.pause(tx, origin, now)  # at once, however many wait; one after another they are stopped then


def holdouts(tx: Tx) -> dict[str, float]:
    """The control groups of those that are under way, by who their messages are from."""
    found = (from_body(kept.body) for kept in broadcasts.every(tx, but=("draft", "finished", "cancelled")))
    return {one.origin: one.holdout for one in found if one.holdout}


def tallied(tx: Tx, origin: str) -> list[list[Any]]:
    """How many messages by variant, state and reason: as it was when somebody looked last."""
    return [[*key, n] for key, n in sorted(outbox.tally(tx, origin).items(), key=str)]


def _wanted(tx: Tx, one: Broadcast, part: Part, person: Ints, due: Ints, meant: Ints, now: Micros) -> int:
    like = Wanted(
        origin=one.origin,
        step=part.variant or "",
        run="-",
        person=0,
        channel=one.channel,
        purpose=one.purpose,
        template=part.template or 0,
        language=one.language,
        priority=one.priority,
        due=now,
    )
    own = person.tolist()
    until = (meant + duration(one.within)).tolist() if one.within else None
    return outbox.put_many(tx, like, own, [*map(str, own)], now, due.tolist(), until)


def _decides(one: Broadcast, made: Plan) -> Micros | None:
    """When the winner is found, for whom somebody waits."""
    if one.trial is None or not (made.variant == LATER).any():
        return None
    return int(made.due[made.variant != LATER].max()) + duration(one.trial.after)


def _parts(
    one: Broadcast, made: Plan, numbers: Sequence[int | None]
) -> list[tuple[str | None, int | None, bytes, int]]:
    """The plan in parts: each of one variant, in the order in which they are due."""
    named = [(n, each.id, numbers[n]) for n, each in enumerate(one.variants)]
    found = []
    for number, name, template in (*named, (LATER, None, None)):
        mine = made.variant == number
        found.append(_packed(name, template, made.person[mine], made.due[mine], made.meant[mine]))
    # The first part of each, then the second of each: none of the variants is ahead of the others.
    return [part for some in zip_longest(*found) for part in some if part is not None]


def _packed(
    variant: str | None, template: int | None, person: Ints, due: Ints, meant: Ints
) -> list[tuple[str | None, int | None, bytes, int]]:
    rows = np.stack([person, due, meant]).astype("<i8")
    starts = range(0, len(person), PART)
    some = [rows[:, first : first + PART] for first in starts]
    return [(variant, template, zlib.compress(each.tobytes(), 1), each.shape[1]) for each in some]


def _unpacked(people: bytes) -> tuple[Ints, Ints, Ints]:
    rows = np.frombuffer(zlib.decompress(people), "<i8").reshape(3, -1).astype(np.int64)
    return rows[0], rows[1], rows[2]

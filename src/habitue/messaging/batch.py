"""What a worker takes at once: guards decide in the transaction that takes it, and it holds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from threading import Lock
from typing import Any

import msgspec

from habitue.kernel.clock import Micros
from habitue.messaging import facts, guards
from habitue.messaging.channel import Outcome
from habitue.messaging.facts import Mark, Measure, People
from habitue.messaging.guards import Case, Facts, Verdict
from habitue.messaging.mailbox import mailbox
from habitue.messaging.rules import Rules
from habitue.store import messages, repute, traffic
from habitue.store.messages import Change, Going, Sending
from habitue.store.ops import Ops, Tx
from habitue.store.warehouse import Warehouse


class Batch:
    """Messages that were let through, held by one worker under a token; `looked` were looked at in all."""

    def __init__(
        self, token: int, rows: list[Sending], looked: int, known: People, cases: list[Case]
    ) -> None:
        self.token, self.rows, self.looked = token, rows, looked
        self.people, self.cases = known, cases
        self.mark: Mark | None = None
        self.stopped: set[int] = set()
        """Those whose customer said no since."""
        self.back: dict[int, bool] = {}
        """Those that are not to be begun any more; whether for good, not only for now."""
        self.begun: set[int] = set()
        """Those that the other side may have."""
        self.done: deque[tuple[Sending, Outcome]] = deque()
        self.down: dict[str, Outcome] = {}
        """Channels by which nothing goes, and what was said."""
        self.lost = False
        """Whether others may think this worker dead."""
        self.renewed = self.seen = 0.0
        """When it was last held for longer, and when it was last looked whether anybody said no."""
        self.lock = Lock()

    def values(self, row: Sending) -> dict[str, Any]:
        """What was handed along with a message."""
        return msgspec.json.decode(row.values, type=dict[str, Any])


class Door:
    """The stores that say who may be written to, and the rules of the workspace."""

    def __init__(
        self,
        ops: Ops,
        warehouse: Warehouse,
        rules: Callable[[Tx], Rules],
        region: str | None = None,
        measure: Measure = lambda _row, _traits: 1,
    ) -> None:
        self._ops, self._warehouse, self._rules, self._region = ops, warehouse, rules, region
        self._measure = measure

    def take(
        self, lane: int, worker: str, channels: Sequence[str], now: Micros, most: int, lease: Micros
    ) -> Batch | None:
        """Take what is due in a lane, by these channels; None where nothing is. Marketing may stand still.

        What is known of the customers is read before others have to wait for us, and again where anybody may
        have said no meanwhile.
        """
        with self._ops.read() as tx:
            still = repute.standing(tx) if lane == 1 else {}
            channels = [one for one in channels if one not in still]
            due = messages.due(tx, lane, now, most, channels)
            if not due:
                return None
            rules, mark = self._rules(tx), facts.mark(tx, self._warehouse)
            known, some, first = self._look(tx, due, rules, now, measure := _once(self._measure))
        with self._ops.begin() as tx:
            held = messages.hold(tx, [row.id for row in due], now)
            if facts.mark(tx, self._warehouse) != mark:
                mark = facts.mark(tx, self._warehouse)
                known, some, first = self._look(tx, held, rules, now, measure)
            inside = {row.id for row in held}
            some = [one for one in some if one.id in inside]
            told = facts.facts(tx, some, known, rules, now, first)
            verdicts = {one.id: one for one in guards.judge(some, told, rules, now)}
            batch = _taken(tx, held, verdicts, known, some, {*rules.budgets}, worker, lease, now)
        batch.mark = mark
        return batch

    def _look(
        self, tx: Tx, rows: Sequence[Sending], rules: Rules, now: Micros, measure: Measure
    ) -> tuple[People, list[Case], Facts]:
        known = facts.people(self._warehouse, rows, self._region)
        some = facts.cases(tx, rows, known, rules, facts.costs(rows, known, rules, measure))
        return known, some, facts.willing(tx, self._warehouse, some, now)

    def look(self, batch: Batch, now: Micros) -> None:
        """Note those of a batch whose customer has said no since it was taken."""
        with batch.lock, self._ops.read() as tx:
            mark = facts.mark(tx, self._warehouse)
            if mark != batch.mark:
                left = [one for one in batch.cases if one.id not in batch.begun]
                told = facts.willing(tx, self._warehouse, left, now)
                batch.stopped |= {one.id for one in left if guards.refused(one, told)}
                batch.mark = mark

    def call_back(self, batch: Batch) -> None:
        """Note those of a batch whose origin rests since, or wants them no more."""
        with self._ops.read() as tx:
            batch.back = batch.back | traffic.called_back(tx, batch.token)


def _once(measure: Measure) -> Measure:
    """The same, which writes each message once, however often it is asked."""
    sizes: dict[int, int] = {}

    def measured(row: Sending, traits: Mapping[str, Any]) -> int:
        if row.id not in sizes:
            sizes[row.id] = measure(row, traits)
        return sizes[row.id]

    return measured


def _taken(
    tx: Tx,
    held: Sequence[Sending],
    verdicts: dict[int, Verdict],
    known: People,
    some: Sequence[Case],
    priced: Collection[str],
    worker: str,
    lease: Micros,
    now: Micros,
) -> Batch:
    trails = {row.id: row.trail for row in held}
    going = [row for row in held if verdicts[row.id].act == "go"]
    messages.change(tx, trails, [_change(one) for one in verdicts.values() if one.act != "go"], now)
    token = messages.lease(tx) if going else 0
    addresses = {one.id: one.address for one in some}
    costs = {one.id: one.cost for one in some if one.channel in priced}
    sending = [
        Going(
            row.id,
            addresses[row.id],
            messages.longer(row.trail, now, Change(row.id, "sending")),
            mailbox(known.addresses[row.id]) if row.channel == "email" else None,
            costs.get(row.id),
        )
        for row in going
    ]
    messages.send(tx, sending, worker, token, now + lease, now)
    left = {row.id for row in going}
    return Batch(token, going, len(held), known, [one for one in some if one.id in left])


_STATES = {"skip": "skipped", "hold": "held", "expire": "expired"}


def _change(verdict: Verdict) -> Change:
    """Quiet hours put a message off; they don't make it late."""
    planned = verdict.until if verdict.guard == "quiet" else None
    return Change(
        verdict.id, _STATES[verdict.act], verdict.guard, verdict.fields, due=verdict.until, planned=planned
    )

"""What leaves the house: by which ways, in which words, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa
from msgspec import structs

from habitue.app.channels import SOURCE, Channelled
from habitue.app.letters import claim
from habitue.app.notes import nodes
from habitue.broadcasts.live import holdouts
from habitue.ingest import inbox
from habitue.ingest.inbox import Parcel
from habitue.kernel import clock
from habitue.kernel.clock import SECOND, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.region import region
from habitue.messaging import guards, outbox, rules
from habitue.messaging.batch import Door
from habitue.messaging.channel import Composed
from habitue.messaging.facts import Measure
from habitue.messaging.guards import WEBHOOK
from habitue.messaging.kinds import webhook
from habitue.messaging.outbox import Told
from habitue.messaging.rules import Rules
from habitue.messaging.scribe import Knower, Known, Scribes
from habitue.messaging.sender import Composer, Happened, Sender
from habitue.messaging.words import House, written
from habitue.people import suppression
from habitue.rules.nodes import ANSWERED
from habitue.store import traffic
from habitue.store.log import PARCEL
from habitue.store.messages import Sending
from habitue.store.ops import Tx
from habitue.templates import coupons, example
from habitue.templates.segments import parts

FOLDER: Final = "outgoing"
"""Of the workspace: what senders were doing when they died."""

AT_ONCE: Final = (500, 2000)
"""Messages that a lane takes at once: in a large shop asking about many takes little more than one."""

FRESH: Final = 5
"""Seconds for which what is the same in all messages is not looked up again."""

SMS: Final = "sms"
"""The channel on which a long message is several, each of which is paid for."""

_CALLED: Final = {"email": "Email", "sms": "SMS", "push": "Push"}
_DONE: Final = {"sent": "Sent", "bounced": "Bounced"}


class Spent(NamedTuple):
    """So many messages left on a channel in a month, and cost so much, of what they may (None: whatever they
    do), in hundredths of a cent.
    """

    channel: str
    messages: int
    cost: int
    most: int | None


class Posting(Channelled):
    """The part of a shop that sends."""

    # --- rules ------------------------------------------------------------------------------------

    def sending_rules(self) -> Rules:
        """How often, when, and to whom not."""
        with self.ops.read() as tx:
            return self._rules(tx)

    def set_sending_rules(self, wanted: Rules, by: str, now: Micros | None = None) -> None:
        """Let these rules hold from now on. Raises `UserError` for what makes no sense."""
        rules.write(self.ops, wanted, by, clock.now() if now is None else now)

    def spending(self, months: int = 3, now: Micros | None = None) -> list[tuple[Micros, list[Spent]]]:
        """What messages cost: when each of the last months began, the running one first, and by channel.

        A channel without a price isn't in it; one that has a price and sent nothing is.
        """
        rules, until = self.sending_rules(), clock.now() if now is None else now
        found: list[tuple[Micros, list[Spent]]] = []
        first = guards.month(until, rules.zone)
        with self.ops.read() as tx:
            for _ in range(months):
                rows, running = traffic.spent(tx, first, until), not found
                names = sorted({*rows, *rules.budgets} if running else rows)
                found.append((first, [_spent(one, rows, rules if running else None) for one in names]))
                first, until = guards.month(first - 1, rules.zone), first
        return found

    def _rules(self, tx: Tx) -> Rules:
        zone = self.settings.timezone
        return rules.read(tx, zone, region(zone), self.settings.currency)

    def _guarding(self, tx: Tx) -> Rules:
        """The same, with the control groups of the broadcasts that are under way."""
        rules, own = self._rules(tx), holdouts(tx)
        return structs.replace(rules, holdouts={**rules.holdouts, **own}) if own else rules

    # --- sending ----------------------------------------------------------------------------------

    def outgoing(self, lane: int) -> Sender:
        """A worker for what customers wait for (0) or for marketing (1); one of each at a time."""
        self.hooks()
        house = self._house()
        region_ = self.settings.terms.region
        door = Door(self.ops, self.warehouse, self._guarding, region_, self._measure(house))
        return Sender(
            self.ops,
            door,
            self.ways,
            self._composer(house),
            scribes=Scribes(self._knower(house)),
            lane=lane,
            folder=self.directory / FOLDER,
            mark=self.mark,
            now=clock.now,
            tell=self._tell_sent,
            block=self._block,
            most=AT_ONCE[lane],
        )

    def _composer(self, house: Callable[[], House]) -> Composer:
        """Writes messages here."""

        def composed(row: Sending, traits: Mapping[str, Any]) -> Composed:
            if row.channel == WEBHOOK:
                return Composed("", "", self._call(row))
            values, press = self._coded(row, _along(row)), self.presses.of(row.template)
            return written(row, traits, values, press, house(), clock.now() // SECOND)

        return composed

    def _measure(self, house: Callable[[], House]) -> Measure:
        """Says of how many parts a text message is; of none where it can't be written, as nothing leaves."""

        def measured(row: Sending, traits: Mapping[str, Any]) -> int:
            if row.channel != SMS:
                return 1
            more, second = _along(row), clock.now() // SECOND
            if _pool(more):  # the code itself is drawn when the message is written
                more |= {"coupon": example.coupon(clock.now())}
            try:
                said = written(row, traits, more, self.presses.of(row.template), house(), second)
            except UserError:
                return 0
            return parts(said.text.strip()).n

        return measured

    def _knower(self, house: Callable[[], House]) -> Knower:
        """Knows what other processes need to write messages there."""

        def values(row: Sending) -> dict[str, Any] | None:
            try:
                return self._coded(row, _along(row))
            except UserError:  # whoever writes it here says why it can't be
                return None

        return lambda rows: Known(house(), [*map(values, rows)], lambda n: self.presses.of(n).template)

    def _house(self) -> Callable[[], House]:
        """What is the same in all messages, looked up once for those of a few seconds."""
        known: list[tuple[int, House]] = []

        def house() -> House:
            second = clock.now() // SECOND
            if not known or second - known[-1][0] > FRESH:
                rules, shop = self.sending_rules(), self.given({}, {}, {})["shop"]
                own = House(shop, self.passes(), self.settings.language, rules.clicks, rules.opens)
                known[:] = [(second, own)]
            return known[-1][1]

        return house

    def _call(self, row: Sending) -> str:
        """What a program is told: what the step says, and whom it is about; a text goes as it is."""
        body = msgspec.json.decode(row.values, type=dict[str, Any]).get("body") or {}
        if not isinstance(body, dict):
            return webhook.written(body).decode()
        about = {"customer": self._key(row.person), "origin": row.origin, "step": _step(row)}
        return webhook.written(about | body).decode()

    def _coded(self, row: Sending, more: dict[str, Any]) -> dict[str, Any]:
        """With the coupon code that the message gives, if it gives one: settled before it can leave."""
        if not _pool(more):
            return more
        with self.ops.begin() as tx:
            return coupons.filled(tx, more, claim(row.id), row.person, clock.now())

    def _tell_sent(self, tx: Tx, told: Sequence[Happened]) -> None:
        """What left and what came back, into the customers' events."""
        found = []
        for one in told:
            name, more = _named(one)
            key = (one.key or self._key(one.message.person)) if name else None
            if key:
                found.append(_event(one.message, key, name, one.at, more))
        self._put_events(tx, found)

    def happened(self, row: Any, key: str, name: str, at: Micros) -> dict[str, Any]:
        """An event that tells of one message, a row of the table."""
        return _event(row, key, name, at)

    def tell_of(self, tx: Tx, row: Any, name: str, now: Micros) -> None:
        """Let an event tell of one message, a row of the table."""
        if key := self._key(row.person):
            self._put_events(tx, [_event(row, key, name, now)])

    def _put_events(self, tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            table = pa.table({name: [row[name] for row in rows] for name in PARCEL.names}, schema=PARCEL)
            own = blake2b(b"".join(row["id"] for row in rows), digest_size=16).hexdigest()
            inbox.put_with(tx, Parcel(f"sent:{own}", SOURCE, False, table), rows[0]["ts"])

    def _key(self, person: int) -> str | None:
        found = self.warehouse.read("SELECT key FROM node WHERE node = ?", (person,))["key"].to_pylist()
        return found[0] if found else None

    def _block(self, tx: Tx, channel: str, addresses: Sequence[str], now: Micros) -> None:
        """Nobody is at these addresses: write there no more."""
        read = (suppression.reachable(one, self.settings.terms.region) for one in addresses)
        keys = [f"push:{one}" for one in addresses] if channel == "push" else [one for one in read if one]
        suppression.suppress(tx, keys, channel, "bounce", SOURCE, now)

    def customer_messages(self, customer: str | int, most: int = 100) -> list[Told]:
        """What was or is to be sent to a customer, under all their numbers, with every decision about it."""
        mine = nodes(self, self.person(customer))
        with self.ops.read() as tx:
            return outbox.history(tx, mine, most)


def _named(one: Happened) -> tuple[str, dict[str, Any]]:
    """What this is called as an event, and what it says beside what all do; nothing where it is none."""
    row = one.message
    if row.channel == WEBHOOK and one.state == "sent":
        return ANSWERED, {
            "step": _step(row),
            "answer": webhook.answered(one.answer),
        }
    if one.state in _DONE and row.channel in _CALLED:
        return f"{_CALLED[row.channel]} {_DONE[one.state]}", {}
    return "", {}


def _step(row: Any) -> str:
    """The id of the step that a message is of, without the version."""
    step: str = row.step
    return step.partition(":")[2] or step


def _event(
    row: Any, key: str, name: str, at: Micros, more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What happened to a message; the same again is the same event."""
    props = {
        "message": row.id,
        "channel": row.channel,
        "purpose": row.purpose,
        "origin": row.origin,
        "step": row.step,
        "run": row.run,
        "template": row.template,
    }
    return {
        "id": blake2b(f"message:{row.id}:{name}".encode(), digest_size=16).digest(),
        "key": key,
        "account": None,
        "ts": at,
        "name": name,
        "revenue": None,
        "props": msgspec.json.encode(props | dict(more or {})).decode(),
        "also": None,
    }


def _spent(channel: str, rows: Mapping[str, tuple[int, int]], rules: Rules | None) -> Spent:
    n, cost = rows.get(channel, (0, 0))
    limit = rules.budgets.get(channel) if rules else None
    return Spent(channel, n, cost, limit.most if limit else None)


def _pool(more: Mapping[str, Any]) -> bool:
    """Whether a message gives a coupon code."""
    return isinstance(more.get("coupon"), dict) and "pool" in more["coupon"]


def _along(row: Sending) -> dict[str, Any]:
    """What was handed along with a message."""
    return msgspec.json.decode(row.values, type=dict[str, Any]) if row.values != "{}" else {}

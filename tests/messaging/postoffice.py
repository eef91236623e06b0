"""A shop with customers who can be written to, and a sender that sends to a sink."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from habitue.ingest import inbox
from habitue.kernel.clock import Micros
from habitue.messaging.batch import Door
from habitue.messaging.channel import Composed, Way
from habitue.messaging.kinds import email_smtp
from habitue.messaging.rules import Rules
from habitue.messaging.sender import Happened, Sender
from habitue.people import consent
from habitue.store.log import PARCEL
from habitue.store.messages import Sending
from habitue.store.ops import Ops, Tx
from tests.ingest.stores import Stores, opened, parcel
from tests.messaging.wanted import NOW


def customers(stores: Stores, emails: Sequence[str], agreeing: bool = True) -> dict[str, int]:
    """Customers with these addresses, who agree to marketing by e-mail; their numbers."""
    said = '{"channel": "email", "purpose": "marketing", "status": "granted"}'
    events: list[dict[str, object]] = []
    for n, email in enumerate(emails):
        same = {"key": f"user:{n}", "revenue": None, "ts": NOW - 1000}
        props = json.dumps({"email": email, "name": f"N{n}"})
        events.append({**same, "id": f"i{n}", "name": "$identify", "props": props})
        if agreeing:
            events.append({**same, "id": f"c{n}", "name": "$consent", "props": said})
    inbox.put(stores.ops, [parcel("people", *events)], NOW)
    stores.load()
    keys = [f"user:{n}" for n in range(len(emails))]
    found = {str(key): int(str(node)) for key, node in stores.rows("SELECT key, node FROM node")}
    return {email: found[key] for email, key in zip(emails, keys, strict=True)}


def no(stores: Stores, key: str, at: Micros) -> None:
    """A customer says no; it waits in the inbox."""
    row = consent.row(key, consent.Answer(status="withdrawn"), at, f"{key}{at}")
    table = pa.Table.from_pylist([row], schema=PARCEL)
    inbox.put(stores.ops, [inbox.Parcel(f"consent:{key}{at}", "api", False, table)], at)


def compose(_row: Sending, traits: Mapping[str, Any]) -> Composed:
    name = traits.get("name", "")
    return Composed(f"Hello {name}", f"<p>Hello {name}</p>", f"Hello {name}", "https://b.fr/u")


def mark(number: int) -> str:
    return f"{number}.mark"


@dataclass
class Office:
    stores: Stores
    ops: Ops
    now: Micros = NOW
    rules: Rules = field(default_factory=lambda: Rules(caps={}))
    told: list[Happened] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    senders: list[Sender] = field(default_factory=list)

    def sender(self, ways: Mapping[str, Way], folder: Path, lane: int = 1, **more: Any) -> Sender:
        def tell(_tx: Tx, told: Sequence[Happened]) -> None:
            self.told += told

        def block(_tx: Tx, _channel: str, addresses: Sequence[str], _now: Micros) -> None:
            self.blocked += addresses

        given: dict[str, Any] = {"tell": tell, "block": block, "latency": 0.0, "compose": compose, **more}
        door = Door(self.ops, self.stores.warehouse, lambda _tx: self.rules, "FR")
        words = given.pop("compose")
        made = Sender(
            self.ops,
            door,
            lambda: ways,
            words,
            lane=lane,
            folder=folder,
            mark=mark,
            now=lambda: self.now,
            **given,
        )
        self.senders.append(made)
        return made


def relay(port: int, **more: Any) -> email_smtp.Relay:
    usual: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "Shop <shop@b.fr>",
    }
    return email_smtp.opened(email_smtp.Settings(**{**usual, "connections": 2, **more}))


@contextmanager
def office(place: Path, url: str | None = None) -> Iterator[Office]:
    with opened(place, url) as stores:
        made = Office(stores, stores.ops)
        yield made
        for sender in made.senders:
            sender.close()

"""Servers killed while events arrive: what was acknowledged is there once, nothing else is there.

`HABITUE_KILLS=1000 python -m pytest tests/faults/test_calls.py` kills for longer.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from queue import Queue
from random import Random
from subprocess import PIPE
from threading import Event, Thread
from uuid import UUID

import httpx
import pytest

from habitue.app import Shop
from tests.cradle import Cradle, Running

SEED = 20261122
BATCH = 7
CLIENTS = 3


@pytest.fixture
def nursery(cradle: Cradle) -> Iterator[Running]:
    with cradle.start(module="tests.faults.doorman", stdin=PIPE, stderr=None) as running:
        yield running


class Client(Thread):
    """Sends numbered events, each batch again and again until it is acknowledged, sometimes once more."""

    def __init__(self, name: str, key: str, over: Event) -> None:
        super().__init__(name=name)
        self.random = Random(name)
        self.key = key
        self.over = over
        self.port: Queue[int] = Queue()
        self.sent: set[str] = set()
        self.acknowledged: set[str] = set()

    def run(self) -> None:
        number = 0
        port = self.port.get()
        while not self.over.is_set():
            ids = [f"{self.name}-{n}" for n in range(number, number + BATCH)]
            self.sent.update(ids)
            while not self._taken(port, ids):
                if self.over.is_set():
                    return
                port = self.port.get()
            self.acknowledged.update(ids)
            number += 0 if self.random.random() < 0.2 else BATCH

    def _taken(self, port: int, ids: list[str]) -> bool:
        seen = {"type": "track", "event": "Seen"}
        batch = [seen | {"userId": f"u{one[-2:]}", "messageId": one} for one in ids]
        try:
            sent = httpx.post(
                f"http://127.0.0.1:{port}/v1/batch", json={"batch": batch}, auth=(self.key, ""), timeout=20
            )
        except httpx.TransportError:
            return False
        assert sent.json() == {"success": True}
        return True


@pytest.mark.long
def test_what_was_acknowledged_is_there_once_however_often_the_server_is_killed(
    tmp_path: Path, nursery: Running
) -> None:
    kills = int(os.environ.get("HABITUE_KILLS", "40"))
    random, over, place = Random(SEED), Event(), tmp_path / "shop"
    with Shop.create(place) as shop:
        key = shop.add_source("shop").write_key
    clients = [Client(f"c{n}", key, over) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    assert nursery.stdin
    assert nursery.stdout
    statuses: Counter[int] = Counter()
    for _ in range(kills):
        print(json.dumps([str(place), random.uniform(0.3, 3)]), file=nursery.stdin, flush=True)
        for line in nursery.stdout:
            word, number = line.split()
            if word == "died":
                statuses[int(number)] += 1
                break
            for client in clients:
                client.port.put(int(number))
    over.set()
    for client in clients:
        client.port.put(1)
        client.join()
    with Shop.open(place) as shop:
        shop.refresh()
        held = Counter(shop.warehouse.read("SELECT id::VARCHAR AS id FROM event")["id"].to_pylist())
        findings = [one.what for one in shop.doctor() if one.state == "bad"]
    acknowledged = set().union(*(client.acknowledged for client in clients))
    sent = set().union(*(client.sent for client in clients))
    print(f"{kills} kills, {len(acknowledged)} events acknowledged, {sum(held.values())} held, seed {SEED}")
    assert statuses == {-9: kills}
    assert max(held.values()) == 1
    assert findings == []
    assert names(acknowledged) <= set(held)
    assert set(held) <= names(sent)


def names(ids: set[str]) -> set[str]:
    """The ids under which the shop keeps them."""
    return {str(UUID(bytes=blake2b(f"shop\0{one}".encode(), digest_size=16).digest())) for one in ids}

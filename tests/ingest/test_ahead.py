"""What is read before it is asked for is what would be read then."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from zlib import crc32

import msgspec
import pytest

from habitue.ingest import ahead as module
from habitue.ingest import inbox
from habitue.ingest.ahead import Ahead
from habitue.ingest.calls import intake, protocol, sources
from habitue.ingest.calls.intake import Arrival
from habitue.ingest.calls.protocol import Limits
from habitue.ingest.calls.rows import EURO, Terms
from habitue.ingest.inbox import Waiting
from habitue.store import refused
from habitue.store.ops import Ops
from habitue.store.tables import inbox as table
from tests.ingest.stores import parcel


@pytest.fixture
def ops(tmp_path: Path) -> Iterator[Ops]:
    one = Ops.open(tmp_path / "ops.sqlite")
    sources.add(one, "shop", "server", "key", 0)
    yield one
    one.close()


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ahead]:
    """One that finds little worth reading beside."""
    monkeypatch.setattr(inbox, "GROUP", 4_000)
    for name, value in (("GROUP", 4_000), ("WORTH", 1_000), ("PAUSE", 0.01), ("MANY", 20)):
        monkeypatch.setattr(module, name, value)
    one = Ahead()
    yield one
    one.close()


def body(number: int, lost: bool = False) -> bytes:
    """A request of an order, or of somebody who can't be named."""
    order = {"revenue": 12.34, "n": number, "fill": "x" * 200}
    event = {"type": "track", "event": "Order Completed", "messageId": f"m{number}", "properties": order}
    raw = msgspec.json.encode(event if lost else {**event, "userId": f"u{number % 7}"})
    return protocol.stored([msgspec.Raw(raw)], protocol.read(b'{"batch":[]}', Limits()), None)


def send(ops: Ops, *bodies: bytes) -> None:
    intake.commit(ops, [Arrival("shop", False, 1, 1, one, []) for one in bodies])


def told(rows: Iterator[Waiting]) -> list[tuple[object, ...]]:
    return [(row.id, row.source, row.history, row.places, row.table.to_pylist()) for row in rows]


def until_held(ahead: Ahead, n: int) -> None:
    end = time.monotonic() + 20
    while len(ahead._held) < n and time.monotonic() < end:
        time.sleep(0.005)
    assert len(ahead._held) >= n


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_done_to_the_inbox_in_the_meantime_it_tells_what_is_there(
    ops: Ops, ahead: Ahead, seed: int
) -> None:
    dice, number, terms = Random(seed), 0, EURO
    for _ in range(12):
        for _ in range(dice.randrange(30)):
            number += 1
            send(ops, body(number, lost=dice.random() < 0.1))
        if dice.random() < 0.3:
            inbox.put(ops, [parcel(f"file{number}", {}, {"key": "user:b"})], 2)
        if dice.random() < 0.3:
            time.sleep(0.05)
        _meddle(ops, dice)
        terms = Terms("USD", None) if dice.random() < 0.1 else terms
        found = told(inbox.waiting(ops, terms))
        assert told(ahead.waiting(ops, terms)) == found
        if found and dice.random() < 0.5:
            inbox.done(ops, int(str(dice.choice(found)[0])))
    assert number > 100


def _meddle(ops: Ops, dice: Random) -> None:
    """As an erasure does: a row goes, or holds something else."""
    with ops.begin() as tx:
        ids = list(tx.scalars(table.select().with_only_columns(table.c.id)))
        if ids and dice.random() < 0.5:
            tx.execute(table.delete().where(table.c.id == dice.choice(ids)))
        if ids and dice.random() < 0.5:
            other = body(10_000 + dice.randrange(100))
            mine = (table.c.id == dice.choice(ids)) & (table.c.form == "calls")
            tx.execute(table.update().where(mine).values(body=other, crc=crc32(other)))


def test_what_comes_while_the_loader_is_at_work_is_read_by_the_time_it_asks_again(
    ops: Ops, ahead: Ahead
) -> None:
    send(ops, *map(body, range(20)))
    rows = ahead.waiting(ops)
    first = next(rows)
    send(ops, *map(body, range(20, 40)))
    until_held(ahead, 20)
    assert [first.id, *(row.id for row in rows)] == [*range(1, 21)]
    inbox.done(ops, 20)
    assert [row.id for row in ahead.waiting(ops)] == [*range(21, 41)]
    assert ahead._held == {}


def test_no_more_is_held_than_a_few_groups(ops: Ops, ahead: Ahead) -> None:
    send(ops, *map(body, range(20)))
    assert len([*ahead.waiting(ops)]) == 20
    send(ops, *map(body, range(20, 400)))
    until_held(ahead, 50)
    time.sleep(0.2)
    assert sum(row.size for row in ahead._held.values()) <= (module.AHEAD + 1) * 4_000
    assert [row.id for row in ahead.waiting(ops)] == [*range(1, 401)]


def test_what_nobody_can_be_told_of_is_buried_only_once_it_is_taken(ops: Ops, ahead: Ahead) -> None:
    send(ops, *map(body, range(20)))
    assert len([*ahead.waiting(ops)]) == 20
    send(ops, *(body(n, lost=n == 25) for n in range(20, 40)))
    until_held(ahead, 15)
    assert len(refused.latest(ops, 9)) == 0
    assert len([*ahead.waiting(ops)]) == 40
    assert len(refused.latest(ops, 9)) == 1


def test_a_little_takes_no_thread_and_what_it_took_is_let_go(ops: Ops, ahead: Ahead) -> None:
    def readers() -> list[str]:
        return [one.name for one in threading.enumerate() if one.name.startswith("reader")]

    send(ops, body(1))
    assert (len([*ahead.waiting(ops)]), readers()) == (1, [])
    send(ops, *map(body, range(2, 30)))
    assert (len([*ahead.waiting(ops)]), len(readers())) == (29, 1)
    ahead.close()
    assert readers() == []
    assert len([*ahead.waiting(ops)]) == 29

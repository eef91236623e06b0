"""C2, C3: the sender is killed again and again in the middle of sending, and nobody gets a mail twice.

`HABITUE_KILLS=1000` kills as often; a few times otherwise.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import pytest

from habitue.kernel import clock
from habitue.messaging import outbox
from habitue.store import messages
from tests.cradle import Cradle, Running
from tests.faults.postman import CONNECTIONS
from tests.ingest.stores import opened
from tests.messaging.postoffice import customers, mark
from tests.messaging.wanted import wanted

KILLS: Final = int(os.environ.get("HABITUE_KILLS", "3"))
MAILS: Final = 40 * KILLS


@pytest.fixture(scope="module")
def nursery(cradle: Cradle) -> Iterator[Running]:
    with program(cradle, "postman") as running:
        yield running


def program(cradle: Cradle, name: str, *given: Path) -> Running:
    return cradle.start(*given, module=f"tests.faults.{name}", stdin=subprocess.PIPE, stderr=None)


def said(process: Running) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def send(nursery: Running, order: list[object], seconds: float | None) -> int:
    """Let a sender run and kill it after so long, or not; how it ended."""
    assert nursery.stdin
    print(json.dumps(order), file=nursery.stdin, flush=True)
    child = int(said(nursery).split()[1])
    assert said(nursery) == "ready"
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return int(said(nursery).split()[1])


class Ran(NamedTuple):
    """How often each mail was taken by the relay, messages' states by mark and lane, and how many kills."""

    taken: Counter[str]
    states: dict[int, dict[str, str]]
    kills: int


def run(cradle: Cradle, nursery: Running, place: Path, *, asked: bool) -> Ran:
    """Half of the mails are marketing, half are waited for."""
    log, now = place / "relay.log", clock.now()
    with opened(place) as stores:
        people = list(customers(stores, [f"c{n}@b.fr" for n in range(MAILS)]).values())
        with stores.ops.begin() as tx:
            for n, one in enumerate(people):
                purpose = "marketing" if n % 2 else "transactional"
                outbox.put(tx, [wanted(one, purpose=purpose, due=now)], now)
    dice, kills = Random(KILLS), 0
    with program(cradle, "relay", log) as relay:
        order: list[object] = [str(place), int(said(relay)), str(log) if asked else ""]
        for _ in range(KILLS):
            ended = send(nursery, order, dice.uniform(0.02, 0.35))
            assert ended in (0, -9)
            kills += ended == -9
        assert send(nursery, order, None) == 0
    taken = Counter(line.strip("<>").partition("@")[0] for line in log.read_text().split())
    with opened(place) as stores, stores.ops.read() as tx:
        rows = messages.of(tx, people, MAILS)
    states = {lane: {mark(row.id): row.state for row in rows if row.lane == lane} for lane in (0, 1)}
    return Ran(taken, states, kills)


def test_a_relay_that_can_be_asked_gets_every_mail_once(
    cradle: Cradle, nursery: Running, tmp_path: Path
) -> None:
    taken, states, kills = run(cradle, nursery, tmp_path, asked=True)
    assert {*states[0].values(), *states[1].values()} == {"sent"}
    assert taken == Counter([*states[0], *states[1]])
    assert kills > KILLS / 2


def test_a_blind_relay_gets_no_marketing_twice_and_what_nobody_can_know_is_said(
    cradle: Cradle, nursery: Running, tmp_path: Path
) -> None:
    """What customers wait for all arrives; twice, under the same mark, only where nobody could know."""
    taken, states, kills = run(cradle, nursery, tmp_path, asked=False)
    marketing, other = states[1], states[0]
    assert [one for one in marketing if taken[one] > 1] == []
    assert {marketing[one] for one in marketing if not taken[one]} <= {"unknown"}
    assert set(marketing.values()) <= {"sent", "unknown"}
    assert set(other.values()) == {"sent"}
    assert [one for one in other if not taken[one]] == []
    undecided = Counter(marketing.values())["unknown"] + sum(taken[one] - 1 for one in other)
    assert undecided <= CONNECTIONS * kills
    assert kills > KILLS / 2

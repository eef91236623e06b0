"""C2, C3: the sender is killed again and again in the middle of sending, and nobody gets a mail twice.

`HABITUE_KILLS=1000` kills as often; a few times otherwise.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

import pytest

from habitue.kernel import clock
from habitue.messaging import outbox
from habitue.store import messages
from tests.ingest.stores import opened
from tests.messaging.postoffice import customers, mark
from tests.messaging.wanted import wanted

KILLS: Final = int(os.environ.get("HABITUE_KILLS", "4"))
MAILS: Final = 40 * KILLS
CONNECTIONS: Final = 3

Program = subprocess.Popen[str]


@contextmanager
def program(name: str, *given: str) -> Iterator[Program]:
    command = [sys.executable, "-m", f"tests.faults.{name}", *given]
    path = {"PYTHONPATH": ":".join(sys.path)}
    with subprocess.Popen(
        command, env=path, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Program]:
    with program("postman") as running:
        yield running


def said(process: Program) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def send(nursery: Program, order: list[object], seconds: float | None) -> int:
    """Let a sender run and kill it after so long, or not; how it ended."""
    assert nursery.stdin
    print(json.dumps(order), file=nursery.stdin, flush=True)
    child = int(said(nursery).split()[1])
    assert said(nursery) == "ready"
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return int(said(nursery).split()[1])


def run(nursery: Program, place: Path, *, lane: int, asked: bool) -> tuple[Counter[str], dict[str, str], int]:
    """How often each mail was taken by the relay, the state of each message by mark, and how many kills."""
    log = place / "relay.log"
    with opened(place) as stores:
        people = customers(stores, [f"c{n}@b.fr" for n in range(MAILS)])
        purpose = "marketing" if lane else "transactional"
        now = clock.now()
        with stores.ops.begin() as tx:
            wants = [wanted(one, purpose=purpose, due=now) for one in people.values()]
            outbox.put(tx, wants, now)
    dice, kills = Random(KILLS), 0
    with program("relay", str(log)) as relay:
        order = [str(place), int(said(relay)), str(log) if asked else "", lane]
        while kills < KILLS:
            ended = send(nursery, order, dice.uniform(0.02, 0.35))
            assert ended in (0, -9)
            kills += ended == -9
            if ended == 0:
                break
        assert send(nursery, order, None) == 0
        time.sleep(0.1)
    taken = Counter(line.strip("<>").partition("@")[0] for line in log.read_text().split())
    with opened(place) as stores, stores.ops.read() as tx:
        rows = messages.of(tx, list(people.values()), MAILS)
    return taken, {mark(row.id): row.state for row in rows}, kills


def test_a_relay_that_can_be_asked_gets_every_mail_once(nursery: Program, tmp_path: Path) -> None:
    taken, states, kills = run(nursery, tmp_path, lane=1, asked=True)
    assert set(states.values()) == {"sent"}
    assert taken == Counter(states.keys())
    assert kills > KILLS / 2


def test_a_blind_relay_gets_no_marketing_twice_and_what_nobody_can_know_is_said(
    nursery: Program, tmp_path: Path
) -> None:
    taken, states, kills = run(nursery, tmp_path, lane=1, asked=False)
    assert [one for one, times in taken.items() if times > 1] == []
    missing = states.keys() - taken.keys()
    assert {states[one] for one in missing} <= {"unknown"}
    assert set(states.values()) <= {"sent", "unknown"}
    assert Counter(states.values())["unknown"] <= CONNECTIONS * kills
    assert kills > KILLS / 2


def test_a_blind_relay_gets_all_that_customers_wait_for_again_only_under_the_same_mark(
    nursery: Program, tmp_path: Path
) -> None:
    taken, states, kills = run(nursery, tmp_path, lane=0, asked=False)
    assert set(states.values()) == {"sent"}
    assert states.keys() == taken.keys()
    assert sum(times - 1 for times in taken.values()) <= CONNECTIONS * kills

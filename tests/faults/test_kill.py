"""Killed at enumerated steps and at random times: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from subprocess import PIPE

import pytest

from habitue.ingest import inbox
from habitue.ingest.loader import rebuild
from tests.cradle import Cradle, Running
from tests.faults.worker import ids, numbered
from tests.ingest.stores import Stores, message, opened, parcel

SEED = 20261122
STEPS = 30
TIMES = 14
CYCLES = 3
"""Of work, in one of which everything happens that can: two loads, two compactions and a rebuild."""


@pytest.fixture
def nursery(cradle: Cradle) -> Iterator[Running]:
    with cradle.start(module="tests.faults.worker", stdin=PIPE, stderr=None) as running:
        yield running


@dataclass
class Run:
    """The life of one directory: how many parcels were acknowledged; the next one may be there or not."""

    place: Path
    acknowledged: int = 0
    kills: int = 0
    violations: list[str] = field(default_factory=list)

    def go(
        self, nursery: Running, die_at: int = 0, seconds: float | None = None, cycles: int = CYCLES
    ) -> int:
        """Work until killed at a step, after some seconds, or to the end; returns the steps counted."""
        assert nursery.stdin
        assert nursery.stdout
        order = [str(self.place), self.acknowledged, die_at, cycles, seconds]
        print(json.dumps(order), file=nursery.stdin, flush=True)
        steps = 0
        for line in nursery.stdout:
            word, number = line.split()
            if word == "acknowledged":
                self.acknowledged = int(number) + 1
            elif word == "steps":
                steps = int(number)
            else:
                assert int(number) in {0, -9}
                self.kills += int(number) == -9
                break
        return steps

    def check(self, whole: bool = False) -> None:
        """Reopen, finish, look: each acknowledged event once, no other, working copy and log the same."""
        with opened(self.place) as stores:
            stores.load()
            logged = [row.hex() for table in stores.log.read() for row in table["id"].to_pylist()]
            self._compare("log", logged)
            self._compare("working copy", _held(stores))
            if stores.rows("SELECT count(*) FROM event WHERE revenue >= 10**9") != [(0,)]:
                self.violations.append("a repeated message id replaced the first one")
            if whole and (found := rebuild(stores.log, stores.warehouse)).differing:
                self.violations.append(f"rebuilt differs in {found.differing}")

    def _compare(self, where: str, held: list[str]) -> None:
        expected = {message(name).hex() for n in range(self.acknowledged) for name in ids(n)}
        maybe = {message(name).hex() for name in ids(self.acknowledged)}
        found = set(held)
        for what, wrong in (
            ("lost", len(expected - found)),
            ("made up", len(found - expected - maybe)),
            ("doubled", len(held) - len(found)),
            ("half a parcel", len(found & maybe) % len(maybe)),
        ):
            if wrong:
                self.violations.append(f"{where}: {wrong} {what} after kill {self.kills}")


def _held(stores: Stores) -> list[str]:
    rows = stores.warehouse.read("SELECT replace(id::VARCHAR, '-', '') AS id FROM event")
    held: list[str] = rows["id"].to_pylist()
    return held


@pytest.mark.long
def test_nothing_acknowledged_is_lost_or_doubled_whenever_it_is_killed(
    tmp_path: Path, nursery: Running
) -> None:
    random = Random(SEED)
    (tmp_path / "measured").mkdir()
    measured = Run(tmp_path / "measured")
    measured.go(nursery)
    steps = measured.go(nursery)  # where everybody is known already it takes fewer than the first time
    run = Run(tmp_path / "run")
    run.place.mkdir()
    for n in range(STEPS):
        run.go(nursery, die_at=1 + int((n + random.random()) * steps / STEPS))
        run.check(whole=n % 10 == 9)
    for _ in range(TIMES):
        run.go(nursery, seconds=random.uniform(0.05, 0.5), cycles=1000)
        run.check()
    run.check(whole=True)
    print(f"{run.kills} kills, {run.acknowledged} parcels, {steps} steps, seed {SEED}")
    assert run.violations == []
    assert run.kills >= 40


def test_the_checker_sees_what_is_lost_doubled_and_made_up(tmp_path: Path) -> None:
    run = Run(tmp_path, acknowledged=2)
    with opened(tmp_path) as stores:
        inbox.put(stores.ops, [numbered(0), parcel("nobody's", {})], 0)
        stores.load()
        with stores.warehouse.write() as writer:
            writer.run("INSERT INTO event_tail FROM event_tail WHERE seq = 0")
    run.check(whole=True)
    said = " ".join(run.violations)
    assert all(word in said for word in ("lost", "made up", "doubled", "rebuilt differs in ('event',)"))

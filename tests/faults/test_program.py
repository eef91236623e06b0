"""The whole program killed at enumerated steps and at random moments: no order lost or doubled or half in."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from habitue.app import Shop
from tests.cradle import Cradle
from tests.faults import driver
from tests.faults.driver import SEED, Act, Event

STRIDE: Final = 4
"""Of the steps, one of so many is died at."""

TIMES: Final = 9
COMMANDS: Final = 2
REPLAY: Final = "HABITUE_KILL"
"""Set to `act:step`, only that kill is made."""

SHARED: Final = multiprocessing.get_context("forkserver")
SHARED.set_forkserver_preload(["tests.faults.driver"])

Rows = Counter[tuple[object, ...]]

_EVENTS: Final = """
    SELECT substr(key, 6) AS customer, name, props ->> 'order_id' AS "order",
           epoch_us(ts) AS ts, revenue AS cents
    FROM event JOIN event_name USING (code) JOIN person USING (person)
"""
_INTERVALS: Final = (
    "SELECT version, key, start, stop, value, life FROM intervals JOIN person ON person = subject"
)
_CHANGES: Final = """
    SELECT version, key, from_value, to_value, ts, restated
    FROM transition JOIN person ON person = subject ORDER BY seq
"""
# Where everybody is at the instant up to which the changes of that version are told.
_TOLD: Final = """
    SELECT version, key, value FROM intervals JOIN person ON person = subject
    JOIN (SELECT substr(key, 6)::INTEGER AS version, make_timestamp(value::BIGINT) AS told
          FROM meta WHERE key LIKE 'told:%') USING (version)
    WHERE start <= told AND (stop IS NULL OR stop > told)
"""


@dataclass(frozen=True)
class State:
    """All that a workspace answers: its events, every stay of everybody, and the changes it announced."""

    events: Counter[Event]
    intervals: Rows
    changes: Rows
    faults: list[str]

    @classmethod
    def of(cls, shop: Shop) -> State:
        changes = _rows(shop, _CHANGES)
        ids = [row for table in shop.log.read() for row in table["id"].to_pylist()]
        events = Counter(Event._make(row) for row in _rows(shop, _EVENTS))
        faults = _torn(changes, {(v, key): value for v, key, value in _rows(shop, _TOLD)})
        if not len(ids) == len(set(ids)) == events.total():
            faults.append(f"{len(ids)} rows in the log, {len(set(ids))} ids, {events.total()} events")
        return cls(events, Counter(_rows(shop, _INTERVALS)), Counter(changes), faults)


def _rows(shop: Shop, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in shop.warehouse.read(sql).to_pylist()]


def _torn(changes: list[tuple[object, ...]], now: dict[tuple[object, object], object]) -> list[str]:
    """What is announced twice, starts elsewhere than the last one ended, or ends elsewhere than one is."""
    once = Counter((version, key, ts, to) for version, key, _, to, ts, restated in changes if not restated)
    faults = [f"announced {n} times: {change}" for change, n in once.items() if n > 1]
    last: dict[tuple[object, object], object] = {}
    for version, key, before, after, *_ in changes:
        if last.get((version, key), before) != before:
            faults.append(f"the chain of {key} in version {version} breaks at {before}")
        last[version, key] = after
    return faults + [f"{who} is not where it was announced" for who, to in last.items() if now.get(who) != to]


@dataclass
class World:
    """Files, a script over them, the workspace before each act, and what it answers after each."""

    folder: Path
    acts: list[Act] = field(default_factory=driver.script)
    steps: list[int] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    notices: Counter[str] = field(default_factory=Counter[str])
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0
    kills: int = 0
    numbers: count[int] = field(default_factory=count)

    def build(self) -> None:
        """Do the script undisturbed, and keep the workspace as it is before each act."""
        driver.write(self.acts, self.folder)
        driver.make(self.before(0))
        started = time.monotonic()
        for number, act in enumerate(self.acts):
            shutil.copytree(self.before(number), self.before(number + 1))
            said, code = self.run(self.before(number + 1), number, number + 1)
            assert code == 0
            self.steps.append(said["steps"])
            with driver.opened(self.copy(number + 1), act.now) as shop:
                self.states.append(State.of(shop))
            self.seconds = time.monotonic() - started
            self.compare(f"undisturbed, act {number}", number, self.states[-1])

    def before(self, number: int) -> Path:
        return self.folder / f"before-{number}"

    def copy(self, number: int) -> Path:
        return Path(shutil.copytree(self.before(number), self.folder / f"run-{next(self.numbers)}"))

    def run(
        self, place: Path, first: int, last: int, die_at: int = 0, seconds: float | None = None
    ) -> tuple[dict[str, int], int | None]:
        """Acts done in a process of its own, which is killed after some seconds if it still runs then."""
        here, there = SHARED.Pipe(duplex=False)
        process = SHARED.Process(target=driver.work, args=(place, self.folder, first, last, die_at, there))
        process.start()
        there.close()
        process.join(seconds)
        process.kill()
        process.join()
        said = {}
        try:
            while True:
                word, number = here.recv()
                said[word] = number
        except EOFError:
            here.close()
        assert process.exitcode in {0, -9}
        self.kills += process.exitcode == -9
        return said, process.exitcode

    def mend(self, label: str, place: Path, number: int) -> None:
        """Open what a kill in this act left, look; do the act again, open once more, look."""
        act = self.acts[number]
        with driver.opened(place, act.now) as shop:
            self.notices.update(notice.text for notice in shop.notices)
            found = State.of(shop)
            act.do(shop, self.folder)
            shop.refresh(act.now)
        self.none_or_all(label, found, self.acts[:number], act)
        with driver.opened(place, act.now) as shop:
            self.violations += [f"{label}: still says “{notice.text}”" for notice in shop.notices]
            self.compare(label, number, State.of(shop))

    def none_or_all(self, label: str, found: State, done: list[Act], act: Act) -> None:
        """Nothing acknowledged is missing, and of the act that was cut short there is all or nothing."""
        whole = [driver.told(done), driver.told([*done, act])]
        if found.events not in whole:
            self.differ(f"{label}, opened: neither before nor after", found.events, whole[1])
        self.violations += [f"{label}, opened: {fault}" for fault in found.faults]

    def compare(self, label: str, number: int, found: State) -> None:
        """Against the files, and against the workspace that nobody disturbed."""
        self.violations += [f"{label}: {fault}" for fault in found.faults]
        undisturbed = self.states[number]
        self.differ(f"{label}, events", found.events, driver.told(self.acts[: number + 1]))
        self.differ(f"{label}, intervals", found.intervals, undisturbed.intervals)
        self.differ(f"{label}, changes", found.changes, undisturbed.changes)

    def differ(self, label: str, found: Counter[Any], wanted: Counter[Any]) -> None:
        for word, rows in (("missing", wanted - found), ("too many", found - wanted)):
            if rows:
                self.violations.append(f"{label}: {rows.total()} {word}, such as {next(iter(rows))}")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("world"))
    made.build()
    assert made.violations == []
    return made


@pytest.mark.long
def test_whatever_is_killed_is_whole_at_the_next_start_and_the_same_when_done_again(world: World) -> None:
    random = Random(SEED)
    replayed = os.environ.get(REPLAY)
    for number, step in [_kill(replayed)] if replayed else _drawn(world.steps, random):
        place = world.copy(number)
        world.run(place, number, number + 1, die_at=step)
        world.mend(f"{REPLAY}={number}:{step}", place, number)
        shutil.rmtree(place)
    if not replayed:
        _lives(world, random)
        assert world.kills >= 40
        assert all(any(word in text for text in world.notices) for word in ("cut short", "left over"))
    _say(world)


def _kill(replayed: str) -> tuple[int, int]:
    number, step = replayed.split(":")
    return int(number), int(step)


def _drawn(steps: list[int], random: Random) -> Iterator[tuple[int, int]]:
    """Of each act every so many a step."""
    for number, passed in enumerate(steps):
        for step in range(1 + random.randrange(min(STRIDE, passed)), passed + 1, STRIDE):
            yield number, step


def _lives(world: World, random: Random) -> None:
    """One workspace after another, each through the whole script, killed again and again."""
    place, number, enough = world.copy(0), 0, world.kills + TIMES
    while world.kills < enough:
        seconds = random.uniform(0, world.seconds / 2)
        said, _ = world.run(place, number, len(world.acts), seconds=seconds)
        number = said.get("done", number - 1) + 1
        if number < len(world.acts):
            world.mend(f"act {number} killed after {seconds:.3f} s in {place}", place, number)
            number += 1
        if number == len(world.acts):
            place, number = world.copy(0), 0


def _say(world: World) -> None:
    found = f"{world.kills} kills, steps {world.steps}, seed {SEED}, {len(world.violations)} violations"
    print(f"{found}; said {dict(world.notices)}")
    replay = f"{found}. Replay one, as it is named below: {REPLAY}=act:step pytest -s {__file__}"
    assert world.violations == [], replay


@pytest.mark.long
def test_the_commands_killed_and_given_again_do_what_they_would_have_done(
    cradle: Cradle, world: World
) -> None:
    random, act, before = Random(SEED), world.acts[0], world.kills
    whole = 0.0  # Seconds that the last command took: the first one is killed at once.
    for _ in range(COMMANDS):
        place = world.copy(0)
        for words, done in ((("import", world.folder / act.file), []), (("refresh",), [act])):
            seconds = whole * random.random()
            world.kills += _command(cradle, place, *words, seconds=seconds) < 0
            label = f"{words[0]} killed after {seconds:.3f} s in {place}"
            with driver.opened(place, act.now) as shop:
                world.none_or_all(label, State.of(shop), done, act)
            whole = _command(cradle, place, *words)
            with driver.opened(place, act.now) as shop:
                found = State.of(shop)
            world.none_or_all(label, found, [act], act)
            world.differ(f"{label}, intervals", found.intervals, world.states[0].intervals)
    assert world.kills > before
    _say(world)


def _command(cradle: Cradle, place: Path, *words: str | Path, seconds: float | None = None) -> float:
    """`habitue` done, or killed so long after it owns the workspace: the seconds it took, -1 if killed."""
    with cradle.start(*words, "--data", place, stderr=subprocess.STDOUT) as process:
        process.until(lambda: f'"pid":{process.pid},' in (place / "lock").read_text("utf-8"))
        started = time.monotonic()
        try:
            said = process.communicate(seconds)[0]
        except subprocess.TimeoutExpired:
            return -1
    assert process.returncode == 0, said
    return time.monotonic() - started


@pytest.mark.long  # by whoever has the world
def test_the_checker_sees_what_is_lost_doubled_half_in_and_announced_twice(world: World) -> None:
    last = len(world.acts) - 1
    place, seen = world.copy(last + 1), World(world.folder, states=world.states)
    with driver.opened(place, world.acts[last].now) as shop:
        with shop.warehouse.write() as writer:
            writer.run("INSERT INTO event_tail FROM event ORDER BY seq LIMIT 1")
            writer.run("DELETE FROM event_base WHERE seq IN (5, 6)")
            writer.run("DELETE FROM event_tail WHERE seq IN (5, 6)")
            writer.run("INSERT INTO transition FROM transition WHERE NOT restated LIMIT 1")
            writer.run("UPDATE interval_tail SET value = value + 1")
        found = State.of(shop)
    seen.compare("broken", last, found)
    seen.none_or_all("broken", found, world.acts[:last], world.acts[last])
    said = " ".join(seen.violations)
    for word in ("missing", "too many", "neither", "announced 2", "is not where", "rows in the log"):
        assert word in said

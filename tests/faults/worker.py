"""A process that puts, loads, compacts and rebuilds until it is killed, and tells what was acknowledged.

Run as a program it is a nursery: it has everything imported and forks a worker for each line it reads.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from habitue.ingest import inbox
from habitue.ingest.inbox import Parcel
from habitue.ingest.loader import rebuild
from habitue.store import log as log_room
from habitue.store.statement import Statements
from tests.ingest.stores import Stores, opened, parcel

ROWS: Final = 20


def numbered(n: int) -> Parcel:
    """The n-th parcel: every second one repeats an event of the one before it."""
    events: list[dict[str, object]] = [
        {
            "id": f"{n}:{k}",
            "key": f"user:{(n * 7 + k * 3) % 50}",
            "ts": (n * ROWS + k) * 1000,
            "revenue": n + k,
        }
        for k in range(ROWS)
    ]
    if n % 2:
        events.append({"id": f"{n - 1}:0", "revenue": 10**9})
    events.append({"id": f"{n}:who", "name": "$identify", "props": f'{{"step": {n}}}'})
    return parcel(f"parcel:{n}", *events)


def ids(n: int) -> set[str]:
    """The texts of the message ids of the n-th parcel that were not in the one before it."""
    return {f"{n}:{k}" for k in range(ROWS)} | {f"{n}:who"}


def work(place: str, start: int, die_at: int, cycles: int) -> None:
    """Cycles of two parcels put, a load and now and then more, from parcel `start` on.

    Says each parcel's number once it is acknowledged, and at the end how many steps were counted; at step
    `die_at` the process kills itself.
    """
    with counted(die_at) as steps, opened(Path(place)) as stores:
        for cycle in range(cycles):
            for n in (start + 2 * cycle, start + 2 * cycle + 1):
                inbox.put(stores.ops, [numbered(n)], 0)
                _say("acknowledged", n)
            stores.load()
            _more(stores, cycle)
        _say("steps", steps())


def _say(word: str, n: int) -> None:
    os.write(1, f"{word} {n}\n".encode())


def _more(stores: Stores, cycle: int) -> None:
    if cycle % 2:
        stores.warehouse.compact()
        stores.warehouse.checkpoint()
    if cycle % 3 == 2:
        rebuild(stores.log, stores.warehouse)


@contextmanager
def counted(die_at: int) -> Iterator[Callable[[], int]]:
    """Count what touches a disk: statements of both databases, commits of the log, files forced or moved."""
    passed = 0

    def step() -> None:
        nonlocal passed
        passed += 1
        if passed == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(owner: Any, name: str) -> None:
        whole = getattr(owner, name)

        def stepped(*args: Any, **named: Any) -> Any:
            step()
            done = whole(*args, **named)
            step()
            return done

        setattr(owner, name, stepped)

    for owner, name in (
        (Statements, "rows"),
        (Statements, "run"),
        (log_room, "write_deltalake"),
        (os, "fsync"),
        (Path, "replace"),
        (Path, "rename"),
        (Path, "unlink"),
    ):
        around(owner, name)
    for name in ("before_cursor_execute", "commit"):
        sa.event.listen(sa.Engine, name, lambda *_: step())
    yield lambda: passed


def nursery() -> None:
    """For each line `[place, start, die_at, cycles, seconds]` fork a worker, kill it then, tell its end."""
    for line in sys.stdin:
        *order, seconds = json.loads(line)
        here, there = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                work(*order)
            finally:
                failed = sys.exc_info()[0] is not None
                if failed:
                    traceback.print_exc()
                os._exit(failed)
        os.close(there)
        select.select(
            [here], [], [], seconds
        )  # the child never writes there: it is readable when the child has ended
        os.close(here)
        os.kill(child, signal.SIGKILL)
        _say("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    nursery()

"""The way in: requests wait a moment for each other and are committed together; then each is told.

What is committed waits in the inbox until the loader takes it to the log. Where more comes than that can
take, the inbox fills up to a bound; from then on senders are told to wait.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Final, NamedTuple
from zlib import crc32

from habitue.ingest.calls.protocol import Fault
from habitue.ingest.calls.rows import Dead, Origin
from habitue.kernel import machine
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store import refused
from habitue.store.failure import StoreDown
from habitue.store.ops import Ops, Tx, take
from habitue.store.refused import Lost
from habitue.store.tables import inbox, inbox_bytes

ROOM: Final = min(16 << 20, machine.memory() >> 8)
"""The most bytes of requests that may wait at once to be committed, unless a single one is larger: who is
taken in is to be told within a second."""

TOGETHER: Final = ROOM // 2
"""About the most bytes in one commit."""

MOST: Final = min(1 << 30, machine.memory() >> 1)
"""And so many may wait in the inbox: where there is nothing else to do, the loader takes them in within a
minute."""

LOOK: Final = 0.5
"""Seconds between two looks whether a full inbox has room again."""

_SHARE: Final = 16
"""It is looked at each time so much of what it may hold has come."""

_FAILED: Final = N_("The operational database {place} can't be used: {reason}")


class Arrival(NamedTuple):
    """A request's events: those that can be taken as `body` (`protocol.stored`), and the others with why."""

    source: str
    history: bool
    received: Micros
    rows: int
    body: bytes
    dead: list[tuple[bytes, Fault]]


class _Waiting(NamedTuple):
    arrival: Arrival
    told: asyncio.Future[None]
    size: int


class Intake(Thread):
    """Commits what `offer` brings, in order, in a thread of its own until `stop`; `arrived` is told after."""

    def __init__(
        self, ops: Ops, arrived: Callable[[], None] = lambda: None, room: int = ROOM, most: int = MOST
    ) -> None:
        super().__init__(name="intake", daemon=True)
        self._ops = ops
        self._arrived = arrived
        self._room = room
        self._used = 0
        self._most = most
        self._held = 0
        self._fresh = most
        """Bytes in the inbox when it was looked at last, and those committed since."""
        self._lock = Lock()
        self._waiting = SimpleQueue[_Waiting | None]()

    @property
    def full(self) -> bool:
        """Whether so much waits for the loader that nothing more is to be taken for now."""
        return self._held + self._fresh > self._most

    @property
    def crowded(self) -> bool:
        """Whether nothing more can wait to be committed just now."""
        return self._used >= self._room

    def offer(self, arrival: Arrival) -> asyncio.Future[None] | None:
        """A future that is done once the arrival is committed, or fails as the store did; None: no room."""
        size = len(arrival.body) + sum(len(body) for body, _ in arrival.dead) + 1024
        with self._lock:
            if self._used and self._used + size > self._room:
                return None
            self._used += size
        told = asyncio.get_running_loop().create_future()
        self._waiting.put(_Waiting(arrival, told, size))
        return told

    def stop(self) -> None:
        """Commit what waits, then end."""
        self._waiting.put(None)
        self.join()

    def run(self) -> None:
        going = True
        while going:
            self._look()
            try:
                first = self._waiting.get(timeout=LOOK if self.full else None)
            except Empty:
                continue
            group, going = self._group(first)
            if group:
                self._settle(group)

    def _look(self) -> None:
        """See how much the inbox holds, where it may be full or much has come since the last look."""
        if not self.full and self._fresh < self._most // _SHARE:
            return
        with suppress(UserError):  # of a store that is down senders are told when it is to be written
            with self._ops.read() as tx:
                self._held = int(tx.execute(inbox.select().with_only_columns(inbox_bytes)).scalar_one())
            self._fresh = 0

    def _group(self, first: _Waiting | None) -> tuple[list[_Waiting], bool]:
        """What waits by now, as far as it belongs into one commit; and whether more is to come."""
        group: list[_Waiting] = []
        size, one = 0, first
        while one is not None:
            group.append(one)
            size += one.size
            if size >= TOGETHER:
                return group, True
            try:
                one = self._waiting.get_nowait()
            except Empty:
                return group, True
        return group, False

    def _settle(self, group: list[_Waiting]) -> None:
        error: UserError | None = None
        try:
            commit(self._ops, [one.arrival for one in group])
        except UserError as failed:
            error = failed
        except Exception as failed:  # noqa: BLE001  whatever it is, who waits is told and the next are served
            error = StoreDown(_FAILED, place=self._ops.name, reason=failed)
        with self._lock:
            self._used -= sum(one.size for one in group)
        if error is None:
            self._fresh += sum(one.size for one in group)
            self._arrived()
        loops = defaultdict(list)
        for one in group:
            loops[one.told.get_loop()].append(one.told)
        for loop, told in loops.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_tell, told, error)


def _tell(told: list[asyncio.Future[None]], error: UserError | None) -> None:
    for one in told:
        if one.done():  # the client has gone
            continue
        if error:
            one.set_exception(error)
        else:
            one.set_result(None)


def commit(ops: Ops, arrivals: list[Arrival]) -> None:
    """Keep them all in one transaction: durable on return. Raises `StoreDown` or `DiskFull`."""
    with ops.begin() as tx:
        keep(tx, arrivals)


def keep(tx: Tx, arrivals: list[Arrival]) -> None:
    """Put what can be taken into the inbox, and the rest among the refused."""
    taken = [one for one in arrivals if one.rows]
    if taken:
        first = take(tx, "inbox", len(taken))
        tx.execute(inbox.insert(), [_row(first + n, one) for n, one in enumerate(taken)])
    lost = [
        Lost(one.source, one.received, fault.code, fault.fields, body)
        for one in arrivals
        for body, fault in one.dead
    ]
    if lost:
        refused.bury(tx, lost)


def _row(number: int, one: Arrival) -> dict[str, object]:
    return {
        "id": number,
        "source": one.source,
        "history": one.history,
        "rows": one.rows,
        "crc": crc32(one.body),
        "body": one.body,
        "received": one.received,
        "form": "calls",
    }


def bury(ops: Ops, origin: Origin, found: list[Dead]) -> None:
    """Keep what could not be taken on the way to the log; once, however often it is tried."""
    if not found:
        return
    with ops.begin() as tx:
        refused.bury(
            tx,
            [
                Lost(
                    origin.source,
                    origin.received,
                    fault.code,
                    fault.fields,
                    raw,
                    f"{origin.number}:{place}",
                )
                for place, raw, fault in found
            ],
        )

"""What waits in the inbox, read beside the loader's work: also what comes in while that is under way.

What was read before it was asked for counts only where the inbox still holds the very same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import groupby, islice
from threading import Event
from typing import Final, TypeAlias

from habitue.ingest import inbox
from habitue.ingest.calls.reader import Reader
from habitue.ingest.calls.rows import EURO, Terms
from habitue.ingest.inbox import GROUP, Listed, Waiting
from habitue.kernel import machine
from habitue.store.ops import Ops

AHEAD: Final = max(1, min(12, machine.memory() >> 28))
"""So many groups are read beside the loader's work: about what it takes in at once."""

WORTH: Final = 2 << 20
"""Bytes of what waits that are worth being read beside."""

PAUSE: Final = 0.1
"""Seconds until it is looked again whether so many have come;"""

PATIENCE: Final = 20
"""so often in vain."""

MANY: Final = 2_000
"""Rows that are looked at each time."""

Read: TypeAlias = Future[list[Waiting]]


class Ahead:
    """Reads for one loader; what it needs for that is begun when there is first much to read."""

    def __init__(self) -> None:
        self._reader = Reader()
        self._beside: ThreadPoolExecutor | None = None
        self._going: Future[None] | None = None
        self._halted = Event()
        self._terms = EURO
        self._held: dict[int, Waiting] = {}

    def waiting(self, ops: Ops, terms: Terms = EURO) -> Iterator[Waiting]:
        """What `inbox.waiting` gives."""
        self._halt()
        if terms != self._terms:
            self._held, self._terms = {}, terms
        last = inbox.issued(ops)
        parts, coming = self._parts(ops, last), deque[Read]()
        while True:
            coming.extend(islice(parts, AHEAD - len(coming)))
            if self._beside and not self._going and len(coming) < AHEAD:  # no part is left to be read
                self._going = self._beside.submit(self._go_on, ops, last)
            if not coming:
                return
            for row in coming.popleft().result():
                yield inbox.taken(ops, row)

    def close(self) -> None:
        """Forget what was read, and let go of what it took."""
        self._halt()
        if self._beside:
            self._beside.shutdown(cancel_futures=True)
        self._beside = None
        self._reader.close()
        self._held.clear()

    def _parts(self, ops: Ops, last: int) -> Iterator[Read]:
        """The rows up to the last, in order: those that are held, and the others read.

        Whoever was erased meanwhile, or whatever else was done to the inbox, makes what is held of it void.
        """
        for held, rows in groupby(inbox.listed(ops, 0, last), self._holds):
            if held:
                yield _done([self._held.pop(row.id) for row in rows])
            else:
                yield from (self._read(ops, group) for group in inbox.grouped(rows))
        for number in [number for number in self._held if number <= last]:
            del self._held[number]

    def _holds(self, row: Listed) -> bool:
        held = self._held.get(row.id)
        return held is not None and held.crc == row.crc

    def _read(self, ops: Ops, group: list[Listed]) -> Read:
        """A little is read at once, unless the reader may be at work."""
        if self._beside is None:
            if sum(row.size for row in group) < WORTH:
                return _done(inbox.opened(ops, self._terms, self._reader, group))
            self._beside = ThreadPoolExecutor(1, "reader")
        return self._beside.submit(inbox.opened, ops, self._terms, self._reader, group)

    def _go_on(self, ops: Ops, after: int) -> None:
        """Read what comes after that row, until it is asked for or nothing comes any more."""
        idle = 0
        while idle < PATIENCE and not self._halted.is_set():
            group = next(inbox.grouped(inbox.listed(ops, after, inbox.issued(ops), MANY)), [])
            held = sum(row.size for row in self._held.values())
            if held > AHEAD * GROUP or sum(row.size for row in group) < WORTH:
                idle += 1
                self._halted.wait(PAUSE)
                continue
            self._held.update((row.id, row) for row in inbox.opened(ops, self._terms, self._reader, group))
            after, idle = group[-1].id, 0

    def _halt(self) -> None:
        """Let what is being read be read to its end, and nothing after it."""
        self._halted.set()
        if self._going:
            wait([self._going])
        self._going = None
        self._halted.clear()


def _done(rows: list[Waiting]) -> Read:
    read = Read()
    read.set_result(rows)
    return read

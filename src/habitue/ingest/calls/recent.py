"""The last calls at the door: what became of each, and how its body began.

In memory only: they are gone with the process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Any, Final, Literal

from msgspec import Struct

from habitue.ingest.calls.protocol import Fault
from habitue.kernel.clock import Micros

KEPT: Final = 500
STRANGERS: Final = 100
"""So many of those without a known write key: whoever sends junk drives nobody else's calls out."""

LONGEST: Final = 4096
"""Bytes kept of a body."""

TOLD: Final = 5
"""So many refused events of a call are told one by one."""

Outcome = Literal["accepted", "partly", "refused"]


class Seen(Struct):
    """One call. `names` are of its first events, `faults` of its first refused ones with their places.

    `why` is a message with its `fields` where the whole call was refused.
    """

    received: Micros
    path: str
    number: int = 0
    source: str | None = None
    status: int = 0
    size: int = 0
    taken: int = 0
    refused: int = 0
    names: tuple[str, ...] = ()
    faults: tuple[tuple[int, Fault], ...] = ()
    why: str = ""
    fields: dict[str, Any] = {}
    body: bytes = b""

    def brought(self, body: bytes) -> None:
        """Note what came."""
        self.size, self.body = len(body), body[:LONGEST]

    def sorted_out(self, taken: int, faults: Sequence[tuple[int, Fault]]) -> None:
        """Note what became of its events."""
        self.taken, self.refused, self.faults = taken, len(faults), tuple(faults[:TOLD])

    @property
    def events(self) -> int:
        return self.taken + self.refused

    @property
    def cut(self) -> bool:
        """Whether only the beginning of its body is kept."""
        return self.size > len(self.body)

    @property
    def outcome(self) -> Outcome:
        if self.status == 200 and not self.refused:
            return "accepted"
        return "partly" if self.taken else "refused"


class Recent:
    """The last calls; filled by the door's loop and read by threads."""

    def __init__(self) -> None:
        self._known: deque[Seen] = deque(maxlen=KEPT)
        self._strangers: deque[Seen] = deque(maxlen=STRANGERS)
        self._lock = Lock()
        self._last = 0

    def add(self, seen: Seen) -> None:
        """Keep a call, which gets its number here."""
        with self._lock:
            self._last += 1
            seen.number = self._last
            (self._known if seen.source else self._strangers).append(seen)

    def clear(self) -> None:
        """Forget all of them: nobody looks through their bodies for those who are erased."""
        with self._lock:
            self._known.clear()
            self._strangers.clear()

    def latest(self, most: int, source: str | None = None, outcome: str | None = None) -> list[Seen]:
        """The newest first; `source` "" has those without a known key, `refused` also what was so in part."""
        with self._lock:
            calls = sorted((*self._known, *self._strangers), key=lambda one: -one.number)
        found = (
            one
            for one in calls
            if (source is None or (one.source or "") == source)
            and (outcome is None or (one.outcome == "accepted") == (outcome == "accepted"))
        )
        return [one for _, one in zip(range(most), found, strict=False)]

    def numbered(self, number: int) -> Seen | None:
        """One of them; None where it is not kept any more."""
        with self._lock:
            return next((one for one in (*self._known, *self._strangers) if one.number == number), None)

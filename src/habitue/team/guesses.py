"""How often somebody may guess: a few times from one place and about one name, then not for a while.

Whoever signed in here before on the same device is not kept out by others' guesses.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from threading import Lock
from typing import Final

from habitue.kernel.clock import MINUTE, Micros

WINDOW: Final = 10 * MINUTE
FROM_ONE_PLACE: Final = 10
ABOUT_ONE_NAME: Final = 20
_REMEMBERED: Final = 50_000


class Guesses:
    """Counts what was wrong lately. Kept in memory: a server that starts again forgets it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._wrong: OrderedDict[str, deque[Micros]] = OrderedDict()

    def wait(self, place: str, name: str, known: bool, now: Micros) -> Micros:
        """How long to wait (µs) before another guess is looked at; 0: none. `known`: from a known device."""
        with self._lock:
            waits = [self._left(f"place:{place}", FROM_ONE_PLACE, now)]
            if not known:
                waits.append(self._left(f"name:{name}", ABOUT_ONE_NAME, now))
            return max(waits)

    def wrong(self, place: str, name: str, now: Micros) -> None:
        """Note a wrong guess."""
        with self._lock:
            for key in (f"place:{place}", f"name:{name}"):
                told = self._wrong.setdefault(key, deque(maxlen=ABOUT_ONE_NAME))
                told.append(now)
                self._wrong.move_to_end(key)
            while len(self._wrong) > _REMEMBERED:
                self._wrong.popitem(last=False)

    def right(self, place: str) -> None:
        """A right guess makes up for the wrong ones from there."""
        with self._lock:
            self._wrong.pop(f"place:{place}", None)

    def _left(self, key: str, most: int, now: Micros) -> Micros:
        told = self._wrong.get(key, deque())
        while told and told[0] <= now - WINDOW:
            told.popleft()
        return told[-most] + WINDOW - now if len(told) >= most else 0

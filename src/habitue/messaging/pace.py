"""Not faster than somebody allows."""

from __future__ import annotations

import time
from threading import Lock


class Pace:
    """So many turns a second, for all threads together; 0 is as fast as it goes."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._lock = Lock()
        self._next = 0.0

    def turn(self) -> None:
        """Wait until one more may go."""
        if not self._rate:
            return
        with self._lock:
            at = max(self._next, time.monotonic())
            self._next = at + 1 / self._rate
        time.sleep(max(0.0, at - time.monotonic()))

"""What takes time to make, kept as last made and made again when it is out of date."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock, Thread
from time import perf_counter
from typing import Final, Generic, NamedTuple, TypeVar

from habitue.kernel.clock import SECOND, Micros

PATIENCE: Final = 0.25
"""Seconds for which a reader is kept waiting rather than shown what is out of date."""

_AT_ONCE: Final = 0.1
"""What took no more seconds the last time is made by its reader."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Made(NamedTuple, Generic[V]):
    """`value` as it stood at `computed`, of a generation of the data."""

    value: V
    generation: int
    computed: Micros


Make = Callable[[bool], Made[V]]
"""Makes a value; told whether to wait for what it is made of, where that is out of date too."""


class Kept(Generic[K, V]):
    """Values by key, the most recently made ones.

    One is out of date when `generation` has risen, or when it has reached the age that its reader allows.
    What can be made again at once is; another thread makes what takes longer, and only where that takes more
    than `PATIENCE` is it shown as it was meanwhile. With `rest`, what is dear to make and changes little is
    held for that many times as long as it took, whatever happens to the data.
    """

    def __init__(self, generation: Callable[[], int], most: int, rest: float = 0.0) -> None:
        self.generation = generation
        self._rest = rest
        self._most = most
        self._made: OrderedDict[K, tuple[Made[V], float]] = OrderedDict()
        self._making: dict[K, Thread] = {}
        self._forgotten = 0
        self._lock = Lock()
        self._first = Lock()

    def get(self, key: K, now: Micros, age: Micros | None, make: Make[V], wait: bool = False) -> Made[V]:
        """The value as last made; younger than `age` (None: of any age) where the reader wants to `wait`."""
        kept = self._made.get(key)
        if kept is None:
            with self._first:
                kept = self._made.get(key)
                return kept[0] if kept else self._make(key, make, wait)
        made, took = kept
        if self._holds(made, now, age) or (not wait and now - made.computed < self._rest * took * SECOND):
            return made
        if wait or took < _AT_ONCE:
            return self._make(key, make, wait)
        return self._soon(key, now, age, make, made)

    def glance(
        self, key: K, now: Micros, age: Micros | None, make: Make[V], patience: float
    ) -> Made[V] | None:
        """As `get`; None where there is none yet and the first takes longer than `patience` (seconds)."""
        if key not in self._made:
            self._make_aside(key, make).join(patience)
            if key not in self._made:
                return None
        return self.get(key, now, age, make)

    def __contains__(self, key: K) -> bool:
        """Whether it was made before, however long ago."""
        return key in self._made

    def forget(self) -> None:
        """Keep nothing of what was made until now, nor of what is being made."""
        with self._lock:
            self._made.clear()
            self._forgotten += 1

    def _holds(self, made: Made[V], now: Micros, age: Micros | None) -> bool:
        return made.generation == self.generation() and (age is None or now - made.computed < age)

    def _soon(self, key: K, now: Micros, age: Micros | None, make: Make[V], made: Made[V]) -> Made[V]:
        """Made anew by another thread within `PATIENCE`, else as last made.

        What is being made already may have been begun too early: then it is made once more.
        """
        until = perf_counter() + PATIENCE
        for _ in range(2):
            self._make_aside(key, make).join(max(0.0, until - perf_counter()))
            kept = self._made.get(key)
            made = kept[0] if kept else made
            if self._holds(made, now, age) or perf_counter() >= until:
                break
        return made

    def _make_aside(self, key: K, make: Make[V]) -> Thread:
        """The thread that makes it: one that is at it already, or a new one."""

        def aside() -> None:
            try:
                self._make(key, make, True)
            finally:
                del self._making[key]

        with self._lock:
            thread = self._making.get(key)
            if thread is None:
                thread = self._making[key] = Thread(target=aside, daemon=True)
                thread.start()
            return thread

    def _make(self, key: K, make: Make[V], wait: bool) -> Made[V]:
        began, forgotten = perf_counter(), self._forgotten
        made = make(wait)
        with self._lock:
            if forgotten != self._forgotten:
                return made
            self._made[key] = made, perf_counter() - began
            self._made.move_to_end(key)
            while len(self._made) > self._most:
                self._made.popitem(last=False)
        return made

"""What takes time to make, kept as last made and made again when it is out of date."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock, Thread
from time import perf_counter
from typing import Final, Generic, NamedTuple, TypeVar

from habitue.kernel.clock import Micros

PATIENCE: Final = 0.1
"""Seconds for which a reader is kept waiting rather than shown what is out of date."""

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
    What can be made again at once is; what takes long is shown as it was while another thread makes it anew.
    """

    def __init__(self, generation: Callable[[], int], most: int) -> None:
        self.generation = generation
        self._most = most
        self._made: OrderedDict[K, tuple[Made[V], float]] = OrderedDict()
        self._making: set[K] = set()
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
        if made.generation == self.generation() and (age is None or now - made.computed < age):
            return made
        if wait or took < PATIENCE:
            return self._make(key, make, wait)
        self._make_aside(key, make)
        return made

    def glance(
        self, key: K, now: Micros, age: Micros | None, make: Make[V], patience: float
    ) -> Made[V] | None:
        """As `get`; None where there is none yet and the first takes longer than `patience` (seconds)."""
        if key not in self._made:
            making = self._make_aside(key, make)
            if making:
                making.join(patience)
            if key not in self._made:
                return None
        return self.get(key, now, age, make)

    def forget(self) -> None:
        """Keep nothing of what was made until now, nor of what is being made."""
        with self._lock:
            self._made.clear()
            self._forgotten += 1

    def _make_aside(self, key: K, make: Make[V]) -> Thread | None:
        """The thread that makes it; None where one is at it already."""
        with self._lock:
            if key in self._making:
                return None
            self._making.add(key)

        def aside() -> None:
            try:
                self._make(key, make, True)
            finally:
                self._making.discard(key)

        thread = Thread(target=aside, daemon=True)
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

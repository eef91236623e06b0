"""How often somebody may guess: a few times from one place and about one name, then not for a while.

Whoever signed in here before on the same device is counted by that device alone: others' guesses, from the
same address or about the same name, don't keep them out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from threading import Lock
from typing import Final, TypeAlias

from habitue.kernel.clock import MINUTE, Micros

WINDOW: Final = 10 * MINUTE
FROM_ONE_PLACE: Final = 10
ABOUT_ONE_NAME: Final = 20
AGAIN: Final = 10
"""How often a session may be wrong that says its member's password again."""

REMEMBERED: Final = 20_000

Limits: TypeAlias = Mapping[str, int]
"""What a guess counts for, and how many each of them may be wrong about within the window."""


def limits(place: str, name: str, device: str | None) -> Limits:
    """Of a sign-in: by the device where it is one that this member signed in with before."""
    if device:
        return {f"device:{device}": FROM_ONE_PLACE}
    return {f"place:{place}": FROM_ONE_PLACE, f"name:{name}": ABOUT_ONE_NAME}


def again(session: int) -> Limits:
    """Of a password that is said again by somebody who is in: by their session, for who stole another one
    must not keep its owner out.
    """
    return {f"again:{session}": AGAIN}


class Guesses:
    """Counts what was wrong lately. Kept in memory, as hashes: a server that starts again forgets it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._wrong: OrderedDict[bytes, tuple[Micros, ...]] = OrderedDict()

    def begin(self, limits: Limits, now: Micros) -> Micros:
        """Count a guess as wrong until it turns out right; or how long (µs) none is looked at."""
        with self._lock:
            self._age(now)
            wait = max(self._left(_key(name), most, now) for name, most in limits.items())
            if not wait:
                for name, most in limits.items():
                    self._add(_key(name), most, now)
            return wait

    def undo(self, limits: Limits, now: Micros) -> None:
        """The guess that began then was no wrong one."""
        with self._lock:
            for name in limits:
                times = self._wrong.get(_key(name), ())
                if now in times:
                    place = times.index(now)
                    self._wrong[_key(name)] = times[:place] + times[place + 1 :]

    def right(self, limits: Limits, now: Micros) -> None:
        """It was right: that makes up for wrong ones from there, not for others' about the same name."""
        self.undo(limits, now)
        with self._lock:
            for name in limits:
                if not name.startswith("name:"):
                    self._wrong.pop(_key(name), None)

    def __len__(self) -> int:
        return len(self._wrong)

    def _add(self, key: bytes, most: int, now: Micros) -> None:
        self._wrong[key] = (*self._wrong.get(key, ()), now)[-most:]
        self._wrong.move_to_end(key)
        while len(self._wrong) > REMEMBERED:
            self._wrong.popitem(last=False)

    def _age(self, now: Micros) -> None:
        """Forget what is older than the window; the latest stands last."""
        while self._wrong:
            key, times = next(iter(self._wrong.items()))
            if times and times[-1] > now - WINDOW:
                break
            del self._wrong[key]

    def _left(self, key: bytes, most: int, now: Micros) -> Micros:
        times = [one for one in self._wrong.get(key, ()) if one > now - WINDOW]
        return times[-most] + WINDOW - now if len(times) >= most else 0


def _key(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()

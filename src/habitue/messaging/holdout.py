"""Control groups: who is left alone, so that it can be seen what messages change.

A customer's place is the same for ever, and on no other salt's scale: groups of different salts don't overlap
more than chance has it. The mixing is splitmix64's (Steele, Lea and Flood, 2014), which numpy does to a
million customers at once.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

GLOBAL: Final = "global"
"""The salt of the group that gets no marketing at all."""

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)


def places(salt: str, persons: NDArray[np.int64]) -> NDArray[np.float64]:
    """Where customers stand in [0, 1): even, and the same at each call."""
    seed = np.frombuffer(blake2b(salt.encode(), digest_size=16).digest(), ">u8")
    x = (persons.astype(np.uint64) + seed[0]) * _STEP  # wraps, as it is meant to
    # Twice, with the salt between: what is added before one round alone only shifts a scale.
    for part in seed:
        x = _mixed(x ^ part)
    found: NDArray[np.float64] = (x >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return found


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * _FIRST
    x = (x ^ (x >> np.uint64(27))) * _SECOND
    return x ^ (x >> np.uint64(31))


def place(salt: str, person: int) -> float:
    """Where one customer stands."""
    return float(places(salt, np.array([person], np.int64))[0])


def held(salt: str, share: float, persons: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Who is in the control group of that share: who is in it stays in when it grows."""
    return places(f"holdout:{salt}", persons) < share

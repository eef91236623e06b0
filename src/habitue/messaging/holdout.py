"""Control groups: who is left alone, so that it can be seen what messages change.

A customer's place is the same for ever, and on no other salt's scale: groups of different salts don't overlap
more than chance has it.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

GLOBAL: Final = "global"
"""The salt of the group that gets no marketing at all."""


def place(salt: str, person: int) -> float:
    """Where a customer stands in [0, 1): even, and the same at each call."""
    digest = blake2b(f"{salt}\0{person}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / (1 << 53)


def held(salt: str, share: float, person: int) -> bool:
    """Whether a customer is in the control group of that share: who is in it stays in when it grows."""
    return share > 0 and place(f"holdout:{salt}", person) < share

"""Which of several variants did better, and whether that can be told at all."""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, sqrt
from typing import Final, Literal, NamedTuple

from msgspec import Struct

SURE: Final = 0.1
"""So likely, at most, is a difference like this between two that are equally good."""

LEAST: Final = 50
"""With fewer recipients of any variant nothing is said."""

ACTED: Final = 10
"""And with fewer who did it, in all."""

Why = Literal["clear", "tie", "few"]


class Score(Struct, frozen=True):
    """How many a variant has reached, and how many of them did what it is measured by."""

    variant: str
    reached: int
    acted: int

    @property
    def rate(self) -> float:
        return self.acted / self.reached if self.reached else 0.0


class Found(NamedTuple):
    """The best one, and why it is taken for it: nobody can tell where there is a tie, or are too few."""

    best: str
    why: Why
    chance: float


def judge(scores: Sequence[Score]) -> Found:
    """The best of two or more, compared with the next best: of equal ones the first that is named."""
    ranked = sorted(scores, key=lambda one: -one.rate)
    best, next_ = ranked[0], ranked[1]
    chance = likely(best, next_)
    if min(one.reached for one in scores) < LEAST or sum(one.acted for one in scores) < ACTED:
        return Found(best.variant, "few", chance)
    return Found(best.variant, "clear" if chance <= SURE else "tie", chance)


def likely(one: Score, other: Score) -> float:
    """How likely a difference as large as this, either way, is by chance alone.

    The two-proportion z-test with a pooled variance (Fleiss, Levin and Paik, *Statistical Methods for Rates
    and Proportions*, 3rd ed., 2003, §3.1).
    """
    both = one.reached + other.reached
    if not one.reached or not other.reached:
        return 1.0
    pooled = (one.acted + other.acted) / both
    error = sqrt(pooled * (1 - pooled) * (1 / one.reached + 1 / other.reached))
    return erfc(abs(one.rate - other.rate) / error / sqrt(2)) if error else 1.0

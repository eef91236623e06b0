"""What is usual: how many moved from stage to stage in each of the twelve periods before, as long as this.

A period that still runs is compared with as much of each earlier one. What is compared is the share of those
who were in a stage that are in another (of those who come from nowhere, their number). A share is unusual if
it is further from the mean than two standard deviations: those of the twelve shares, and at least what chance
alone brings about in a stage of that size, √(p (1 − p) / n).
"""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from habitue.kernel.clock import Micros
from habitue.kernel.period import Period, Span
from habitue.metrics.contrast import OUT
from habitue.metrics.counts import Counts

PERIODS: Final = 12
LEAST: Final = 6
"""Of fewer periods nobody knows what is usual."""

FAR: Final = 2.0
FEW: Final = 5
"""A difference of fewer people is nothing to be told."""


class Usual(Struct, frozen=True):
    """What is usual of one move: the mean of the shares (of the numbers from nowhere) and their deviation.

    `odd` is 1 where the number at hand is unusually high, −1 where unusually low, else 0.
    """

    mean: float
    deviation: float
    counted: bool
    odd: int


def spans(period: Period, zone: str, now: Micros, first: Micros) -> list[Span]:
    """The periods before it, each as long, the latest first.

    Those that begin before `first` are left out: nothing was known then.
    """
    runs = period.span(zone, now).after == now
    before = [period.ago(n) for n in range(1, PERIODS + 1)]
    found = [one.beside(period, zone, now) if runs else one.span(zone, now) for one in before]
    return [one for one in found if one.before >= first]


def usual(now: Counts, before: Counts) -> dict[tuple[int, int], Usual]:
    """What is usual for every pair of places that occurs now or did before.

    `now` is [from, to], `before` [period, from, to]; none where there are fewer than `LEAST` periods.
    """
    if len(before) < LEAST:
        return {}
    pairs = np.argwhere((now > 0) | (before > 0).any(axis=0)).tolist()
    return {(a, b): _usual(a, int(now[a, b]), int(now[a].sum()), before[:, a], b) for a, b in pairs}


def _usual(source: int, n: int, total: int, rows: NDArray[np.int64], target: int) -> Usual:
    counts, totals = rows[:, target].astype(np.float64), rows.sum(axis=1).astype(np.float64)
    if source == OUT:
        mean, spread = float(counts.mean()), float(counts.std(ddof=1))
        return Usual(mean, spread, True, _odd(n - mean, max(spread, sqrt(max(mean, 1))), n - mean))
    shares = counts[totals > 0] / totals[totals > 0]
    if len(shares) < LEAST or not total:
        return Usual(float(shares.mean()) if len(shares) else 0.0, 0.0, False, 0)
    mean, spread = float(shares.mean()), float(shares.std(ddof=1))
    chance = sqrt(max(mean * (1 - mean), 1e-12) / total)
    return Usual(mean, spread, False, _odd(n / total - mean, max(spread, chance), n - mean * total))


def _odd(gap: float, spread: float, people: float) -> int:
    if abs(gap) <= FAR * spread or abs(people) < FEW:
        return 0
    return 1 if gap > 0 else -1

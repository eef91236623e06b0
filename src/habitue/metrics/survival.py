"""How long something lasts when part of it is still going on: the product-limit estimate.

E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", Journal of the American
Statistical Association 53 (1958), 457-481. Its variance is Greenwood's (1926); the 95 % band is taken on
the scale of log(-log S), so it stays between 0 and 1 (J. D. Kalbfleisch, R. L. Prentice, 1980).
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Z95 = 1.959963984540054


class Tally(NamedTuple):
    """How many lasted so many whole days: `days` rises without repeats, `n` says how many of each."""

    days: NDArray[np.int64]
    n: NDArray[np.int64]


NONE: Final = Tally(np.zeros(0, np.int64), np.zeros(0, np.int64))


class Curve(Struct, frozen=True):
    """The share still there after each day on which one ended; the first point is (0, 1).

    `median` and `p90` are the days by which half and nine tenths have ended, None while the data do not
    show it; `mean` is the mean number of days up to the longest one seen (`horizon`), None without data.
    """

    n: int
    open: int
    days: tuple[int, ...]
    survival: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    median: int | None
    p90: int | None
    mean: float | None
    horizon: int

    def at(self, day: float) -> float:
        """The share that lasts longer than `day` days."""
        return self.survival[bisect_right(self.days, day) - 1]


def tallied(ended: Tally, still: Tally) -> Curve:
    """The curve of those that ended and those that are still open, each counted by days."""
    days = np.union1d(ended.days, still.days)
    columns = np.zeros((2, len(days)), np.int64)
    for column, tally in zip(columns, (ended, still), strict=True):
        column[np.searchsorted(days, tally.days)] = tally.n
    return estimate(days, *columns)


def estimate(days: NDArray[np.int64], ended: NDArray[np.int64], still: NDArray[np.int64]) -> Curve:
    """The curve of durations in whole days: how many ended and how many are still open at each.

    `days` rises without repeats. One that is open at `d` counts as at risk on day `d` itself.
    """
    total = int(ended.sum() + still.sum())
    risk = total - np.concatenate(([0], np.cumsum(ended + still)[:-1])) if total else np.empty(0)
    step = ended > 0
    left, gone, at = risk[step].astype(np.float64), ended[step].astype(np.float64), days[step]
    share = np.cumprod(1 - gone / left, dtype=np.float64)
    low, high = _band(share, gone, left)
    horizon = int(days[-1]) if total else 0
    return Curve(
        n=total,
        open=int(still.sum()),
        days=(0, *at.tolist()),
        survival=(1.0, *share.tolist()),
        low=(1.0, *low.tolist()),
        high=(1.0, *high.tolist()),
        median=_reached(at, share, 0.5),
        p90=_reached(at, share, 0.1),
        mean=_area(at, share, horizon) if total else None,
        horizon=horizon,
    )


def _reached(at: NDArray[np.int64], share: Floats, left: float) -> int | None:
    """The first day on which no more than the share `left` remains; rounding must not put it off."""
    under = at[share <= left + 1e-12]
    return int(under[0]) if len(under) else None


def _area(at: NDArray[np.int64], share: Floats, horizon: int) -> float:
    widths = np.diff(np.concatenate(([0], at, [horizon])))
    return float(widths @ np.concatenate(([1.0], share)))


def _band(share: Floats, gone: Floats, left: Floats) -> tuple[Floats, Floats]:
    """The 95 % band; where all have ended there is nothing to be unsure of by this formula, so it is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(gone / (left * (left - gone)))
        width = np.exp(Z95 * np.sqrt(greenwood) / np.log(share))
        low, high = share ** (1 / width), share**width
    return np.nan_to_num(low), np.nan_to_num(high)

"""What messages change: people who were to get them beside people who were left alone by chance.

Everybody counts in the group that chance put them into, whether or not a message reached them (intention to
treat): only so are the two groups alike but for the messages. Formulas:

* the interval of a difference of shares: R. G. Newcombe, "Interval estimation for the difference between
  independent proportions", Statistics in Medicine 17 (1998), 873-890, method 10, made of E. B. Wilson's score
  intervals (Journal of the American Statistical Association 22, 1927, 209-212);
* the interval of a difference of means: B. L. Welch, Biometrika 34 (1947), 28-35, with the quantile of
  Student's t by M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions (1964), 26.7.5;
* how many people it takes: J. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for Rates and Proportions
  (3rd ed., 2003), 4.2, for groups of unequal size.
"""

from __future__ import annotations

from math import ceil, sqrt
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Z95: Final = 1.959963984540054
_Z80: Final = 0.8416212335729143
"""Of ten effects that are there, eight are seen."""

PEOPLE: Final = 100
"""Fewer in a group say nothing."""

_MOST: Final = 4.0
"""Nothing that a message does makes more than five times as many convert."""

REACHED: Final = 10
"""Nor do groups in which fewer than so many are to be expected to convert."""


class Group(Struct, frozen=True):
    """People whom chance treated alike: how many, how many of them converted, what they spent in all (minor
    units), and the sum of the squares of what each spent.
    """

    n: int = 0
    converted: int = 0
    revenue: int = 0
    squares: int = 0

    @property
    def rate(self) -> float:
        return self.converted / self.n if self.n else 0.0

    @property
    def each(self) -> float:
        """What one spent on average."""
        return self.revenue / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """Of what one spends, as estimated from those there are."""
        # Exact while whole: of large sums little may be left.
        return (self.squares * self.n - self.revenue**2) / (self.n * (self.n - 1)) if self.n > 1 else 0.0


class Interval(NamedTuple):
    """An estimate, and between what the truth lies 95 times in 100."""

    estimate: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether it is on one side of nothing."""
        return self.low > 0 or self.high < 0

    def times(self, n: float) -> Interval:
        return Interval(self.estimate * n, self.low * n, self.high * n)


class Uplift(Struct, frozen=True):
    """Two groups, and what the messages changed in the one that was to get them.

    `lacking` people more have to be in the smaller group before anything is said; until then the rest is
    None. `rate` is the difference of the shares that converted, `each` of what one spent (minor units);
    `conversions` and `revenue` are that for all who were to get messages.
    """

    treated: Group
    control: Group
    lacking: int
    rate: Interval | None = None
    each: Interval | None = None

    @property
    def conversions(self) -> Interval | None:
        return self.rate and self.rate.times(self.treated.n)

    @property
    def revenue(self) -> Interval | None:
        return self.each and self.each.times(self.treated.n)


def grouped(converted: NDArray[np.bool_], spent: NDArray[np.int64]) -> Group:
    """A group of people, one element each."""
    units: list[int] = spent.tolist()
    return Group(len(units), int(converted.sum()), sum(units), sum(one * one for one in units))


def compare(treated: Group, control: Group) -> Uplift:
    """What those who were to get messages did more than those who were left alone."""
    lacking = _lacking(treated, control)
    if lacking:
        return Uplift(treated, control, lacking)
    return Uplift(treated, control, 0, shares(treated, control), means(treated, control))


def _lacking(treated: Group, control: Group) -> int:
    """How many more the smaller group has to have; where nobody converted yet, the next one is thought to."""
    rate = (treated.converted + control.converted + 1) / (treated.n + control.n + 2)
    return max(0, max(PEOPLE, ceil(REACHED / rate)) - min(treated.n, control.n))


def wilson(converted: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Between what a share lies (Wilson's score interval)."""
    share, spread = converted / n, z * z / n
    middle = share + spread / 2
    half = z * sqrt(share * (1 - share) / n + spread / (4 * n))
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


def shares(treated: Group, control: Group) -> Interval:
    """The difference of the shares that converted (Newcombe's method 10)."""
    one, other = treated.rate, control.rate
    (low, high), (least, most) = wilson(treated.converted, treated.n), wilson(control.converted, control.n)
    found = one - other
    below = sqrt((one - low) ** 2 + (most - other) ** 2)
    above = sqrt((high - one) ** 2 + (other - least) ** 2)
    return Interval(found, found - below, found + above)


def means(treated: Group, control: Group) -> Interval:
    """The difference of what one spent (Welch)."""
    parts = [(one.variance / one.n, one.n - 1) for one in (treated, control)]
    error, found = sum(part for part, _ in parts), treated.each - control.each
    if not error:
        return Interval(found, found, found)
    free = error**2 / sum(part**2 / n for part, n in parts)
    half = student(free) * sqrt(error)
    return Interval(found, found - half, found + half)


def student(free: float, z: float = Z95) -> float:
    """Student's t with so many degrees of freedom, where the normal distribution has `z`."""
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / free**power for power, term in enumerate(terms, 1))


# --- how many it takes ----------------------------------------------------------------------------


def needed(rate: float, change: float, share: float) -> int | None:
    """How many people in all it takes to see, eight times in ten, that the share `rate` that converts unasked
    becomes `rate` × (1 + `change`), where a `share` of them is left alone. None where no number does.
    """
    other = rate * (1 + change)
    if not 0 < rate < 1 or not 0 < other < 1 or not 0 < share < 1 or not change:
        return None
    ratio = (1 - share) / share  # treated for each who is left alone
    middle = (rate + ratio * other) / (1 + ratio)
    under_none = Z95 * sqrt((1 + ratio) * middle * (1 - middle))
    under_some = _Z80 * sqrt(ratio * rate * (1 - rate) + other * (1 - other))
    control = (under_none + under_some) ** 2 / (ratio * (other - rate) ** 2)
    return ceil(control * (1 + ratio))


def visible(rate: float, n: int, share: float) -> float | None:
    """The smallest rise, as a part of `rate`, that so many people show eight times in ten; None for none."""
    if not 0 < rate < 1 or not 0 < share < 1:
        return None
    low, high = 0.0, min(_MOST, (1 - rate) / rate * 0.999)
    if (needed(rate, high, share) or n + 1) > n:
        return None
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if (needed(rate, middle, share) or n + 1) <= n else (middle, high)
    return high

"""Whether a figure is to be told, and why: it is laid beside the same weekday and time of the last weeks.

What is usual is their median; how much it varies is the median absolute deviation from it, times 1.4826 so
that it is a standard deviation where the weeks are normal; a count varies at least by the square root of what
is usual, by chance alone (Poisson), anything else at least by a tenth of it. Unusual is what lies further off
than 3.5 of these (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993) and further than in any of
these weeks. With fewer than four weeks nobody knows what is usual, and nothing is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, sqrt
from statistics import median
from typing import Final

from msgspec import Struct

from habitue.alerts.alert import When
from habitue.alerts.roles import Form

WEEKS: Final = 8
KNOWN: Final = 4
FAR: Final = 3.5
FEW: Final = 5
"""A difference of fewer people or events is nothing to be told."""


class Reading(Struct, frozen=True):
    """A figure as it was judged: what is usual and between what it lies as a rule, where that is known.

    `on` is whether it is to be told; None where nobody can say. `gap` is how far it is beyond what is told,
    in the figure's own unit.
    """

    value: float | None
    usual: float | None = None
    low: float | None = None
    high: float | None = None
    on: bool | None = None
    gap: float = 0.0


def judge(when: When, form: Form, value: float, before: Sequence[float]) -> Reading:
    """The figure, judged; NaN is not known. `before` are those of the same weekday and time, a week apart."""
    past = [one for one in before if not isnan(one)]
    if isnan(value):
        return Reading(None)
    if when.rule in ("above", "below"):
        gap = value - when.limit if when.rule == "above" else when.limit - value
        return Reading(value, *_band(past, form), on=gap > 0, gap=max(gap, 0.0))
    if len(past) < KNOWN:
        return Reading(value)
    usual, low, high = _band(past, form)
    assert usual is not None
    assert low is not None
    assert high is not None
    few = FEW if form == "count" else 0
    match when.rule:
        case "rises" | "falls":
            sign = 1 if when.rule == "rises" else -1
            gap = sign * (value - usual) - when.limit * usual
            told = gap > 0 and abs(value - usual) >= few
        case rule:
            above, below = value - high, low - value
            gap = {"high": above, "low": below, "odd": max(above, below)}[rule]
            told = gap > 0 and abs(value - usual) >= few
    return Reading(value, usual, low, high, told, max(gap, 0.0) if told else 0.0)


def _band(past: Sequence[float], form: Form) -> tuple[float | None, float | None, float | None]:
    """What is usual, and the least and the most that is nothing to be told of."""
    if len(past) < KNOWN:
        return None, None, None
    usual = median(past)
    least = sqrt(max(usual, 1.0)) if form == "count" else abs(usual) / 10
    spread = FAR * max(1.4826 * median(abs(one - usual) for one in past), least)
    return usual, max(min(usual - spread, *past), 0.0), max(usual + spread, *past)

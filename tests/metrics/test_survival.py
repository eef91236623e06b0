"""The product-limit estimate against numbers worked by hand and against one written out slowly."""

from __future__ import annotations

from fractions import Fraction
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.metrics.survival import Curve, estimate

Stay = tuple[int, bool]


def of(stays: list[Stay]) -> Curve:
    days = sorted({day for day, _ in stays})
    ended = [sum(day == one and done for day, done in stays) for one in days]
    still = [sum(day == one and not done for day, done in stays) for one in days]
    return estimate(*(np.array(column, np.int64) for column in (days, ended, still)))


LEUKAEMIA = [(day, True) for day in (6, 6, 6, 7, 10, 13, 16, 22, 23)] + [
    (day, False) for day in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
]
"""Weeks in remission under 6-MP, Freireich et al. (1963): the example of most textbooks."""


def test_the_curve_is_that_of_the_textbooks() -> None:
    curve = of(LEUKAEMIA)
    assert curve.days == (0, 6, 7, 10, 13, 16, 22, 23)
    assert curve.survival == pytest.approx((1, 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448), abs=6e-4)
    assert (curve.n, curve.open, curve.median, curve.p90, curve.horizon) == (21, 12, 23, None, 35)


def test_the_band_is_greenwoods_on_the_log_log_scale() -> None:
    curve = of(LEUKAEMIA)
    deviation = sqrt(3 / (21 * 18) + 1 / (17 * 16) + 1 / (15 * 14))
    assert curve.survival[3] * deviation == pytest.approx(0.0963, abs=1e-4)  # the textbooks' standard error
    width = 1.959963984540054 * deviation / log(curve.survival[3])
    assert curve.low[3] == pytest.approx(curve.survival[3] ** exp(-width))
    assert curve.high[3] == pytest.approx(curve.survival[3] ** exp(width))


def test_the_mean_is_the_area_up_to_the_longest_stay() -> None:
    curve = of([(2, True), (4, False), (6, True), (8, False)])
    assert list(curve.survival) == [1, 0.75, 0.375]
    assert curve.mean == pytest.approx(2 * 1 + 4 * 0.75 + 2 * 0.375)


def test_without_open_stays_the_curve_is_the_share_that_lasted_longer() -> None:
    curve = of([(day, True) for day in (1, 2, 2, 3, 10)])
    assert [curve.at(day) for day in (0, 0.9, 1, 2, 3, 9, 10, 99)] == pytest.approx(
        [1, 1, 0.8, 0.4, 0.2, 0.2, 0, 0]
    )
    assert (curve.median, curve.p90) == (2, 10)
    assert curve.mean == pytest.approx(3.6)
    assert (curve.low[-1], curve.high[-1]) == (0, 0)


def test_nothing_seen_gives_no_numbers() -> None:
    curve = of([])
    assert curve == Curve(0, 0, (0,), (1.0,), (1.0,), (1.0,), None, None, None, 0)


def test_stays_that_are_all_open_show_no_end() -> None:
    curve = of([(5, False), (9, False)])
    assert (curve.days, curve.median, curve.mean, curve.at(9)) == ((0,), None, 9, 1)


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=40))
def test_the_curve_is_the_product_of_what_each_day_leaves(stays: list[Stay]) -> None:
    curve = of(stays)
    left = Fraction(1)
    for day in range(14):
        risk = sum(length >= day for length, _ in stays)
        left *= 1 - Fraction(sum(length == day and done for length, done in stays), risk or 1)
        assert curve.at(day) == pytest.approx(float(left), abs=1e-12)
        reached = curve.median is not None and curve.median <= day
        assert reached == (left <= Fraction(1, 2) and bool(stays))
    assert all(
        0 <= low <= s <= high <= 1 for low, s, high in zip(curve.low, curve.survival, curve.high, strict=True)
    )

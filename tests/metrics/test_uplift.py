"""What messages change: against published numbers, against formulas written out anew, and by simulation."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist, fmean, variance

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.metrics import uplift
from habitue.metrics.uplift import Group, compare, grouped, means, needed, shares, student, visible, wilson


def group(spent: list[int]) -> Group:
    units = np.array(spent, np.int64)
    return grouped(units > 0, units)


def test_the_interval_of_two_shares_is_newcombes() -> None:
    # Table II of his paper, method 10: 56/70 − 48/80, 9/10 − 3/10, 10/10 − 0/20.
    for one, other, low, high in (
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0000),
    ):
        found = shares(Group(one[1], one[0]), Group(other[1], other[0]))
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("free", "t"), [(5, 2.5706), (10, 2.2281), (30, 2.0423), (120, 1.9799)])
def test_students_t_is_that_of_the_tables(free: int, t: float) -> None:
    assert student(free) == pytest.approx(t, abs=3e-4)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_bounds_are_where_the_score_is_as_far_off_as_it_may_be(seen: tuple[int, int]) -> None:
    converted, n = seen
    for bound in wilson(converted, n):
        if 1e-9 < bound < 1 - 1e-9:
            off = abs(converted / n - bound) / sqrt(bound * (1 - bound) / n)
            assert off == pytest.approx(uplift.Z95, rel=1e-6)


amounts = st.lists(st.integers(-10_000, 10**9), min_size=3, max_size=40)


@given(amounts, amounts)
def test_the_interval_of_two_means_is_welchs(one: list[int], other: list[int]) -> None:
    found = means(group(one), group(other))
    a, b = variance(map(float, one)) / len(one), variance(map(float, other)) / len(other)
    assert found.estimate == pytest.approx(fmean(one) - fmean(other), rel=1e-9, abs=1e-6)
    if a + b > 0:
        free = (a + b) ** 2 / (a**2 / (len(one) - 1) + b**2 / (len(other) - 1))
        assert found.high - found.low == pytest.approx(2 * student(free) * sqrt(a + b), rel=1e-6)


@given(amounts, amounts)
def test_the_other_way_round_it_is_the_opposite(one: list[int], other: list[int]) -> None:
    there, back = (
        shares(group(one), group(other)),
        shares(group(other), group(one)),
    )
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_nothing_is_said_too_early() -> None:
    few = compare(Group(5000, 100, 100), Group(60, 1, 1))
    assert few.rate is None
    assert few.revenue is None
    rate = 102 / 5062
    assert few.lacking == -(-10 // rate) - 60
    assert compare(Group(5000, 100), Group(60 + few.lacking, 10)).lacking == 0
    assert compare(Group(), Group()).lacking == uplift.PEOPLE
    nobody = compare(Group(100), Group(100))
    assert nobody.lacking == 10 * 202 - 100


def test_the_whole_is_the_difference_for_all_who_were_to_get_messages() -> None:
    found = compare(group([100] * 300 + [0] * 700), group([100] * 20 + [0] * 80))
    assert found.conversions is not None
    assert found.revenue is not None
    assert found.conversions.estimate == pytest.approx(100)
    assert found.revenue.estimate == pytest.approx(10_000)
    assert found.revenue.low < 0.0 < found.revenue.high or found.revenue.sure


@pytest.mark.parametrize(("rates", "n", "m"), [((0.10, 0.08), 2000, 300), ((0.05, 0.05), 1000, 400)])
def test_the_intervals_hold_the_truth_95_times_in_100(rates: tuple[float, float], n: int, m: int) -> None:
    draw, times = np.random.default_rng(8), 1500
    truth = rates[0] - rates[1]
    mean = np.exp(8 + 0.6**2 / 2)
    inside = np.zeros(2)
    for _ in range(times):
        groups = []
        for rate, size in zip(rates, (n, m), strict=True):
            bought = draw.random(size) < rate
            spent = np.where(bought, np.round(draw.lognormal(8, 0.6, size)), 0).astype(np.int64)
            groups.append(grouped(bought, spent))
        share, money = shares(*groups), means(*groups)
        inside += share.low <= truth <= share.high, money.low <= truth * mean <= money.high
    # Four standard errors of so many throws, and what skewed amounts cost in groups as small as are shown.
    slack = 4 * sqrt(0.95 * 0.05 / times)
    assert 0.95 - slack <= inside[0] / times <= 0.98
    assert 0.94 - slack <= inside[1] / times <= 0.98


def test_so_many_people_show_a_change_eight_times_in_ten() -> None:
    draw, share, rate, change = np.random.default_rng(2), 0.2, 0.1, 0.25
    n = needed(rate, change, share)
    assert n is not None
    control = round(n * share)
    seen = 0
    for _ in range(2000):
        one = int(draw.binomial(n - control, rate * (1 + change)))
        other = int(draw.binomial(control, rate))
        seen += shares(Group(n - control, one), Group(control, other)).low > 0
    assert seen / 2000 == pytest.approx(0.80, abs=0.05)
    assert visible(rate, n, share) == pytest.approx(change, rel=1e-3)


def test_equal_groups_take_as_many_as_the_textbook_says() -> None:
    # p₁ = 0.40, p₂ = 0.30 needs 356 in each for 80 % (Fleiss, Levin, Paik, without the correction).
    z, power = NormalDist().inv_cdf(0.975), NormalDist().inv_cdf(0.8)
    middle = 0.35
    plain = (z * sqrt(2 * middle * 0.65) + power * sqrt(0.4 * 0.6 + 0.3 * 0.7)) ** 2 / 0.01
    assert needed(0.3, 1 / 3, 0.5) == pytest.approx(2 * plain, abs=2)
    assert plain == pytest.approx(356, abs=1)


@pytest.mark.parametrize(
    ("rate", "change", "share"), [(0, 0.1, 0.1), (1, 0.1, 0.1), (0.5, 2, 0.1), (0.5, 0, 0.1), (0.5, 0.1, 0)]
)
def test_no_number_of_people_shows_what_can_not_be(rate: float, change: float, share: float) -> None:
    assert needed(rate, change, share) is None


def test_too_few_people_show_nothing() -> None:
    assert visible(0.01, 50, 0.1) is None
    assert visible(0, 50, 0.1) is None

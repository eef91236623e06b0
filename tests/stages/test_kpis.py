"""Retention is (E − N) / S, churn is the rest of it, whoever comes and goes."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.metrics.contrast import Tally
from habitue.stages.kind import Canonical
from habitue.stages.kpis import KPIS, series

CANONICAL: Final[tuple[Canonical, ...]] = ("lost", "dormant", "new", "active", "prospect")


def tally(start: list[int], moves: list[tuple[str, str, int]]) -> Tally:
    """People by stage at the start of one month, and who moved in it."""
    places = {str(name): n for n, name in enumerate(("none", *CANONICAL))}
    table = np.zeros((1, 6, 6), np.int64)
    for source, target, n in moves:
        table[0, places[source], places[target]] += n
    end = np.array(start) + (table[0].sum(axis=0) - table[0].sum(axis=1))[1:]
    return Tally(np.array([start, end]), table)


def test_a_month_reads_as_it_is_defined() -> None:
    month = tally(
        [50, 30, 10, 60, 200],
        [
            *(("none", "prospect", 20), ("prospect", "new", 8), ("none", "new", 2)),
            *(("active", "dormant", 6), ("dormant", "lost", 5), ("active", "lost", 1)),
            *(("lost", "active", 3), ("dormant", "active", 4)),
        ],
    )
    found = {name: float(line[0]) for name, line in series(month, CANONICAL).items()}
    assert found == {
        "active": 60.0,
        "new": 20.0,
        "risk": 27.0,
        "won": 10.0,
        "back": 7.0,
        "lost": 6.0,
        "churn": pytest.approx(6 / 100),
        "retention": pytest.approx(94 / 100),  # 107 at the end, 13 came in, 100 at the start
    }
    assert list(found) == [
        "active", "new", "risk", "won", "back", "lost", "churn", "retention",
    ]  # fmt: skip
    assert {one.id for one in KPIS} == set(found)


def test_where_there_was_nobody_there_is_no_rate() -> None:
    found = series(tally([0, 0, 0, 0, 9], [("prospect", "new", 3)]), CANONICAL)
    assert np.isnan(found["churn"][0])
    assert np.isnan(found["retention"][0])
    assert found["won"][0] == 3


@given(st.lists(st.integers(0, 50), min_size=36, max_size=36))
def test_churn_is_those_who_left_of_those_who_were_there(numbers: list[int]) -> None:
    table = np.array(numbers).reshape(1, 6, 6)
    table[0, range(6), range(6)] = 0
    start = np.full(5, 500)
    end = start + (table[0].sum(axis=0) - table[0].sum(axis=1))[1:]
    found = series(Tally(np.array([start, end]), table), CANONICAL)
    inside, outside = [2, 3, 4], [0, 1, 5]
    left = table[0][np.ix_(inside, outside)].sum()
    assert found["churn"][0] == pytest.approx(left / 1500)
    assert found["churn"][0] + found["retention"][0] == pytest.approx(1)

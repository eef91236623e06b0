"""What is usual: periods as long as the one at hand, marked only where chance alone doesn't explain it."""

from __future__ import annotations

import numpy as np
import pytest

from habitue.kernel import clock
from habitue.stages.calendar import end
from habitue.stages.usual import Period, periods, usual

NOW = clock.instant("2026-11-11T00:00:00Z", "UTC")


def test_earlier_periods_are_as_long_and_end_where_the_next_begins() -> None:
    found = periods("2026-09", "2026-06", "UTC", NOW, 0)
    assert len(found) == 12
    assert found[0] == Period(end("2026-03", "UTC", NOW), end("2026-06", "UTC", NOW))
    assert [one.before for one in found[:-1]] == [one.after for one in found[1:]]


def test_a_period_that_runs_is_compared_with_as_much_of_each_and_none_from_before_the_first_stay() -> None:
    first = clock.instant("2026-06-30T12:00:00Z", "UTC")
    found = periods("2026-11", "2026-10", "UTC", NOW, first)
    assert [one.before for one in found] == [
        end(month, "UTC", NOW) for month in ("2026-09", "2026-08", "2026-07", "2026-06")
    ]
    assert {one.after - one.before for one in found} == {NOW - end("2026-10", "UTC", NOW)}


def table(moved: int, stayed: int, came: int = 0) -> np.ndarray:
    """From the first stage to the second, and into the first from nowhere."""
    return np.array([[0, came, 0], [0, stayed, moved], [0, 0, 0]])


BEFORE = np.array([table(moved, 1000 - moved, 40) for moved in (50, 52, 48, 51, 49, 50, 53, 47)])


@pytest.mark.parametrize(
    ("moved", "odd"),
    [(50, 0), (60, 0), (70, 1), (36, -1)],  # chance alone is ± 6.9 people here
)
def test_a_share_is_odd_beyond_two_deviations_of_the_past_and_of_chance(moved: int, odd: int) -> None:
    found = usual(table(moved, 1000 - moved, 40), BEFORE)[1, 2]
    assert found.odd == odd
    assert found.mean == pytest.approx(0.05)
    assert not found.counted
    assert usual(table(moved, 1000 - moved, 70), BEFORE)[0, 1].odd == 1


def test_few_people_and_few_periods_are_no_news() -> None:
    rare = np.array([table(0, 100)] * 8)
    assert usual(table(4, 96), rare)[1, 2].odd == 0
    assert usual(table(9, 91), rare)[1, 2].odd == 1
    assert usual(table(9, 91), rare[:5]) == {}

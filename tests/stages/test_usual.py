"""What is usual: periods as long as the one at hand, marked only where chance alone doesn't explain it."""

from __future__ import annotations

import numpy as np
import pytest

from habitue.kernel import clock
from habitue.kernel.period import Span, parse
from habitue.stages.usual import spans, usual

NOW = clock.instant("2026-11-11T00:00:00Z", "UTC")


def end(month: str) -> int:
    return parse(month).span("UTC", NOW).after


def test_earlier_periods_are_as_long_and_end_where_the_next_begins() -> None:
    found = spans(parse("2026-07..2026-09"), "UTC", NOW, 0)
    assert len(found) == 12
    assert found[0] == Span(end("2026-03"), end("2026-06"))
    assert [one.before for one in found[:-1]] == [one.after for one in found[1:]]


def test_days_are_compared_with_as_many_days() -> None:
    found = spans(parse("2026-04-03..2026-04-17"), "UTC", NOW, 0)
    assert {one.after - one.before for one in found} == {15 * clock.DAY}
    assert found[11].before == clock.instant("2025-10-05T00:00:00Z") - 1


def test_a_period_that_runs_is_compared_with_as_much_of_each_and_none_from_before_the_first_stay() -> None:
    first = clock.instant("2026-06-30T12:00:00Z", "UTC")
    found = spans(parse("2026-11"), "UTC", NOW, first)
    assert [one.before for one in found] == [
        end(month) for month in ("2026-09", "2026-08", "2026-07", "2026-06")
    ]
    assert {one.after - one.before for one in found} == {NOW - end("2026-10")}


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

"""Which variant is better: told only where it can be, and always the same."""

from __future__ import annotations

import pytest

from habitue.broadcasts.winner import Score, judge, likely


@pytest.mark.parametrize(
    ("scores", "best", "why"),
    [
        (((1000, 40), (1000, 80)), "b", "clear"),
        (((1000, 80), (1000, 40)), "a", "clear"),
        (((1000, 50), (1000, 55)), "b", "tie"),
        (((1000, 50), (1000, 50)), "a", "tie"),
        (((40, 1), (40, 30)), "b", "few"),  # too few who got it
        (((500, 0), (500, 9)), "b", "few"),  # too few who did it
        (((0, 0), (0, 0)), "a", "few"),
        (((500, 500), (500, 500)), "a", "tie"),  # all of them: nothing varies
        (((1000, 50), (1000, 90), (1000, 40)), "b", "clear"),
        (((1000, 50), (1000, 90), (1000, 89)), "b", "tie"),
    ],
)
def test_the_winner(scores: tuple[tuple[int, int], ...], best: str, why: str) -> None:
    told = [Score(name, *one) for name, one in zip("abc", scores, strict=False)]
    assert judge(told)[:2] == (best, why)
    assert judge(told) == judge(told)


def test_the_chance_is_that_of_the_book() -> None:
    # By hand: 40 and 60 of 200 each; pooled 0.25, error 0.0433, z = 2.309, two-sided 0.0209.
    assert likely(Score("a", 200, 40), Score("b", 200, 60)) == pytest.approx(0.0209, abs=5e-4)
    assert likely(Score("b", 200, 60), Score("a", 200, 40)) == likely(
        Score("a", 200, 40), Score("b", 200, 60)
    )

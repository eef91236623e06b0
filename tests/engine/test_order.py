"""Rows are put in order as numpy does it, only sooner."""

from __future__ import annotations

import numpy as np
import pytest

from habitue.engine.order import numbered, ordered


@pytest.mark.parametrize("most", [1, 7, 300, 10**12])
def test_rows_stand_by_number_then_by_instant_and_equals_stay(most: int) -> None:
    """Few customers with many rows, many with few, and numbers too large for a table."""
    dice = np.random.default_rng(most % 97)
    for count in (0, 1, 2, 500):
        numbers, at = dice.integers(0, most, count), dice.integers(0, 5, count)
        assert ordered(numbers, at).tolist() == np.lexsort((at, numbers)).tolist()
        each, which = np.unique(numbers, return_inverse=True)
        found = numbered(numbers)
        assert (found[0].tolist(), found[1].tolist()) == (each.tolist(), which.tolist())

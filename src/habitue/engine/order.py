"""Rows of many customers put in order: as `np.lexsort`, in a fraction of the time.

Customers' numbers are small and a customer's rows few: each row goes to its customer's place at once, and
only within a customer are instants compared.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from habitue.engine.sweep import Ints, compiled

_LOOSE: Final = 4
"""So many times as many numbers as rows are worth a table."""


def ordered(numbers: Ints, at: Ints) -> Ints:
    """The order by number, then by instant; rows that have the same of both stay in theirs."""
    count = len(numbers)
    if not count:
        return np.empty(0, np.int64)
    if int(numbers.min()) < 0 or int(numbers.max()) > _LOOSE * count:
        found: Ints = np.lexsort((at, numbers))
        return found
    return _ordered(numbers, at, int(numbers.max()) + 1)


@compiled
def _ordered(numbers: Ints, at: Ints, size: int) -> Ints:
    starts, rows = np.zeros(size + 1, np.int64), np.empty(len(at), np.int64)
    for i in range(len(at)):
        starts[numbers[i] + 1] += 1
    for n in range(size):
        starts[n + 1] += starts[n]
    place = starts[:-1].copy()
    for i in range(len(at)):
        rows[place[numbers[i]]] = i
        place[numbers[i]] += 1
    for n in range(size):
        first, last = starts[n], starts[n + 1]
        for i in range(first + 1, last):
            if at[rows[i]] < at[rows[i - 1]]:
                mine = rows[first:last].copy()
                rows[first:last] = mine[np.argsort(at[mine], kind="mergesort")]
                break
    return rows


def numbered(numbers: Ints) -> tuple[Ints, Ints]:
    """Each number once, rising, and of each row the place of its own: as `np.unique` has them."""
    if not len(numbers) or int(numbers.min()) < 0 or int(numbers.max()) > _LOOSE * len(numbers):
        found, which = np.unique(numbers, return_inverse=True)
        return found, which.astype(np.int64)
    there = np.zeros(int(numbers.max()) + 1, np.bool_)
    there[numbers] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[numbers]

"""Who moved from which stage to which between two instants."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from habitue.engine.sweep import Ints
from habitue.kernel.clock import DAY
from habitue.metrics.contrast import OUT
from habitue.metrics.counts import Counts


class Move(Struct, frozen=True):
    """`n` subjects were in `from_value` and are in `to_value` now; None is not there yet, or no more.

    `share` is their part of all that were in `from_value`; `days` the median time that the movers had
    spent in it when they left. Both are None for newcomers, `days` also for those who stayed.
    """

    from_value: int | None
    to_value: int | None
    n: int
    share: float | None
    days: float | None


def flow(table: Counts, spent: Mapping[tuple[int, int], Ints]) -> tuple[Move, ...]:
    """The transition table in order of the values, from nowhere first and to nowhere last.

    `table` is people by place before and after, `spent` the movers' times (see `walk.Seen`).
    """
    width = len(table)
    return tuple(
        _move(source, target, table, spent)
        for source in range(width)
        for target in [*range(1, width), OUT]
        if table[source, target]
    )


def _move(source: int, target: int, table: Counts, spent: Mapping[tuple[int, int], Ints]) -> Move:
    n = int(table[source, target])
    times = spent.get((source, target))
    return Move(
        None if source == OUT else source - 1,
        None if target == OUT else target - 1,
        n,
        None if source == OUT else n / int(table[source].sum()),
        None if times is None else float(np.median(times)) / DAY,
    )

"""What the overviews of all months share, read in one pass over a version's intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow.compute as pc
from msgspec import Struct

from habitue.kernel.clock import DAY
from habitue.metrics.counts import Counts, binned
from habitue.metrics.survival import NONE, Tally
from habitue.store.warehouse import Warehouse

_PASS = """
    SELECT value, NULL AS days, {begun} AS bins FROM {of} AS own
    WHERE version = $1 AND start <= make_timestamp($2::BIGINT) GROUP BY value
    UNION ALL
    SELECT value, (epoch_us(stop) - epoch_us(start)) // {day} AS days, {ended} AS bins FROM {of} AS own
    WHERE version = $1 AND stop <= make_timestamp($2::BIGINT) GROUP BY ALL
"""


_FIRST = """
    SELECT {bins} FROM (
        SELECT min(start) AS entered, {columns} FROM {of} AS own
        WHERE version = $1 AND start <= make_timestamp($2::BIGINT) GROUP BY subject
    )
"""


class Months(Struct, frozen=True, eq=False):
    """At each of the `ends`: people by value, and how long the stays lasted that had ended by then.

    `counts` is [end, value], `had` the people who had been in each value by then, `begun` [end] those who had
    been in any. `value`, `days` have a row for each pair that occurs, and `ended` is [row, end].
    """

    ends: tuple[int, ...]
    counts: Counts
    had: Counts
    begun: Counts
    value: Counts
    days: Counts
    ended: Counts

    def at(self, ends: Sequence[int]) -> Counts:
        """People at these instants, among the `ends` or before them all: [instant, value]."""
        places = np.searchsorted(self.ends, np.asarray(ends, np.int64), "right")
        return np.concatenate([np.zeros_like(self.counts[:1]), self.counts])[places]

    def ever(self, end: int) -> dict[int, int] | None:
        """`counts.ever` at this one of the `ends`; None where somebody has no value any more: count, then."""
        place = int(np.searchsorted(self.ends, end, "right")) - 1
        if place < 0:
            return {}
        if self.begun[place] != self.counts[place].sum():
            return None
        return {value: n for value, n in enumerate(self.had[place].tolist()) if n}

    def lasted(self, value: int, end: int) -> Tally:
        """The whole days of the stays in `value` that had ended by this one of the `ends`."""
        place = int(np.searchsorted(self.ends, end, "right")) - 1
        if place < 0:
            return NONE
        here = self.value == value
        days, n = self.days[here], self.ended[here, place]
        return Tally(days[n > 0], n[n > 0])


def months(
    warehouse: Warehouse, version: int, values: int, ends: Sequence[int], of: str = "intervals"
) -> Months:
    """All of it for a version with so many values; `ends` (at least one) rise without repeats.

    `of` says whose stays, where not everybody's: see `counts.among`.
    """
    edges = np.asarray(ends, np.int64)
    found = warehouse.read(
        _PASS.format(begun=binned("start", edges), ended=binned("stop", edges), day=DAY, of=of),
        (version, int(ends[-1])),
    ).sort_by([("value", "ascending"), ("days", "ascending")])
    value, days = (found[name].fill_null(-1).to_numpy().astype(np.int64) for name in ("value", "days"))
    bins = pc.list_flatten(found["bins"]).to_numpy().astype(np.int64).reshape(len(found), len(edges))
    upto = np.cumsum(bins, axis=1)
    counts = np.zeros((len(edges), values), np.int64)
    ended = days >= 0
    np.add.at(counts.T, value, np.where(ended[:, None], -upto, upto))
    *had, begun = _first(warehouse, version, values, edges, of)
    return Months(tuple(ends), counts, np.stack(had, axis=1), begun, value[ended], days[ended], upto[ended])


def _first(warehouse: Warehouse, version: int, values: int, edges: Counts, of: str) -> list[Counts]:
    """How many people had been in each value, and in any, by each of the edges."""
    columns = [f"min(start) FILTER (value = {value}) AS had_{value}" for value in range(values)]
    names = [*(f"had_{value}" for value in range(values)), "entered"]
    bins = ", ".join(f"{binned(name, edges)} AS {name}" for name in names)
    found = warehouse.read(
        _FIRST.format(bins=bins, columns=", ".join(columns), of=of), (version, int(edges[-1]))
    ).to_pylist()[0]
    none = [0] * len(edges)
    return [np.cumsum((found[name] or none)[: len(edges)]) for name in names]

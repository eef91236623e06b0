"""What was sold in periods: revenue, orders, and who of the buyers had bought before.

One pass over all orders, as they lie in the working copy: by person and time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, cast

import numpy as np
import pyarrow as pa
from msgspec import Struct
from numpy.typing import NDArray

from habitue.engine.plan import Subject
from habitue.engine.sweep import NEVER, Ints, compiled
from habitue.kernel.clock import Micros
from habitue.kernel.period import Span
from habitue.metrics.named import codes
from habitue.store.warehouse import Warehouse

_PORTION: Final = 8 << 20
"""About so many events are looked through at once."""


class Sold(Struct, frozen=True):
    """What was sold in a period, amounts in minor units.

    `revenue` is net of the refunds of that period, `gross` what the orders with an amount (`priced`) brought
    before any. `buyers` ordered, `again` of them after their first order.
    """

    revenue: int = 0
    gross: int = 0
    priced: int = 0
    orders: int = 0
    buyers: int = 0
    again: int = 0

    @property
    def mean(self) -> int | None:
        """What an order brought on average, before refunds; None where none has an amount."""
        return round(self.gross / self.priced) if self.priced else None

    @property
    def repeat(self) -> float | None:
        """The share of buyers who had ordered before; None where nobody ordered."""
        return self.again / self.buyers if self.buyers else None


class Ledger(Struct, frozen=True, eq=False):
    """What was sold after each instant, the edges, up to and including the next: sales in cells.

    `sums` has a row for each cell: revenue, gross, priced and orders, as in `Sold`. `buyers` tells the orders
    apart by where the same buyer's order before lies, `again` those that were not their buyer's first.
    Whatever begins at an even edge and ends at any can be read from it.
    """

    edges: Ints
    sums: Ints
    buyers: Links
    again: Links

    def sold(self, span: Span) -> Sold:
        """What was sold in a span between two edges; before the first there is nothing."""
        low, high = (self._place(at) for at in span)
        revenue, gross, priced, orders = self.sums[low:high].sum(axis=0).tolist()
        buyers, again = self.buyers.within(low, high), self.again.within(low, high)
        return Sold(revenue, gross, priced, orders, buyers, again)

    def _place(self, at: Micros) -> int:
        place = int(np.searchsorted(self.edges, at))
        if at > self.edges[0] and (place == len(self.edges) or self.edges[place] != at):
            raise ValueError(f"{at} is no edge")
        return place


class Links(Struct, frozen=True, eq=False):
    """`n` orders in a `cell` have their buyer's order before in the one `before`, or in that after it where
    `before` is even; −1 where there is none. In the order of cells.
    """

    cell: NDArray[np.int32]
    before: NDArray[np.int32]
    n: NDArray[np.int32]

    @classmethod
    def of(cls, keys: Ints, counts: Ints, edges: int) -> Links:
        """Of both in one number, as `_entered` makes it, and how many there are of each."""
        return cls(*(one.astype(np.int32) for one in (keys // edges, keys % edges - 1, counts)))

    def within(self, low: int, high: int) -> int:
        """How many buyers have any from one cell up to another: each has one of which none is before it."""
        some = slice(*np.searchsorted(self.cell, (low, high)))
        return int(self.n[some][self.before[some] < low].sum())


def ledger(warehouse: Warehouse, subject: Subject, edges: Ints, within: Ints | None = None) -> Ledger:
    """All that was sold up to the last edge; only to the subjects `within`, where these are given."""
    sums = np.zeros((len(edges) - 1, 4), np.int64)
    keys = [(np.zeros(0, np.int64),) * 2] * 2
    for rows in _orders(warehouse, subject, int(edges[-1])):
        counted = np.ones(len(rows[0]), np.bool_) if within is None else np.isin(rows[0], within)
        found = cast(Callable[..., tuple[Ints, Ints]], _entered)(*rows, counted, edges, sums)
        keys = [
            _merged(*old, *np.unique(new, return_counts=True)) for old, new in zip(keys, found, strict=True)
        ]
    return Ledger(edges, sums, *(Links.of(*own, len(edges)) for own in keys))


def first(warehouse: Warehouse) -> Micros | None:
    """When the first order was; None where there is none."""
    sql = f"SELECT epoch_us(min(ts)) AS ts FROM event WHERE code IN ({codes(warehouse, _ORDER)})"
    found: Micros | None = warehouse.read(sql)["ts"][0].as_py()
    return found


def buyers(
    warehouse: Warehouse, after: Micros, until: Micros, sums: pa.Table | None = None
) -> NDArray[np.int32]:
    """The persons who ordered after an instant up to another; where everybody's sums are given, those for
    whom it was not the first order.
    """
    known = sums is not None
    sql = f"""SELECT DISTINCT person FROM event {"JOIN sums USING (person)" if known else ""}
        WHERE code IN ({codes(warehouse, _ORDER)}) AND ts > make_timestamp(?) AND ts <= make_timestamp(?)
        {"AND ts > make_timestamp(sums.first)" if known else ""} ORDER BY person"""
    tables = {} if sums is None else {"sums": sums}
    found = warehouse.read(sql, (after, until), large=True, **tables)
    return np.asarray(found["person"].to_numpy(), np.int32)


_ORDER, _REFUND = "Order Completed", "Order Refunded"
_ROWS: Final = """
    SELECT {subject}, epoch_us(ts) AS at, coalesce(revenue, 0) AS revenue,
        (CASE WHEN code IN ({order}) THEN 1 + (revenue IS NOT NULL)::INTEGER ELSE 0 END)::TINYINT AS kind
    FROM event WHERE code IN ({every}) AND ts <= make_timestamp(?) AND {subject} >= ? AND {subject} < ?"""
"""By number rather than by name: what is joined with another table comes in any order."""

_Orders = tuple[Ints, Ints, Ints, NDArray[np.int8]]


def _orders(warehouse: Warehouse, subject: Subject, until: Micros) -> Iterator[_Orders]:
    """Orders and refunds by subject and time: when, what they brought, and 2 for an order with an amount,
    1 for one without, 0 for a refund.
    """
    found = warehouse.read(
        "SELECT (SELECT count(*) FROM event_base) AS n, "
        f"(SELECT coalesce(max({subject}), -1) + 1 FROM {subject}) AS end"
    )
    events, end = found["n"][0].as_py(), found["end"][0].as_py()
    mine, every = codes(warehouse, _ORDER), codes(warehouse, _ORDER, _REFUND)
    sql = _ROWS.format(subject=subject, order=mine, every=every)
    # Only a person's events lie together: those of accounts are looked for once.
    step = max(1, end * _PORTION // max(events, 1)) if subject == "person" else max(end, 1)
    for low in range(0, end, step):
        columns = warehouse.read(sql, (until, low, low + step), large=True).columns
        who, at, revenue, kind = (column.to_numpy() for column in columns)
        later = (who[1:] > who[:-1]) | ((who[1:] == who[:-1]) & (at[1:] >= at[:-1]))
        by = slice(None) if later.all() else np.lexsort((at, who))
        yield who[by], at[by], revenue[by], kind[by]


@compiled
def _entered(
    who: Ints,
    at: Ints,
    revenue: Ints,
    kind: NDArray[np.int8],
    counted: NDArray[np.bool_],
    edges: Ints,
    sums: Ints,
) -> tuple[Ints, Ints]:
    """Add each row to its cell; for each order, and for each that is not its buyer's first, its cell and that
    of the order before in one number.
    """
    buyers, again = np.empty(len(who), np.int64), np.empty(len(who), np.int64)
    here, first, orders, others, cell, last, later = -1, 0, 0, 0, -1, -1, -1
    for i in range(len(who)):
        if not counted[i]:
            continue
        if who[i] != here:
            here, first, cell, last, later = who[i], NEVER, np.searchsorted(edges, at[i]) - 1, -1, -1
        while cell + 2 < len(edges) and edges[cell + 1] < at[i]:
            cell += 1
        if cell < 0:
            continue
        sums[cell, 0] += revenue[i]
        if kind[i] == 0:
            continue
        if kind[i] == 2:
            sums[cell, 1] += revenue[i]
            sums[cell, 2] += 1
        sums[cell, 3] += 1
        buyers[orders] = cell * len(edges) + last + 1
        orders += 1
        last = cell - cell % 2
        first = min(first, at[i])
        if at[i] > first:
            again[others] = cell * len(edges) + later + 1
            others += 1
            later = last
    return buyers[:orders], again[:others]


def _merged(keys: Ints, counts: Ints, more: Ints, others: Ints) -> tuple[Ints, Ints]:
    """Of two counts by rising keys, one."""
    both, sums = np.concatenate([keys, more]), np.concatenate([counts, others])
    order = np.argsort(both, kind="stable")  # which merges what is sorted
    first = np.flatnonzero(np.diff(both[order], prepend=-1))
    return both[order][first], np.add.reduceat(sums[order], first) if len(first) else sums

"""What was sold in periods: revenue, orders, and who of the buyers had bought before.

One pass over all orders, as they lie in the working copy: by person and time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, cast

import numpy as np
import pyarrow as pa
from msgspec import Struct
from numpy.typing import NDArray

from habitue.engine.plan import Subject
from habitue.engine.sweep import Ints, compiled
from habitue.kernel.clock import Micros
from habitue.kernel.period import Span
from habitue.metrics.named import codes
from habitue.store.warehouse import Warehouse

_PORTION: Final = 8 << 20
"""About so many events are looked through at once."""

_COLUMNS: Final = 6


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


def sold(
    warehouse: Warehouse,
    subject: Subject,
    lanes: Sequence[Sequence[Span]],
    within: Ints | None = None,
) -> list[tuple[Sold, ...]]:
    """What was sold in each span. Those of a lane rise and don't overlap; those of two lanes may.

    Only of the subjects `within`, where these are given.
    """
    made = [
        (*np.array(lane, np.int64).reshape(-1, 2).T.copy(), np.zeros((len(lane), _COLUMNS), np.int64))
        for lane in lanes
    ]
    last = max((span.after for lane in lanes for span in lane), default=None)
    for rows in () if last is None else _orders(warehouse, subject, last):
        counted = np.ones(len(rows[0]), np.bool_) if within is None else np.isin(rows[0], within)
        for befores, afters, sums in made:
            cast(Callable[..., None], _added)(*rows, counted, befores, afters, sums)
    return [tuple(Sold(*row) for row in sums.tolist()) for *_, sums in made]


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
def _added(
    who: Ints,
    at: Ints,
    revenue: Ints,
    kind: NDArray[np.int8],
    counted: NDArray[np.bool_],
    befores: Ints,
    afters: Ints,
    sums: Ints,
) -> None:
    """Add each row to its span."""
    here, first, place, began = -1, 0, -1, False
    seen = np.zeros(2, np.bool_)  # in this span: whether as buyer, and as one again
    for i in range(len(who)):
        if not counted[i]:
            continue
        if who[i] != here:
            here, place, began = who[i], -1, False
        if kind[i] and not began:
            first, began = at[i], True
        now = np.searchsorted(befores, at[i]) - 1
        if now != place:
            place = now
            seen[:] = False
        if now >= 0 and at[i] <= afters[now]:
            _counted(sums[now], seen, revenue[i], kind[i], at[i] > first)


@compiled
def _counted(row: Ints, seen: NDArray[np.bool_], revenue: int, kind: int, again: bool) -> None:
    """Add to a period's row, in the order of `Sold`."""
    row[0] += revenue
    if kind == 0:
        return
    if kind == 2:
        row[1] += revenue
        row[2] += 1
    row[3] += 1
    if not seen[0]:
        row[4] += 1
        seen[0] = True
    if again and not seen[1]:
        row[5] += 1
        seen[1] = True

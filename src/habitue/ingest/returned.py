"""Old files may still know who was erased: what they say of them from before is not taken again.

A live event is taken, and so is history from after the erasure: whoever comes back is a new customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.inbox import Waiting
from habitue.kernel.clock import Micros
from habitue.people import identity
from habitue.store import erasures
from habitue.store.ops import Ops


class Returned:
    """Lets through what may be taken; `events` counts what was not."""

    def __init__(self, ops: Ops) -> None:
        self.events = 0
        self._ops = ops

    @cached_property
    def _known(self) -> dict[str, Micros]:
        return erasures.erased(self._ops)

    def kept(self, rows: Iterable[Waiting]) -> Iterator[Waiting]:
        """The rows, those of history without what is told of people who were erased since."""
        for row in rows:
            yield self._kept(row) if row.history and self._known else row

    def _kept(self, row: Waiting) -> Waiting:
        told = pc.unique(pa.chunked_array([*row.table["key"].chunks, _flat(row.table["also"])])).to_pylist()
        gone = erasures.among(erasures.secret(self._ops), self._known, told)
        if not gone:
            return row
        back = identity.known(self._ops, list(gone))
        left = [_left(one, gone, back) for one in row.table.select(["key", "also", "ts", "name"]).to_pylist()]
        self.events += left.count(False)
        return replace(row, told=_told(row.table.filter(pa.array(left)), gone.keys() - back))


def _left(row: dict[str, object], gone: dict[str, Micros], back: set[str]) -> bool:
    """Whether an event may be taken: it is from after, or of nobody who was erased.

    A trait without a date has its import's: it is taken only of who has come back.
    """
    key = str(row["key"])
    if key not in gone:
        return True
    at = pc.cast(pa.scalar(row["ts"], pa.timestamp("us", "UTC")), pa.int64()).as_py()
    return at >= gone[key] and (not str(row["name"]).startswith("$") or key in back)


def _told(table: pa.Table, gone: set[str]) -> pa.Table:
    """The table without these keys beside others."""
    if not gone or table["also"].null_count == len(table):
        return table
    lists = [
        [key for key in one if key not in gone] or None if one else None for one in table["also"].to_pylist()
    ]
    place = table.column_names.index("also")
    return table.set_column(place, table.schema.field(place), pa.array(lists, table.schema.field(place).type))


def _flat(lists: pa.ChunkedArray) -> pa.Array:
    return lists.combine_chunks().flatten()

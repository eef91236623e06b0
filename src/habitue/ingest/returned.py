"""Old files may still know who was erased: what they say of them from before is not taken again.

A live event is taken, and so is history from after the erasure: whoever comes back is a new customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.inbox import Waiting
from habitue.kernel.clock import Micros
from habitue.people import identity, privacy
from habitue.store import erasures
from habitue.store.ops import Ops


class Returned:
    """Lets through what may be taken; `events` counts what was not."""

    def __init__(self, ops: Ops, region: str | None = None) -> None:
        self.events = 0
        self._ops, self._region = ops, region

    @cached_property
    def _known(self) -> dict[str, Micros]:
        return erasures.erased(self._ops)

    def kept(self, rows: Iterable[Waiting]) -> Iterator[Waiting]:
        """The rows, those of history without what is told of people who were erased since."""
        for row in rows:
            yield replace(row, table=self.taken(row.table)) if row.history and self._known else row

    def taken(self, table: pa.Table) -> pa.Table:
        """What may be taken of a parcel of history."""
        told = pc.unique(pa.chunked_array([*table["key"].chunks, _flat(table["also"])])).to_pylist()
        gone = self._gone(told)
        if not gone:
            return table
        back = set(identity.known(self._ops, list(gone)))
        left = [_left(one, gone, back) for one in table.select(["key", "also", "ts", "name"]).to_pylist()]
        self.events += left.count(False)
        return _told(table.filter(pa.array(left, pa.bool_())), gone.keys() - back)

    def named(self, header: Sequence[str], cells: Sequence[str]) -> bool:
        """Whether a row of a file names somebody who was erased, as far as a cell shows it."""
        if not self._known:
            return False
        columns = [*header, *[""] * len(cells)]
        told = zip(columns, cells, strict=False)
        meant = {key for name, cell in told for key in privacy.meant(cell, name, self._region)}
        return bool(self._gone(meant))

    def _gone(self, keys: Iterable[str]) -> dict[str, Micros]:
        return erasures.among(self._secret, self._known, keys)

    @cached_property
    def _secret(self) -> str:
        return erasures.secret(self._ops)


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

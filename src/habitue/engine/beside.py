"""A draft laid beside what is live, some subjects at a time: nothing is kept, so nothing is left behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from habitue.engine.compile import program
from habitue.engine.fold import fold, ranges
from habitue.engine.plan import Definition
from habitue.engine.source import Known
from habitue.engine.sweep import NEVER, Intervals
from habitue.store.warehouse import Warehouse


class Both(NamedTuple):
    """The intervals of the subjects from `low` up to, not including, `high`: as kept, and by the draft."""

    low: int
    high: int
    kept: Intervals
    drafted: Intervals


def beside(
    warehouse: Warehouse,
    version: int,
    draft: Definition,
    known: Known,
    stretches: Sequence[tuple[int, int]],
    cores: int | None = None,
) -> Iterator[Both]:
    """Both, a stretch of ids at a time (see `fold.stretches`); whoever has seen enough simply stops."""
    batches = ranges(draft.subject, stretches, warehouse.read)
    folded = fold(program(draft, known), batches, warehouse.read, cores=cores)
    for (low, high), found in zip(stretches, folded, strict=True):
        yield Both(low, high, kept(warehouse, version, low, high), found)


def kept(warehouse: Warehouse, version: int, low: int, high: int) -> Intervals:
    """The stored intervals of a version, in the order and the shape of those that are folded."""
    found = warehouse.read(
        f"SELECT subject, epoch_us(start) AS start, coalesce(epoch_us(stop), {NEVER}) AS stop, value, life "
        "FROM intervals WHERE version = ? AND subject >= ? AND subject < ? ORDER BY subject, intervals.start",
        (version, low, high),
    )
    types = (np.int32, np.int64, np.int64, np.int16, np.int16)
    columns = (column.to_numpy() for column in found.columns)
    return Intervals(*(one.astype(kind) for one, kind in zip(columns, types, strict=True)))

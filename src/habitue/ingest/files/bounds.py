"""How much a row may hold, whatever the file: what is more than an event may be is rejected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.files.dates import Ints
from habitue.ingest.files.packed import CELL
from habitue.ingest.files.report import Reject, note
from habitue.ingest.files.text import Batch
from habitue.kernel.i18n import N_

ROW: Final = 8 * CELL
SHOWN: Final = 1_000
"""So much of a cell is kept with the reason."""


def within(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The same rows; those that hold more than a row may are rejected."""
    for batch in batches:
        yield _within(batch)


def _within(batch: Batch) -> Batch:
    if batch.table.nbytes <= CELL:
        return batch
    sizes = [_sizes(column) for column in batch.table.columns]
    longest, whole = np.maximum.reduce(sizes), np.add.reduce(sizes)
    bad = (longest > CELL) | (whole > ROW)
    if not bad.any():
        return batch
    rejects = [_reject(batch, int(row), bool(longest[row] > CELL)) for row in np.flatnonzero(bad)]
    good = pa.array(~bad)
    return batch._replace(
        table=batch.table.filter(good), lines=batch.lines[~bad], rejects=[*batch.rejects, *rejects]
    )


def _sizes(column: pa.ChunkedArray) -> Ints:
    return np.asarray(pc.fill_null(pc.binary_length(column), 0), np.int64)


def _reject(batch: Batch, row: int, cell: bool) -> Reject:
    cells = [str(column[row].as_py() or "")[:SHOWN] for column in batch.table.columns]
    why = note(N_("a cell is longer than {most} bytes"), most=CELL)
    if not cell:
        why = note(N_("the row is longer than {most} bytes"), most=ROW)
    return Reject(int(batch.lines[row]), why, cells)

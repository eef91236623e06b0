"""Why rows of a table are not taken: the first reason found for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from habitue.ingest.files.dates import Bools, Ints
from habitue.ingest.files.report import Note, Reject, note


class Faults:
    """One reason or none for each row; a reason's `{value}` is the row's own cell."""

    def __init__(self, rows: int) -> None:
        self.code = np.zeros(rows, np.int16)
        self.reasons: list[tuple[str, dict[str, Any], Any]] = []
        self.omitted: list[Note] = []

    @property
    def good(self) -> Bools:
        untouched: Bools = self.code == 0
        return untouched

    def mark(self, where: Bools, text: str, cells: Any = None, **fields: Any) -> None:
        fresh = where & self.good
        if fresh.any():
            self.reasons.append((text, fields, cells))
            self.code[fresh] = len(self.reasons)

    def omit(self, where: Bools, text: str, cells: Any, **fields: Any) -> None:
        """Cells of rows without fault that are not taken, or not as they are written."""
        rows = np.flatnonzero(where & self.good)
        self.omitted += [note(text, value=cells[int(row)].as_py()[:80], **fields) for row in rows]

    def rejects(self, table: pa.Table, lines: Ints) -> list[Reject]:
        rows = np.flatnonzero(self.code)
        cells = table.take(pa.array(rows)).to_pydict().values() if len(rows) else []
        return [
            Reject(int(lines[row]), self._why(int(row)), list(values))
            for row, *values in zip(rows, *cells, strict=True)
        ]

    def _why(self, row: int) -> Note:
        text, fields, cells = self.reasons[self.code[row] - 1]
        return note(text, **fields) if cells is None else note(text, value=cells[row].as_py()[:80], **fields)

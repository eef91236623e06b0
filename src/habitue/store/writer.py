"""What a write transaction on the working copy may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, overload

import pyarrow as pa

from habitue.store.statement import Array, Statements

BASE: Final = "base"
"""Under this is noted what stands for the base of all intervals, under `base:7` for that of version 7."""
SWEPT: Final = "swept"
"""Under `swept:event` is noted how far the runs of that table were made one (`tidy`)."""
BESIDE: Final = "beside"
"""Under `beside:interval` is noted how many rows lie beside those that were last merged whole."""


class Writer:
    """One write transaction; what it did is kept when its block ends, or not at all."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    @overload
    def read(
        self, sql: str, params: Sequence[Any] = (), /, *, large: bool = False, **tables: pa.Table
    ) -> pa.Table: ...

    @overload
    def read(
        self, sql: str, params: Sequence[Any] = (), /, *, arrays: Literal[True], **tables: pa.Table
    ) -> list[Array]: ...

    def read(
        self,
        sql: str,
        params: Sequence[Any] = (),
        /,
        *,
        large: bool = False,
        arrays: bool = False,
        **tables: pa.Table,
    ) -> pa.Table | list[Array]:
        """The rows of one query, or of a statement that returns what it changed; as `Warehouse.read`."""
        if arrays:
            return self._statements.arrays(sql, params, tables)
        return self._statements.rows(sql, params, tables, large)

    def run(self, sql: str, params: Sequence[Any] = (), /, **tables: pa.Table) -> None:
        """Run one statement; `tables` are readable in it by their names."""
        self._statements.run(sql, params, tables)

    def append(self, table: str, rows: pa.Table) -> None:
        """Append rows to a table, columns matched by name."""
        self.run(f"INSERT INTO {table} BY NAME FROM arriving", arriving=rows)

    def note(self, values: Mapping[str, str]) -> None:
        """Note values under their keys, for `Warehouse.meta`."""
        marks = ", ".join(["(?, ?)"] * len(values))
        self.run("DELETE FROM meta WHERE list_contains(?, key)", (list(values),))
        self.run(f"INSERT INTO meta VALUES {marks}", [part for pair in values.items() for part in pair])

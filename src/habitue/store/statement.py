"""Statements on one cursor: lent the tables that they name, and told of by an error."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa

from habitue.store.failure import StatementFailed

Tables: TypeAlias = Mapping[str, pa.Table]
"""What a statement may name besides the tables of the file."""

Array: TypeAlias = np.ndarray[tuple[int], np.dtype[Any]]
"""A column; one that holds NULL is masked."""


_AT_ONCE: Final = 1_000_000
"""Rows in a batch of an answer."""

_SMALL: Final = 1 << 18
"""Bytes of a table that may stay lent while nobody uses it."""

_PARSED: Final = 512
"""So many statements are kept as they were parsed: that is a quarter of what a small one costs."""

# It advises what `large` does, which costs more where rows are few.
warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)


class Statements:
    """Runs statements on a cursor, one after another.

    A table that is lent stays so until its name is given to another, or until it is taken back: the next
    statement that names it too needs not wait for it. Meanwhile it hides whatever has the same name.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor
        self._lent: dict[str, pa.Table] = {}
        self._parsed = lru_cache(_PARSED)(cursor.extract_statements)

    def take_back(self, but: str | None = None) -> None:
        """End what is lent, but small tables whose names begin so."""
        for name, table in [*self._lent.items()]:
            if but is None or not name.startswith(but) or table.nbytes > _SMALL:
                self._back(name)

    def rows(self, sql: str, params: Sequence[Any], tables: Tables, large: bool = False) -> pa.Table:
        """Run a query, or a statement that returns what it changed; its rows.

        A `large` answer is made into columns by all cores, at the price of planning the query twice: of
        most queries that is a third of all.
        """
        given = list(params) or None
        with _told(sql, params):
            self._lend(sql, tables)
            if large:
                return self.cursor.sql(sql, params=given).to_arrow_table()
            answer: Any = self._execute(sql, given).to_arrow_reader(_AT_ONCE)
            return answer.read_all()

    def arrays(self, sql: str, params: Sequence[Any], tables: Tables) -> list[Array]:
        """The columns of a query of few rows, of which making a table would take as long as finding them."""
        with _told(sql, params):
            self._lend(sql, tables)
            return [*self._execute(sql, list(params) or None).fetchnumpy().values()]

    def run(self, sql: str, params: Sequence[Any], tables: Tables) -> None:
        """Run a statement: in less than half the time of one whose answer is made into rows."""
        with _told(sql, params):
            self._lend(sql, tables)
            self._execute(sql, list(params) or None)

    def _execute(self, sql: str, params: list[Any] | None) -> duckdb.DuckDBPyConnection:
        parsed = self._parsed(sql)
        return self.cursor.execute(parsed[0] if len(parsed) == 1 else sql, params)

    def _lend(self, sql: str, tables: Tables) -> None:
        for name, table in tables.items():
            if name in sql and self._lent.get(name) is not table:
                self._back(name)
                self.cursor.register(name, table)
                self._lent[name] = table

    def _back(self, name: str) -> None:
        if self._lent.pop(name, None) is not None:
            with suppress(duckdb.Error):  # in a transaction that failed nothing can be undone but all of it
                self.cursor.unregister(name)


@contextmanager
def _told(sql: str, params: Sequence[Any]) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise StatementFailed(sql, params, error) from error

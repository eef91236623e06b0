"""Answers as tables: Arrow always, Polars and pandas where they are installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

if TYPE_CHECKING:
    import pandas
    import polars


class Frame:
    """Rows with named columns; instants are UTC timestamps."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def arrow(self) -> pa.Table:
        return self._table

    def polars(self) -> polars.DataFrame:
        """As a Polars data frame; raises `UserError` where Polars is not installed."""
        found: polars.DataFrame = _needed("polars").from_arrow(self._table)
        return found

    def pandas(self) -> pandas.DataFrame:
        """As a pandas data frame; raises `UserError` where pandas is not installed."""
        _needed("pandas")
        found: pandas.DataFrame = self._table.to_pandas()
        return found

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._table.to_pylist())

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __repr__(self) -> str:
        return str(self._table.slice(0, 20).to_string(preview_cols=20))


def _needed(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise UserError(
            N_("{name} is not installed. Install it with: pip install {name}"), name=name
        ) from error

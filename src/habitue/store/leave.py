"""Leaving a DuckDB connection on which another thread may be in the middle of a call."""

from __future__ import annotations

from time import monotonic, sleep
from typing import Final

import duckdb

PATIENCE: Final = 10.0
"""Seconds that a call may still take; one that takes longer is interrupted."""


def leave(cursor: duckdb.DuckDBPyConnection) -> None:
    """Close it as soon as the call that is under way on it is over: DuckDB refuses to before."""
    began = monotonic()
    while True:
        try:
            cursor.close()
        except duckdb.ResourceInUseException:
            if monotonic() - began > PATIENCE:
                cursor.interrupt()
            sleep(0.005)
        else:
            return

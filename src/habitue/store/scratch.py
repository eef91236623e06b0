"""A database for the length of one calculation: in memory, beside the working copy, reaching nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

import duckdb

Scratch: TypeAlias = duckdb.DuckDBPyConnection

SHARE: Final = "25%"
"""Of the machine's memory, beside what the working copy takes."""


@contextmanager
def scratch(spill: Path) -> Iterator[Scratch]:
    """An empty database; what memory can't hold goes into the directory `spill` until the end."""
    made = duckdb.connect()
    place = str(spill).replace("'", "''")
    try:
        for setting in (
            f"temp_directory = '{place}'",
            f"memory_limit = '{SHARE}'",
            "GLOBAL TimeZone = 'UTC'",
            "python_enable_replacements = false",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            "allow_community_extensions = false",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            made.execute(f"SET {setting}")
        yield made
    finally:
        made.close()

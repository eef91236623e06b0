"""A database for the length of one calculation: in memory, beside the working copy, reaching nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Final, TypeAlias

import duckdb

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

Scratch: TypeAlias = duckdb.DuckDBPyConnection

SPILL: Final = "scratch.tmp"
"""The directory in the workspace for what memory can't hold."""

SHARE: Final = "25%"
"""Of the machine's memory, beside what the working copy takes."""


@contextmanager
def scratch(spill: Path) -> Iterator[Scratch]:
    """An empty database; what memory can't hold goes into the directory `spill` until the end.

    Raises `UserError` where there is too little of both.
    """
    rmtree(spill, ignore_errors=True)  # left by a process that was killed
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
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise UserError(_LITTLE, reason=str(error).splitlines()[0]) from error
    finally:
        made.close()
        rmtree(spill, ignore_errors=True)


_LITTLE: Final = N_("There is too little memory or disk space for this calculation: {reason}")

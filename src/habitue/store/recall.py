"""What was read from the operational database, held until the database changes.

Every page asks for the definitions and a few settings, which hardly ever change. SQLite tells a connection
for next to nothing whether any other has committed since, whoever's it is and in whichever process.
PostgreSQL doesn't: there nothing is held.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, TypeVar, cast

Value = TypeVar("Value")


class Recall:
    """Holds what was read from the SQLite database in a file; of None it holds nothing."""

    def __init__(self, file: Path | None, driver: ModuleType) -> None:
        self._file = file
        self._driver = driver
        self._watching = Lock()
        self._watch: Any = None
        self._held: tuple[int, dict[Hashable, Any]] = (0, {})

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What `make` reads, unless that was read before and nothing has changed since.

        Nobody may change it: the next to ask is given the same.
        """
        stamp = self._stamp()
        if stamp is None:
            return make()
        held = self._held
        if held[0] != stamp:
            self._held = held = stamp, {}
        if key not in held[1]:
            held[1][key] = make()
        return cast(Value, held[1][key])

    def close(self) -> None:
        with self._watching:
            if self._watch is not None:
                self._watch.close()
            self._watch = None
            self._held = 0, {}

    def _stamp(self) -> int | None:
        """Changes with each commit of others; None where that can't be told, as of a file that is gone."""
        if self._file is None:
            return None
        with self._watching:
            try:
                if self._watch is None:
                    place = f"{self._file.absolute().as_uri()}?mode=rw"
                    self._watch = self._driver.connect(place, uri=True, check_same_thread=False)
                return int(self._watch.execute("PRAGMA data_version").fetchone()[0])
            except self._driver.Error:
                return None

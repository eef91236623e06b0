"""What a worker was doing when it died: a line before a message is let go of, and one with what came of it.

Written beside the database, not into it, and not forced onto the disk: it outlives a program that is killed,
for a tenth of a percent of what a transaction each would cost. Not a machine that loses its power: then the
file names another start of the machine, and nothing in it is believed.
"""

from __future__ import annotations

import os
from pathlib import Path
from struct import Struct as Packed
from threading import Lock
from typing import Final

BEGUN: Final = 0
SENT: Final = 1
BOUNCED: Final = 2
FAILED: Final = 3
BUSY: Final = 4

_LINE: Final = Packed("<qqq")
_HEAD: Final = 40
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class Journal:
    """One file, of one worker at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path
        self._lock = Lock()
        self.found = _read(path)
        """What the last worker left: each message's last line under a token; None if it can't be told."""
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = 0

    def clear(self) -> None:
        """Begin anew: all that is in it is in the database by now."""
        with self._lock:
            os.ftruncate(self._file, 0)
            os.write(self._file, _boot())
            self._size = 0

    def note(self, token: int, number: int, what: int) -> None:
        """Write a line; a program killed right after has written it."""
        with self._lock:
            os.write(self._file, _LINE.pack(token, number, what))
            self._size += 1

    def __len__(self) -> int:
        return self._size

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _read(path: Path) -> dict[tuple[int, int], int] | None:
    try:
        told = path.read_bytes()
    except FileNotFoundError:
        return {}
    if told and told[:_HEAD] != _boot():
        return None
    lines = told[_HEAD:]
    whole = lines[: len(lines) // _LINE.size * _LINE.size]
    return {(token, number): what for token, number, what in _LINE.iter_unpack(whole)}


def _boot() -> bytes:
    """Which start of this machine it is, padded; where that can't be told nothing is ever believed."""
    try:
        told = _BOOT.read_text("ascii").strip()
    except OSError:
        told = os.urandom(16).hex()
    return told.encode()[:_HEAD].ljust(_HEAD)

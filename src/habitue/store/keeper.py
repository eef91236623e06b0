"""What vouches for the record of acts, and lies beside the database: a key, and how far the record went.

Whoever can write to the database alone can make no row that the key didn't seal, and can't take the last ones
away unseen: their number and seal stand in a file of their own.
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec
from msgspec import Struct

from habitue.store.seal import Marks, Seal

NAME: Final = "acts.head"
OPTION: Final = "habitue_keeper"
"""Under this name a database's transactions know theirs."""
LAST: Final = "habitue_last_act"
"""Under this name a transaction tells the row that it wrote, to be noted once it is committed."""


class Head(Struct, frozen=True):
    """The last row that was written: its number and its seal; `mark` shows that it was noted here."""

    number: int
    seal: str
    mark: str = ""


class Keeper:
    """The one of a workspace's record."""

    def __init__(self, place: Path) -> None:
        self._path = place / NAME
        self._seal = Seal(place)
        self._lock = Lock()
        self._marks: Marks | None = None
        self._head = self._read()

    @classmethod
    def anew(cls, place: Path) -> Keeper:
        """One for a record that begins; how far another one went says nothing any more."""
        (place / NAME).unlink(missing_ok=True)
        return cls(place)

    @property
    def marks(self) -> Marks:
        """The key; it is read once."""
        if self._marks is None:
            self._marks = self._seal.marks()
        return self._marks

    @property
    def head(self) -> Head | None:
        """How far the record went, if that was ever noted."""
        return self._head

    def keep(self, number: int, seal: str) -> None:
        """Note a row that was committed; of two the later one."""
        with self._lock:
            if self._head is None or number > self._head.number:
                self._head = Head(number, seal, self.marks.made(_said(number, seal)))
                self._write(msgspec.json.encode(self._head))

    def _read(self) -> Head | None:
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=Head)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError:
            return Head(1, "")  # somebody has written into it: no row is the one it tells of
        return found if self.marks.right(_said(found.number, found.seal), found.mark) else Head(1, "")

    def _write(self, told: bytes) -> None:
        made = self._path.with_suffix(".new")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(told)
            file.flush()
            os.fsync(file.fileno())
        made.replace(self._path)


def _said(number: int, seal: str) -> bytes:
    return msgspec.json.encode(["head", number, seal])

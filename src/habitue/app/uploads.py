"""Files that came by the web and wait to be imported: each in a folder of its own that nobody else may read.

They go once they are imported, with the first erasure, and after a day in any case.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from shutil import disk_usage, rmtree
from types import TracebackType
from typing import Final, Self

import msgspec
from msgspec import Struct

from habitue.ingest.traces import UPLOADS
from habitue.kernel.clock import DAY, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

MOST: Final = 2 << 30
"""Bytes of a file that may come by the web."""

LONGEST: Final = 200
"""Bytes of a file's name; file systems take 255."""

_ID: Final = re.compile(r"[0-9a-f]{24}")

TOO_LARGE: Final = N_(
    "This file is larger than {most} GB, which is the most that is taken here. In a terminal there is no "
    "such limit: habitue import FILE"
)
_FULL: Final = N_("There is too little room left on the server’s disk for this file.")
_EMPTY: Final = N_("This file is empty. Choose another one.")
_CUT: Final = N_("The file did not arrive whole. Send it again.")


class Upload(Struct, frozen=True):
    """A file that came: what it was called, its size in bytes, when it came."""

    id: str
    name: str
    size: int
    at: Micros


class Uploads:
    """The folder of them."""

    def __init__(self, directory: Path) -> None:
        self.folder = directory / UPLOADS

    def receive(self, name: str, size: int, now: Micros) -> Incoming:
        """A place for a file of about `size` bytes; raises `UserError` where that is too much."""
        if size > MOST:
            raise UserError(TOO_LARGE, most=MOST >> 30)
        self.sweep(now)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if disk_usage(self.folder).free < 2 * size:
            raise UserError(_FULL)
        return Incoming(self.folder / token_hex(12), named(name), now)

    def get(self, number: str) -> Upload | None:
        """One that is there."""
        if not _ID.fullmatch(number):
            return None
        try:
            return msgspec.json.decode((self.folder / number / "upload.json").read_bytes(), type=Upload)
        except (OSError, msgspec.MsgspecError):
            return None

    def file(self, upload: Upload) -> Path:
        """Where its bytes are."""
        return self.folder / upload.id / "file" / upload.name

    def beside(self, upload: Upload, name: str) -> Path:
        """A file of ours about it."""
        return self.folder / upload.id / name

    def all(self) -> Iterator[Upload]:
        """Those that are there, in no order."""
        if self.folder.is_dir():
            found = (self.get(one.name) for one in self.folder.iterdir())
            yield from (one for one in found if one)

    def empty(self, upload: Upload) -> None:
        """Take the file away; what is told of it stays for its day."""
        rmtree(self.folder / upload.id / "file", ignore_errors=True)

    def drop(self, upload: Upload) -> None:
        """Take it away with all that was told of it."""
        rmtree(self.folder / upload.id, ignore_errors=True)

    def sweep(self, now: Micros) -> None:
        """Take away what came more than a day ago, and what never arrived whole."""
        for one in self.folder.iterdir() if self.folder.is_dir() else ():
            upload = self.get(one.name)
            began = upload.at if upload else int(one.stat().st_mtime * 1_000_000)
            if now - began > DAY:
                rmtree(one, ignore_errors=True)


class Incoming:
    """A file that is arriving; gone again where it doesn't arrive whole."""

    def __init__(self, folder: Path, name: str, now: Micros) -> None:
        self._folder, self._name, self._now = folder, name, now
        self.size = 0

    def __enter__(self) -> Self:
        (self._folder / "file").mkdir(mode=0o700, parents=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        self._file = os.fdopen(os.open(self._folder / "file" / self._name, flags, 0o600), "wb")
        return self

    def write(self, piece: bytes) -> None:
        """Take some more of it; raises `UserError` where it grows too large or there is no room."""
        self.size += len(piece)
        if self.size > MOST:
            raise UserError(TOO_LARGE, most=MOST >> 30)
        try:
            self._file.write(piece)
        except OSError as error:
            raise UserError(_FULL) from error

    def arrived(self, whole: bool = True) -> Upload:
        """It is here; raises `UserError` where it is empty or was cut off."""
        self._file.close()
        if not whole or not self.size:
            raise UserError(_EMPTY if whole else _CUT)
        made = Upload(self._folder.name, self._name, self.size, self._now)
        (self._folder / "upload.json").write_bytes(msgspec.json.encode(made))
        return made

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if kind:
            rmtree(self._folder, ignore_errors=True)


def named(given: str) -> str:
    """A browser's name for a file as one that can stand on this disk, and nowhere but in its folder."""
    last = re.split(r"[/\\]", given)[-1]
    clean = "".join("_" if unicodedata.category(c) in ("Cc", "Cs", "Cf") else c for c in last).strip(" .")
    stem, dot, suffix = clean.rpartition(".")
    if not dot or not stem or len(suffix) > 8:
        stem, dot, suffix = clean, "", ""
    room = LONGEST - len(f"{dot}{suffix}".encode())
    return (stem.encode()[:room].decode("utf-8", "ignore") + dot + suffix) or "file"

"""Where a workspace lives: what is a copy of it would send what the other sends, or has sent since."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from habitue.store.ops import Ops

_SETTING: Final = "home"
_FILES: Final = ("ops.sqlite", "lock", "secret.key")
"""Which files these are tells a directory from its copy, also from one that is put back in its place."""


class Home(Struct, frozen=True):
    """A directory, and the numbers by which its disk knows its files."""

    folder: str
    files: tuple[int, ...]


def left(ops: Ops, folder: Path) -> str | None:
    """The directory that was last settled in, where this one is a copy of it; else None."""
    known, now = ops.setting(_SETTING), _here(folder)
    if known is None or now is None:
        return None
    before = msgspec.json.decode(known, type=Home)
    return None if before.files == now.files else before.folder


def settle(ops: Ops, folder: Path) -> None:
    """From now on this is where it lives."""
    now = _here(folder)
    if now is not None:
        ops.put_setting(_SETTING, msgspec.json.encode(now).decode())


def _here(folder: Path) -> Home | None:
    """None where the database is on a server: then several directories may share it."""
    if not (folder / _FILES[0]).exists():
        return None
    found = (folder / name for name in _FILES)
    return Home(str(folder.resolve()), tuple(one.stat().st_ino for one in found if one.exists()))

"""Setting a working copy's file aside: under another name, never deleted."""

from __future__ import annotations

from pathlib import Path


def wal(path: Path) -> Path:
    """Its write-ahead log."""
    return path.with_name(f"{path.name}.wal")


def set_aside(path: Path) -> str:
    """Rename the file and its write-ahead log, and return the new name."""
    names = (path, wal(path))
    n = 1
    while any(name.with_name(f"{name.name}.corrupt-{n}").exists() for name in names):
        n += 1
    for name in names:
        if name.exists():
            name.rename(name.with_name(f"{name.name}.corrupt-{n}"))
    return f"{path.name}.corrupt-{n}"

"""What this process may use of the machine: a container is often given less than the machine has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_GROUPS: Final = Path("/proc/self/cgroup")
_MOUNT: Final = Path("/sys/fs/cgroup")
_ALL: Final = 1 << 62
"""Version 1 says “no limit” as a number near the largest."""

SMALL: Final = 1 << 30
"""Bytes; with less there is no room for what only makes things quicker."""


def memory(groups: Path = _GROUPS, mount: Path = _MOUNT) -> int:
    """Bytes: the machine's, or the least that a control group above this process allows (Linux)."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *_limits(groups, mount)])


def small() -> bool:
    """Whether memory is short."""
    return memory() < SMALL


def _limits(groups: Path, mount: Path) -> list[int]:
    """The limits of the process's own group and those above it, version 1 and 2 of control groups."""
    try:
        lines = [line.split(":", 2) for line in groups.read_text().splitlines()]
    except OSError:
        return []
    found = []
    for _, kinds, path in lines:
        if kinds not in ("", "memory"):
            continue
        top, name = (mount / "memory", "memory.limit_in_bytes") if kinds else (mount, "memory.max")
        own = top / path.strip("/")
        found += [_limit(place / name) for place in (own, *own.parents) if place.is_relative_to(top)]
    return [limit for limit in found if limit]


def _limit(file: Path) -> int:
    try:
        told = file.read_text().strip()
    except OSError:
        return 0
    return int(told) if told.isdecimal() and int(told) < _ALL else 0

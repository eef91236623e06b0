"""Where on the clock a customer lives."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

TRAITS: Final = ("timezone", "time_zone")
"""The traits that may say it."""


def zone(told: object, otherwise: str) -> str:
    """The IANA zone that somebody's trait names, or the other one where it names none."""
    return told if isinstance(told, str) and len(told) < 64 and _known(told) else otherwise


@lru_cache(maxsize=1024)
def _known(name: str) -> bool:
    if name not in names():
        return False
    ZoneInfo(name)
    return True


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """All IANA zones that this machine knows, looked for once: they are a tree of files."""
    return frozenset(available_timezones())

"""What all pictures share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

Spec = dict[str, Any]

ACCENT: Final = "var(--accent)"
"""The page's own colour, by day and by night."""

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"


class Series(Struct, frozen=True):
    """One coloured line or area: its name, and one `(x, y)` per point."""

    name: str
    colour: str
    points: Sequence[tuple[float, float]]


def large(series: Sequence[Series]) -> bool:
    return sum(max((y for _, y in one.points), default=0) for one in series) >= 100_000


def quoted(words: Sequence[str]) -> str:
    """The words as a list in Vega's expression language."""
    escaped = (word.replace("\\", "\\\\").replace("'", "\\'") for word in words)
    return "[" + ", ".join(f"'{word}'" for word in escaped) + "]"

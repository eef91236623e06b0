"""Numbers of things, as addresses and forms give them: whole, and small enough for every database."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from msgspec import Meta

MOST: Final = (1 << 31) - 1

Number: TypeAlias = Annotated[int, Meta(ge=0, le=MOST)]
"""The number of something, as a handler takes it: any other is refused before anybody looks for it."""


def number(text: str) -> int | None:
    """The number that a text says; None where it says none."""
    told = text.strip()
    plain = told.isascii() and told.isdigit() and len(told) <= len(str(MOST))
    return int(told) if plain and int(told) <= MOST else None

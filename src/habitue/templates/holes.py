"""Liquid in a text, taken out so that others may read the text as MJML or HTML, and put back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_LIQUID: Final = re.compile(
    r"\{%-?\s*(?P<block>raw|comment)\s*-?%\}.*?\{%-?\s*end(?P=block)\s*-?%\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL
)
_OUTPUT: Final = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)


class Holes:
    """What was taken out, by the number that stands in its place."""

    def __init__(self, text: str) -> None:
        self.taken: list[str] = []
        self.lines: list[int] = []
        self._mark = next(mark for n in range(len(text) + 1) if (mark := f"hq{n}q") not in text)
        self.spot: Final = re.compile(rf"{self._mark}(\d+)z")
        self.text = _LIQUID.sub(lambda found: self._take(text, found), text)

    def _take(self, text: str, found: re.Match[str]) -> str:
        # A block that says nothing leaves nothing but its lines.
        if found["block"] == "comment":
            return "\n" * found[0].count("\n")
        return self.put(found[0], text.count("\n", 0, found.start()) + 1)

    def put(self, liquid: str, line: int = 0) -> str:
        """Take this piece of Liquid as well: what stands in its place."""
        self.taken.append(liquid)
        self.lines.append(line)
        return f"{self._mark}{len(self.taken) - 1}z"

    def line(self, number: int) -> int:
        return self.lines[number]

    def says(self, number: int) -> str | None:
        """The expression of a hole that puts something out; None of a tag."""
        found = _OUTPUT.fullmatch(self.taken[number])
        return found[1].strip() if found else None

    def filtered(self, number: int, filter_: str) -> str:
        """A hole that puts the same out through one more filter; the same hole where it puts nothing out."""
        said = self.says(number)
        if said is None:
            return f"{self._mark}{number}z"
        return self.put(f"{{{{ {said} | {filter_} }}}}", self.lines[number])

    def shown(self, text: str, literal: Callable[[str], str] = lambda one: one) -> str:
        """The text with its Liquid again; what stands between is changed by `literal`."""
        pieces = self.spot.split(text)
        return "".join(self.taken[int(piece)] if n % 2 else literal(piece) for n, piece in enumerate(pieces))

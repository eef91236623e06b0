"""The answer to "why?" as a page shows it: each stage that was asked, in its look, with its rule's tree."""

from __future__ import annotations

from msgspec import Struct

from habitue.engine import reason
from habitue.engine.explain import Verdict, Why
from habitue.engine.reason import Line
from habitue.web.looks import Look
from habitue.web.words import Words


class Asked(Struct, frozen=True):
    """A stage that was asked, and the tree of its rule."""

    look: Look
    line: Line


def told(verdict: Verdict | Why | None, by_value: dict[int, Look], words: Words) -> list[Asked]:
    """The stages in the order in which they were asked; the first that is true is the customer's."""
    if not isinstance(verdict, Verdict):
        return []
    by_id = {look.id: look for look in by_value.values()}
    return [Asked(by_id[name], reason.told(why, words.say)) for name, why in verdict.asked]

"""What each kind of card is made of: which fields and slots it has, and which operators go with it."""

from __future__ import annotations

from typing import Any, Final

from habitue.kernel.clock import DAY, HOUR, MINUTE, WEEK, YEAR
from habitue.rules import nodes
from habitue.rules.check import FITTING
from habitue.rules.nodes import Ever, Never

GROUPS: Final[dict[str, Any]] = {"and": nodes.And, "or": nodes.Or}
HAPPENED: Final[dict[str, Any]] = {"ever": Ever, "never": Never}
COUNTED: Final[dict[str, Any]] = {"count": nodes.Count, "sum": nodes.Sum, "distinct": nodes.Distinct}
ELAPSED: Final[dict[str, Any]] = {"days_since_last": nodes.SinceLast, "days_since_first": nodes.SinceFirst}
EVENTS: Final = (*HAPPENED, *COUNTED, *ELAPSED, "last")
"""Cards about events: one can be turned into another and keeps its events and conditions."""

NAMED: Final[dict[str, Any]] = {"trait": nodes.Trait, "score": nodes.Score, "prop": nodes.Prop}
LIFTS: Final[dict[str, Any]] = {"any_member": nodes.AnyMember, "account": nodes.Account}
UNITS: Final = {"m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK, "y": YEAR}

MEASURES: Final[dict[str, Any]] = {
    **NAMED,
    **COUNTED,
    **ELAPSED,
    "last": nodes.Last,
    "stage": nodes.Stage,
    "count_members": nodes.Members,
}
SET: Final = {"!=": "set", "==": "unset"}
"""What a comparison with nothing is called: whether there is a value."""


def operators(kind: str) -> list[str]:
    """The operators of a kind of card, and whether it is set where that can be asked."""
    fitting = FITTING[MEASURES[kind]]
    return [*fitting, *(SET.values() if "none" in fitting.get("==", ()) else ())]

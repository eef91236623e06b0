"""The opposite of a rule as another rule that says it without two negations."""

from __future__ import annotations

from typing import Any, Final

from habitue.rules.nodes import (
    And,
    AnyMember,
    Compare,
    Count,
    Distinct,
    Ever,
    Last,
    Members,
    Never,
    Not,
    Or,
    Prop,
    Rule,
    Score,
    Stage,
    Sum,
    Trait,
)

FLIPPED: Final[dict[str, Any]] = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "in": "not in",
    "not in": "in",
}
"""What holds of a value that is not missing exactly where the other does not."""


def opposite(rule: Rule) -> Rule | None:
    """The rule that is true exactly where this one is not; None where “not” is as well said before it.

    A comparison with a missing value is false, so the opposite of “is other than” is also true of what is
    not set.
    """
    match rule:
        case Not(inner):
            return inner
        case Ever(events, where):
            return Never(events, where)
        case Never(events, where):
            return Ever(events, where)
        case AnyMember(inner):
            return Compare(Members(inner), "==", 0)
        case Compare(measure, op, value):
            return _compared(measure, op, value)
        case And(items) if any(map(_negative, items)):
            return Or(tuple(map(_not, items)))
        case Or(items) if any(map(_negative, items)):
            return And(tuple(map(_not, items)))
    return None


def _compared(measure: Any, op: str, value: Any) -> Rule | None:
    match measure:
        case Count(since=None) | Sum(since=None) | Distinct() | Members():
            return Compare(measure, FLIPPED[op], value)
        case Count(since=Ever(events, where)) if (op, value) in NONE:
            return Or((Compare(measure, ">=", 1), Never(events, where)))
        case Trait() | Score() | Stage() | Prop() if value is None:
            return Compare(measure, FLIPPED[op], None)
        case Last() if (op, value) == ("==", None):
            return Compare(measure, "!=", None)
        case Trait() | Score() | Stage() | Prop() | Last() if value is not None and op in ("!=", "not in"):
            return Or((Compare(measure, FLIPPED[op], value), Compare(measure, "==", None)))
    return None


NONE: Final = (("==", 0), ("<=", 0), ("<", 1))
"""How people write that something never happened, when they count."""


def _not(rule: Rule) -> Rule:
    found = opposite(rule)
    return Not(rule) if found is None else found


def _negative(rule: Rule) -> bool:
    """Whether its sentence denies something."""
    match rule:
        case Never():
            return True
        case Not(inner):
            simple = opposite(inner)
            return simple is None or _negative(simple)
        case Compare(_, op, value):
            unset = op == "==" and value is None
            return unset or op == "not in" or (op == "!=" and value is not None) or (op, value) in NONE
    return False

"""Values found in the data and what an operator says of them: the smallest piece of a rule's meaning."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

import re2

from habitue.rules.nodes import Operator

ORDERS: Final = ("<", "<=", ">", ">=")

Value: TypeAlias = str | int | float | bool | Decimal | list[Any] | None
"""What a measure finds: one value, a list of values, or `None` where it is missing."""


def reach(value: Any, path: tuple[str, ...]) -> Value:
    """What stands at the end of the path; a list on the way or at the end gives all that it leads to."""
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(reach(item, path))]
    if isinstance(value, dict):
        return reach(value.get(path[0]), path[1:]) if path else None
    return None if path else value


def leaves(value: Value) -> list[Any]:
    """The values in what a measure found: none where it is missing."""
    return value if isinstance(value, list) else [] if value is None else [value]


def compared(found: Value, op: Operator, value: Any) -> bool:
    """The operator's answer; what is missing only ever `== None`, and `1` is neither `"1"` nor `True`.

    Of a list, one value that compares so is enough, and `contains` asks for an element rather than
    a part of a text; `!=` and `not in` ask that there be values and none of them equal.
    """
    values = leaves(found)
    if value is None:
        return bool(values) == (op == "!=")
    if op == "contains" and isinstance(found, list):
        op = "=="
    match op:
        case "==":
            return any(_same(v, value) for v in values)
        case "!=":
            return bool(values) and not any(_same(v, value) for v in values)
        case "not in":
            return bool(values) and not any(_same(v, one) for v in values for one in value)
        case "in":
            return any(_same(v, one) for v in values for one in value)
    return any(TESTS[op](typed(v)[1], typed(value)[1]) for v in values if _comparable(v, op, value))


TESTS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "contains": operator.contains,
    "startswith": str.startswith,
    "matches": lambda text, pattern: re2.search(pattern, text) is not None,
}


def _comparable(left: Any, op: Operator, right: Any) -> bool:
    """Texts with texts and numbers with numbers; the tests of a text only ever with texts."""
    kind = typed(left)[0]
    return kind == typed(right)[0] and kind in (("number", "text") if op in ORDERS else ("text",))


def _same(left: Any, right: Any) -> bool:
    return typed(left) == typed(right)


def typed(value: Any) -> tuple[str, Any]:
    """The value with its kind, numbers as the decimals they are written as."""
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, int | float | Decimal):
        return "number", Decimal(str(value))
    return "text", value

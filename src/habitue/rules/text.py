"""A rule as text: `parse` reads it, `write` prints it; `parse(write(rule)) == rule`.

The text is one Python expression of a few allowed shapes, read by `ast` and never run.
"""

from __future__ import annotations

import keyword
import re
from functools import lru_cache
from typing import Any, Final

from habitue.kernel.clock import DAY, lasting
from habitue.rules.nodes import (
    And,
    Compare,
    Node,
    Not,
    Or,
    Prop,
    Rule,
    Score,
    SinceFirst,
    SinceLast,
    Trait,
)
from habitue.rules.problem import RuleError
from habitue.rules.read import read
from habitue.rules.words import ROOTS, TESTS, required

__all__ = ["RuleError", "parse", "write"]


@lru_cache(maxsize=512)
def parse(text: str) -> Rule:
    """The rule that the text says; raises `RuleError` with every problem of its wording.

    Whether the rule makes sense (operators, names, who it is about) is for `rules.check`. The last texts are
    remembered: every refresh and every page asks for the same few.
    """
    reading = read(text)
    if reading.problems:
        raise RuleError(reading.problems)
    return reading.rule


def write(rule: Rule) -> str:
    """The rule's one canonical text."""
    match rule:
        case And(items):
            return " and ".join(_inside(item, And, Or) for item in items)
        case Or(items):
            return " or ".join(_inside(item, And, Or) for item in items)
        case Not(item):
            return f"not {_inside(item, And, Or, Compare)}"
        case Compare(measure, op, value):
            said = (
                _term(measure),
                _days(value) if isinstance(measure, SinceLast | SinceFirst) else _term(value),
            )
            return f"{op}({said[0]}, {said[1]})" if op in TESTS else f"{said[0]} {op} {said[1]}"
    return _function(rule)


_QUOTED: Final = re.compile(r'["\\\x00-\x1f\x7f-\x9f\u2028\u2029]')
_SHORT: Final = {'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}


def _inside(rule: Rule, *wrapped: type[Node]) -> str:
    """The rule's text, in parentheses if it is one of these kinds; tests like `contains(…)` need none."""
    bare = isinstance(rule, Compare) and rule.op in TESTS
    return f"({write(rule)})" if isinstance(rule, wrapped) and not bare else write(rule)


def _escaped(found: re.Match[str]) -> str:
    return _SHORT.get(found[0], f"\\u{ord(found[0]):04x}")


def _term(value: Any) -> str:
    match value:
        case str():
            return f'"{_QUOTED.sub(_escaped, value)}"'
        case tuple():
            return f"[{', '.join(_term(one) for one in value)}]"
        case Prop(path) | Trait(path) | Score(path):
            root = next(name for name, kind in ROOTS.items() if isinstance(value, kind))
            return root + "".join(f".{step}" if _word(step) else f"[{_term(step)}]" for step in path)
        case Node():
            return _function(value)
    return repr(value)


def _word(step: str) -> bool:
    """Whether Python reads the step back as it stands after a dot."""
    return step.isascii() and step.isidentifier() and not keyword.iskeyword(step)


def _days(value: Any) -> str:
    """A length that elapsed time is compared with: whole days as a number."""
    if isinstance(value, int):
        return str(value // DAY) if value % DAY == 0 else _term(lasting(value))
    return _term(value)


def _function(node: Any) -> str:
    """`function(required…, optional=…)` with the fields that differ from their defaults."""
    said = []
    for field in node.__struct_fields__:
        value = getattr(node, field)
        if field in required(node) or value is not None:
            named = "" if field in required(node) and field != "default" else f"{field}="
            said.append(named + _argument(field, value))
    return f"{node.__struct_config__.tag}({', '.join(said)})"


def _argument(field: str, value: Any) -> str:
    match field:
        case "events":
            return _term(value[0] if len(value) == 1 else value)
        case "where" | "rule":
            return write(value)
        case "within" | "length" | "default":
            return _term(lasting(value))
        case "since":
            bare = value.where is None and len(value.events) == 1
            return _term(value.events[0]) if bare else write(value)
    return _term(value)

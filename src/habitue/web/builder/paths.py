"""Names of traits and properties as people type them: `address.city`, or `["first name"].x`."""

from __future__ import annotations

from habitue.rules.nodes import Compare, Trait
from habitue.rules.problem import RuleError
from habitue.rules.text import parse, write

_ROOT, _REST = "trait", " != None"


def said(path: tuple[str, ...]) -> str:
    """The path as the rule language writes it after its root."""
    return write(Compare(Trait(path), "!=", None))[len(_ROOT) : -len(_REST)].removeprefix(".")


def read(text: str) -> tuple[str, ...]:
    """The path that was typed; what is no path in the language is taken word for word between its dots."""
    whole = text.strip()
    try:
        rule = parse(f"{_ROOT}{'' if whole.startswith('[') else '.'}{whole}{_REST}")
    except RuleError:
        rule = None
    if isinstance(rule, Compare) and isinstance(rule.measure, Trait):
        return rule.measure.path
    return tuple(step.strip() for step in whole.split(".") if step.strip())

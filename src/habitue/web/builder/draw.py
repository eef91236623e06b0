"""From a rule to its cards. What no card can show without loss becomes a card with its text."""

from __future__ import annotations

import re
from typing import Any, Final

from habitue.kernel.clock import DAY, HOUR, MINUTE
from habitue.rules.check import walk
from habitue.rules.nodes import (
    Account,
    And,
    AnyMember,
    Cadence,
    Compare,
    Consent,
    Ever,
    Held,
    Members,
    Not,
    Or,
    Prop,
    Rule,
    Score,
    Segment,
    SinceFirst,
    SinceLast,
    Stage,
    Trait,
)
from habitue.rules.text import write
from habitue.web.builder import paths, read
from habitue.web.builder.card import Card
from habitue.web.builder.kinds import SET

MOST: Final = 300
"""Of a rule with more nodes nobody wants to see cards."""

DEEPEST: Final = 10
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def cards(rule: Rule) -> Card:
    """The rule as a group of cards."""
    if sum(1 for _ in walk(rule)) > MOST:
        return Card("and", parts={"items": [_text(rule)]})
    if isinstance(rule, And | Or):
        return _card(rule, 0)
    return Card("and", parts={"items": [_card(rule, 1)]})


def _text(rule: Rule) -> Card:
    return Card("text", {"text": [write(rule)]})


def _card(rule: Any, depth: int) -> Card:
    if depth > DEEPEST:
        return _text(rule)
    match rule:
        case And(items) | Or(items):
            return Card(_tag(rule), parts={"items": [_card(one, depth + 1) for one in items]})
        case Not(item):
            return Card("not", parts={"items": [_card(item, depth + 1)]})
        case AnyMember(inner) | Account(inner):
            return Card(_tag(rule), parts={"rule": [_card(inner, depth + 1)]})
        case Held(inner, length):
            return Card("held", _length(length), {"rule": [_card(inner, depth + 1)]})
    found = _leaf(rule, depth)
    return found if _whole(found, rule) else _text(rule)


def _whole(card: Card, rule: Any) -> bool:
    """Whether the card, sent by a browser, gives just this rule: a field holds no line break."""
    if any(_CONTROL.search(value) for values in card.fields.values() for value in values):
        return False
    try:
        faults = read.Faults()
        found = read.rule(card, faults)
    except (TypeError, ValueError):
        return False
    return not faults.found and found is not None and write(found) == write(rule)


def _leaf(rule: Any, depth: int) -> Card:
    match rule:
        case Segment(name):
            return Card("segment", {"id": [name]})
        case Consent(channel):
            return Card("consent", {"channel": [channel]})
        case Compare(measure, op, value):
            card = _measure(measure, depth)
            card.fields |= _compared(measure, op, value)
            return card
    return _happening(rule, depth)


def _measure(measure: Any, depth: int) -> Card:
    match measure:
        case Trait(path) | Score(path) | Prop(path):
            return Card(_tag(measure), {"path": [paths.said(path)]})
        case Stage(model):
            return Card("stage", {"model": [model]})
        case Members(inner):
            return Card("count_members", {}, {"rule": [_card(inner, depth + 1)]})
    return _happening(measure, depth)


def _happening(node: Any, depth: int) -> Card:
    """Events with their conditions and, where there are some, property, window and starting point."""
    card = Card(_tag(node), {"events": list(node.events)})
    if getattr(node, "prop", None) is not None:
        card.fields["prop"] = [paths.said(node.prop.path)]
    if getattr(node, "within", None) is not None:
        card.fields |= _length(node.within, "within")
    if node.where is not None:
        card.parts["where"] = [_card(node.where, depth + 1)]
    since = getattr(node, "since", None)
    if isinstance(since, Ever):
        card.parts["since"] = [_happening(since, depth + 1)]
    return card


def _compared(measure: Any, op: str, value: Any) -> dict[str, list[str]]:
    if isinstance(measure, SinceLast | SinceFirst):
        if isinstance(value, Cadence):
            return {"op": [op], "pace": ["cadence"], "factor": [repr(value.factor)], **_length(value.default)}
        return {"op": [op], "pace": ["length"], **_length(value)}
    if value is None and op in SET:
        return {"op": [SET[op]]}
    values = value if isinstance(value, tuple) else (value,)
    if isinstance(measure, Stage):
        return {"op": [op], "value": [str(one) for one in values]}
    return {"op": [op], "value": [_written(one) for one in values], "type": [_type(one) for one in values]}


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else repr(value)


def _type(value: Any) -> str:
    return "bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


def _length(length: int, name: str = "length") -> dict[str, list[str]]:
    unit, size = next(
        (unit, size) for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE)) if not length % size
    )
    return {name: [str(length // size)], f"{name}_unit": [unit]}


def _tag(node: Any) -> str:
    return str(node.__struct_config__.tag)

"""From Python's syntax tree to the rule: an allow-list of shapes, and every problem at once."""

from __future__ import annotations

import ast
from decimal import Decimal
from typing import Any, Final, get_args

from msgspec import Struct

from habitue.kernel.clock import DAY, MINUTE, YEAR, duration
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.rules.nodes import (
    And,
    Compare,
    Ever,
    Measure,
    Never,
    Node,
    Not,
    Or,
    Prop,
    Rule,
    SinceFirst,
    SinceLast,
    Trait,
    webhook,
)
from habitue.rules.problem import Problem, nearest
from habitue.rules.scan import Literals, Scan, scan
from habitue.rules.words import EXAMPLES, FUNCTIONS, RESERVED, ROOTS, TESTS, required, usage

SIGNS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
MIRROR: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
HOLE: Final[Any] = Never(())
"""Stands where something could not be read."""


class Reading(Struct, frozen=True):
    """A text as understood: its rule (a `HOLE` beside each problem) and where each node stands in it."""

    rule: Rule
    problems: list[Problem]
    spans: dict[int, tuple[int, int]]
    literals: Literals

    def place(self, node: Node, literal: str | None = None) -> tuple[int, int]:
        """Column and length of the node, or of the quoted text `literal` inside it."""
        column, length = self.spans.get(id(node), (0, 0))
        for start, (text, end) in self.literals.items():
            if text == literal and column <= start + 1 < column + length:
                return start + 1, end - start
        return column, length


def read(text: str) -> Reading:
    """The rule as far as it can be read, with its problems; raises `RuleError` where nothing can be."""
    found = scan(text)
    reader = _Reader(found)
    rule = reader.rule(found.body)
    return Reading(rule, reader.problems, reader.spans, found.literals)


class _Reader:
    """Reads a tree; what cannot be read becomes a problem and a `HOLE`, and reading goes on."""

    def __init__(self, text: Scan) -> None:
        self.text = text
        self.lead = len(text.line) - len(text.line.lstrip())
        self.bytes = text.line[self.lead :].encode()
        self.problems = text.problems
        self.spans: dict[int, tuple[int, int]] = {}

    def rule(self, node: ast.expr) -> Any:
        match node:
            case ast.BoolOp(op, values):
                items = tuple(self.rule(value) for value in values)
                return self._at(node, And(items) if isinstance(op, ast.And) else Or(items))
            case ast.UnaryOp(ast.Not(), operand):
                return self._at(node, Not(self.rule(operand)))
            case ast.Compare():
                return self._comparison(node)
            case ast.Call(ast.Name(op), [left, right], []) if op in TESTS:
                return self._pair(node, left, op, right)
            case ast.Call() | ast.Attribute() | ast.Subscript() | ast.Name():
                return self._condition(node)
        return self._fail(node, N_("This is no condition. Write for example {example}."), example=usage(Ever))

    def _condition(self, node: ast.expr) -> Any:
        found = self._term(node)
        if found is HOLE or isinstance(found, get_args(Rule)):
            return found
        example = "== True" if isinstance(found, Trait | Prop) else "> 90" if _elapsed(found) else ">= 1"
        text = N_("This is a value, not a condition. Compare it, for example with {example}.")
        return self._fail(node, text, example=example)

    def _comparison(self, node: ast.Compare) -> Any:
        """`measure op value`, `value op measure`, or `low <= measure <= high` as two of them."""
        if any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            return self._fail(node, N_("Write == None for “is not set” and != None for “is set”."))
        operands = [node.left, *node.comparators]
        signs = [SIGNS[type(op)] for op in node.ops]
        if len(signs) == 1:
            return self._pair(node, operands[0], signs[0], operands[1])
        if len(signs) > 2 or any(sign[0] not in "<>" for sign in signs) or not _measurable(operands[1]):
            return self._fail(node, N_("Compare two things at a time and join the comparisons with and."))
        low = self._pair(node, operands[0], signs[0], operands[1])
        high = self._pair(node, operands[1], signs[1], operands[2])
        return self._at(node, And((low, high)))

    def _pair(self, node: ast.expr, left: ast.expr, op: str, right: ast.expr) -> Any:
        if _measurable(right) and not _measurable(left) and op in MIRROR:
            left, op, right = right, MIRROR[op], left
        measure = HOLE if _measurable(right) and not _measurable(left) else self._measure(left)
        value = self._length_or_value(right) if _elapsed(measure) else self._value(right)
        return self._at(node, Compare(measure, op, value))  # type: ignore[arg-type]  # what it is was looked at above

    # --- terms: functions, and paths into traits, scores and properties ---

    def _measure(self, node: ast.expr) -> Any:
        if not _measurable(node):
            text = N_("One side must be something measured, such as {example}.")
            return self._fail(node, text, example="trait.country")
        found = self._term(node)
        if found is HOLE or isinstance(found, get_args(Measure)):
            return found
        return self._fail(node, N_("This is already true or false: leave out the comparison."))

    def _term(self, node: ast.expr) -> Any:
        match node:
            case ast.Call():
                return self._call(node)
            case ast.Name(name):
                return self._unknown(node, name)
        return self._path(node)

    def _path(self, node: ast.expr) -> Any:
        """`trait.address.city`, or `trait["first-name"]` where a part is no plain word."""
        steps: list[str] = []
        here = node
        while not isinstance(here, ast.Name):
            match here:
                case ast.Attribute(inner, name):
                    steps.insert(0, name)
                case ast.Subscript(inner, key):
                    steps.insert(0, self._text(key))
                case _:
                    return self._fail(
                        here, N_("Only {roots} have names after a dot."), roots=", ".join(ROOTS)
                    )
            here = inner
        if here.id == "webhook" and HOLE not in steps and len(steps) > 1:
            return self._at(node, webhook(steps[0], tuple(steps[1:])))
        if here.id not in ROOTS:
            return self._unknown(here, here.id)
        return HOLE if HOLE in steps else self._at(node, ROOTS[here.id](tuple(steps)))

    def _unknown(self, node: ast.expr, name: str) -> Any:
        if name in ROOTS:
            text = N_("“{name}” needs a name after a dot, such as {near}.")
            return self._fail(node, text, name=name, near=f"{name}.country")
        if near := nearest(name, [*ROOTS, "True", "False", "None"]):
            return self._fail(node, N_("“{name}” is not known. Did you mean “{near}”?"), name=name, near=near)
        text = N_("“{name}” is not known. A text goes in quotes; a trait is written {near}.")
        return self._fail(node, text, name=name, near=f"trait.{name}")

    def _call(self, node: ast.Call) -> Any:
        """`function(required…, optional=…)`: the fields of the node of that name say what it takes."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS:
            self._no_function(node.func, name)
            return self._guessed(node, name)
        kind = FUNCTIONS[name]
        before = len(self.problems)
        values = {field: self._field(field, value) for field, value in self._arguments(node, kind).items()}
        if all(field in values for field in required(kind)):
            return self._built(node, kind, values)
        if len(self.problems) == before:
            self._fail(node, N_("Something is missing here. Write {example}."), example=usage(kind))
        return HOLE

    def _guessed(self, node: ast.Call, name: str) -> Any:
        """The function most likely meant, for what else is wrong; how its arguments fit is not judged."""
        kind = FUNCTIONS.get(nearest(name, [*FUNCTIONS, *TESTS]) or "")
        if kind is None:
            return HOLE
        before = len(self.problems)
        given = self._arguments(node, kind)
        del self.problems[before:]
        values = {field: self._field(field, value) for field, value in given.items()}
        return self._built(node, kind, values) if all(one in values for one in required(kind)) else HOLE

    def _built(self, node: ast.Call, kind: Any, values: dict[str, Any]) -> Any:
        """The node without the optional parts that could not be read, so that the others are checked."""
        broken = {field for field, value in values.items() if value is HOLE or value == (HOLE,)}
        if broken.intersection(required(kind)) - {"rule", "length"}:
            return HOLE
        return self._at(
            node,
            kind(
                **{
                    name: value
                    for name, value in values.items()
                    if name == "rule" or name not in broken - {"length"}
                }
            ),
        )

    def _arguments(self, node: ast.Call, kind: Any) -> dict[str, ast.expr]:
        needed = required(kind)
        given = dict(zip(needed, node.args, strict=False))
        for extra in node.args[len(needed) :]:
            self._fail(extra, N_("This is one too many. Write {example}."), example=usage(kind))
        for word in node.keywords:
            if word.arg and word.arg in kind.__struct_fields__ and word.arg not in given:
                given[word.arg] = word.value
            else:
                self._no_keyword(word, kind)
        return given

    def _no_keyword(self, word: ast.keyword, kind: Any) -> None:
        name = word.arg or "**"
        if name in kind.__struct_fields__:
            self._fail(word, N_("“{name}” is given twice."), name=name)
        elif near := nearest(name, kind.__struct_fields__):
            self._fail(word, N_("“{name}” is not known. Did you mean “{near}”?"), name=name, near=near)
        else:
            text = N_("“{name}” is not known here. Write {example}.")
            self._fail(word, text, name=name, example=usage(kind))

    def _no_function(self, node: ast.expr, name: str) -> Any:
        if name in TESTS:
            return self._fail(node, N_("Write {example}."), example=f'{name}(trait.city, "Paris")')
        if name in RESERVED:
            text = N_("“{name}” is reserved for later: calendar windows are not there yet. Write {example}.")
            return self._fail(node, text, name=name, example='count("Order Completed", within="30d")')
        if not name:
            return self._fail(
                node, N_("This is not a function. Write for example {example}."), example=usage(Ever)
            )
        if near := nearest(name, [*FUNCTIONS, *TESTS]):
            text = N_("There is no function “{name}”. Did you mean “{near}”?")
            return self._fail(node, text, name=name, near=near)
        text = N_("There is no function “{name}”. There are: {known}.")
        return self._fail(node, text, name=name, known=", ".join([*FUNCTIONS, *TESTS]))

    def _field(self, field: str, node: ast.expr) -> Any:
        match field:
            case "events":
                names = node.elts if isinstance(node, ast.List | ast.Tuple) and node.elts else [node]
                found = [text for name in names if (text := self._text(name)) is not HOLE]
                return tuple(found) or HOLE
            case "prop":
                return self._prop(node)
            case "where" | "rule":
                return self.rule(node)
            case "within" | "length" | "default":
                return self._length(node)
            case "factor":
                return self._factor(node)
            case "since":
                return self._since(node)
        return self._text(node)

    def _prop(self, node: ast.expr) -> Any:
        found = self._path(node) if isinstance(node, ast.Attribute | ast.Subscript) else None
        if found is HOLE or isinstance(found, Prop):
            return found
        text = N_("Here goes a property of the event, such as {example}.")
        return self._fail(node, text, example="props.revenue")

    def _since(self, node: ast.expr) -> Any:
        """An event's name, or `ever("X", where=…)`."""
        if not isinstance(node, ast.Call):
            name = self._text(node)
            return HOLE if name is HOLE else self._at(node, Ever((name,)))
        found = self._call(node)
        if found is HOLE or isinstance(found, Ever):
            return found
        text = N_("Here goes an event, such as {example}.")
        return self._fail(node, text, example=usage(Ever))

    # --- plain values ---

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name):
            return self._unknown(node, node.id)
        if _measurable(node):
            text = N_("A measure is compared with a plain value. To look into a list, write {example}.")
            return self._fail(node, text, example='contains(trait.tags, "vip")')
        match node:
            case ast.Call():
                return self._call(node)
            case ast.List(values) | ast.Tuple(values):
                found = tuple(self._scalar(value) for value in values)
                return HOLE if any(one is HOLE for one in found) else found
        return self._scalar(node)

    def _scalar(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(str() | bytes()) | ast.JoinedStr():
                return self._text(node)
            case ast.Constant(int() | float() | None as value):
                return value
            case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)) if not isinstance(
                value, bool
            ):
                return -value
        return self._fail(
            node, N_("Here goes a plain value: a text in quotes, a number, True, False or None.")
        )

    def _factor(self, node: ast.expr) -> Any:
        value = self._scalar(node)
        if value is HOLE or isinstance(value, bool) or not isinstance(value, int | float):
            text = N_("Here goes a number, such as {example}.")
            return HOLE if value is HOLE else self._fail(node, text, example="2.0")
        return float(value)

    def _length_or_value(self, node: ast.expr) -> Any:
        """What elapsed time is compared with: a number of days, to the nearest minute, or a duration."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._length(node)
        value = self._value(node)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        length = round(Decimal(str(value)) * DAY / MINUTE) * MINUTE
        if 0 < length <= 1000 * YEAR:
            return length
        text = N_("Elapsed time is compared with days above 0, such as 90, or a duration, such as {example}.")
        return self._fail(node, text, example='"12h"')

    def _length(self, node: ast.expr) -> Any:
        text = self._text(node)
        try:
            return text if text is HOLE else duration(text)
        except UserError as error:
            return self._fail(node, error.text, **error.fields)

    def _text(self, node: ast.expr) -> Any:
        """A text in quotes; two side by side, which Python would join, are a forgotten comma."""
        column, length = self._span(node)
        text, end = self.text.literals.get(column - 1, ("", 0))
        if end == column - 1 + length:
            return HOLE if text is None else text
        if end and isinstance(node, ast.Constant):
            return self._fail(node, N_("A comma is missing between two texts."))
        return self._fail(
            node, N_("Here goes a text in quotes, such as {example}."), example=EXAMPLES["events"]
        )

    # --- where things stand ---

    def _span(self, node: ast.expr | ast.keyword) -> tuple[int, int]:
        start, end = (
            self.text.origin(self.lead + len(self.bytes[:i].decode()))
            for i in (node.col_offset, node.end_col_offset or 0)
        )
        return start + 1, end - start

    def _at(self, node: ast.expr, built: Node) -> Node:
        self.spans[id(built)] = self._span(node)
        return built

    def _fail(self, node: ast.expr | ast.keyword, text: str, /, **fields: Any) -> Any:
        self.problems.append(Problem(*self._span(node), text, fields))
        return HOLE


def _measurable(node: ast.expr) -> bool:
    """Whether this stands for something measured rather than for a plain value."""
    match node:
        case ast.Call(ast.Name("cadence")):
            return False
    return isinstance(node, ast.Call | ast.Attribute | ast.Subscript | ast.Name)


def _elapsed(measure: Any) -> bool:
    return isinstance(measure, SinceLast | SinceFirst)

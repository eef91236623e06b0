"""What SQL finds in JSON and says of it is what `rules.values` finds and says, for any kind of value.

(Lists in lists in lists are not looked into: nobody sends them.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import msgspec
import pyarrow as pa
import pytest

from habitue.engine.compile import rule_program
from habitue.engine.extract import compared
from habitue.engine.gather import between, evaluate
from habitue.rules import judge, nodes, values
from habitue.rules.nodes import Operator
from habitue.store.warehouse import Warehouse
from tests.engine import world

NUMBERS: Final = (
    *(0, 1, 1.0, -1, -0.0, 2.5, 0.1, 0.2, 0.30000000000000004, 0.3, 1e-7, 1e21, 1e300, 999_999.999_999_9),
    *(5e-7, -5e-7, 1.5e-6, 1.000_000_5, 0.123_456_5, 123_456_789.123_456_5, 999_999_999_999.999_99),
    *(2**53 + 1, 2**53, 2**63, -(2**63), 2**64 - 1, 12_345_678_901_234_567_890, 999_999_999_999, 10**12),
)
TEXTS: Final = (
    *("", "x", "X", "xy", "yx", "1", "1.0", "true", "null", "None", "é", "e\u0301", "😀", "a\nb", "a b"),
    *('"', "'", "\\", "%", "_", "[1]", '{"p": 1}', "2026-01-31", "10", "9"),
)
SCALARS: Final = (None, True, False, *NUMBERS, *TEXTS)
LISTS: Final[tuple[Any, ...]] = (
    *([], [None], [[]], [1, "1", True], ["x", None, "y"], [0.1, 5], [[1], [2, "x"]]),
    *([{}], [{"p": 1}], [{"p": "x"}, {"p": None}, {}, 7], [{"p": [1, {"p": "x"}]}], [[{"p": "x"}], {"p": 2}]),
)
OBJECTS: Final[tuple[Any, ...]] = (
    {},
    {"p": 1},
    {"p": "x"},
    {"p": None},
    {"p": ["x", 1]},
    {"p": {"p": 1}},
    {"q": 1},
)
EVERYTHING: Final = (*SCALARS, *LISTS, *OBJECTS)
NAMES: Final = ("p", "0", "-", "", "a/b", "~", "~1", "$", "*", "a.b", '"', "é", "[0]")

OPERATORS: Final[dict[Operator, tuple[Any, ...]]] = {
    **dict.fromkeys(("==", "!="), SCALARS),
    **dict.fromkeys(("<", "<=", ">", ">="), (*NUMBERS, *TEXTS)),
    **dict.fromkeys(("in", "not in"), (("x", 1), (True, "1"), (0.3, 2**53 + 1), ("",))),
    "contains": (*TEXTS, 1, 0.1),
    "startswith": TEXTS,
    "matches": (
        "",
        "x",
        "^x",
        "y$",
        "a.b",
        "(?s)a.b",
        "^a$",
        "(?m)^a$",
        "[0-9]+",
        "é",
        r"\bb",
        "(?i)x",
        r"\\",
    ),
}


def roots(path: tuple[str, ...]) -> list[Any]:
    """Every value at the end of a path, also with lists on the way, and objects where it leads nowhere."""
    found = list(EVERYTHING)
    for name in reversed(path):
        found = [{name: value, "other": "x"} for value in found] + [{}, {"other": 1}, ["x", [1]]]
        found += [[{name: "x"}, {name: [1]}, 7, ["x", 1]], [{"other": 1}], [[{name: "x"}]]]
    return found if path == () else [root for root in found if isinstance(root, dict)]


def asked(warehouse: Warehouse, texts: list[str], sql: str, params: tuple[object, ...]) -> list[Any]:
    rows = pa.table({"n": range(len(texts)), "value": texts})
    found = warehouse.read(f"SELECT {sql} AS found FROM rows ORDER BY n", params, rows=rows)
    answers: list[Any] = found["found"].to_pylist()
    return answers


FEW: Final = (("==", "x"), ("==", 1), ("==", None), ("!=", None), ("!=", "x"), ("contains", "x"), (">", 0))


def agree(warehouse: Warehouse, path: tuple[str, ...], asked_of: Iterable[tuple[Operator, Any]]) -> None:
    texts = [msgspec.json.encode(root).decode() for root in roots(path)]
    found = [values.reach(msgspec.json.decode(text), path) for text in texts]
    for op, literal in asked_of:
        sql = compared("value", path, op, literal)
        for text, value, said in zip(
            texts, found, asked(warehouse, texts, sql.text, sql.params), strict=True
        ):
            assert said is values.compared(value, op, literal), (text, path, op, literal)


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("path", [(), ("p",)])
def test_an_operator_says_the_same_of_every_value(
    warehouse: Warehouse, path: tuple[str, ...], op: Operator
) -> None:
    agree(warehouse, path, ((op, literal) for literal in OPERATORS[op]))


@pytest.mark.parametrize(
    "path", [*((name,) for name in NAMES), ("p", "p"), ("p", "0"), ("p", "-"), ("p", "p", "p")]
)
def test_a_path_leads_to_the_same_whatever_its_names(warehouse: Warehouse, path: tuple[str, ...]) -> None:
    agree(warehouse, path, FEW)


def total(company: world.Company, person: int, path: tuple[str, ...]) -> Decimal:
    return judge.total(list(company.history("person", person).events), nodes.Prop(path), 2)


@pytest.mark.parametrize("path", [("p",), ("p", "p")])
def test_what_differs_and_what_sums_up_is_the_same(warehouse: Warehouse, path: tuple[str, ...]) -> None:
    """Of each value by itself, and of all of them together."""
    company = world.Company(
        tuple(
            world.Act(person, None, person, "A", msgspec.json.decode(msgspec.json.encode(root)), seq=person)
            for person, root in enumerate(roots(path))
        )
    )
    # A rule's number is a float: all together must stay within its digits.
    modest = [act for act in company.acts if abs(total(company, act.person, path)) < 10**8]
    together = world.Company(tuple(replace(act, person=0) for act in modest))
    for each in (company, together):
        world.lay(warehouse, each)
        at = len(company.acts)
        who = between("person", 0, at, warehouse.read)
        for measure in (nodes.Distinct(("A",), nodes.Prop(path)), nodes.Sum(("A",), nodes.Prop(path))):
            for one in each.subjects("person"):
                value: Any = judge.measured(measure, each.history("person", one), at, judge.Book())
                rule = nodes.Compare(measure, "==", float(value))
                found = world.stays(
                    evaluate(rule_program(rule, "person", world.known(each)), who, warehouse.read)
                )
                assert world.value_at(found.get(one, []), at) == 0, (measure, value, each.of("person", one))

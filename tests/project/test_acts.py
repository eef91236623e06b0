"""The record of acts says what was done in words, whatever room notes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from habitue import app
from habitue.app.deeds import ACTS
from habitue.web.pages.acts import THINGS

ROOMS = Path(app.__file__).parents[1]


def noted() -> Iterator[tuple[str, ast.expr, ast.expr]]:
    """Each place that notes an act: which act, and what it is about."""
    for path in sorted(ROOMS.rglob("*.py")):
        text = path.read_text()
        if "acts.note(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "acts.note":
                yield f"{path.name}:{node.lineno}", node.args[3], node.args[4]


def words(one: ast.expr) -> list[str]:
    """The texts it may be, as far as they are written there."""
    if isinstance(one, ast.IfExp):
        return [*words(one.body), *words(one.orelse)]
    return [one.value] if isinstance(one, ast.Constant) and isinstance(one.value, str) else []


def test_every_act_that_is_noted_has_its_words() -> None:
    said = [(place, act) for place, one, _ in noted() for act in words(one)]
    assert len(said) > 30
    assert [one for one in said if one[1] not in ACTS] == []


def test_what_an_act_is_about_has_its_words() -> None:
    """`kind:name`, where the kind is written in the code; notes of one batch are named by nobody."""
    kinds = {
        (place, words(one.values[0])[0].partition(":")[0])
        for place, _, one in noted()
        if isinstance(one, ast.JoinedStr) and words(one.values[0])
    }
    assert len(kinds) > 10
    assert {one for one in kinds if one[1] not in {*THINGS, "notes"}} == set()

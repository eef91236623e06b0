"""The messages that the code says and those that the French files answer."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Formatter
from typing import Final

from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from tests.project.tree import ROOT

LOCALE: Final = ROOT / "src/habitue/locale"
SAYS: Final = {"N_", "_", "t", "say", "n"}  # `n` says a plural: `say.n("{n} order", "{n} orders", count)`


def said() -> dict[str, str]:
    """Every message of code and templates (of a plural, its singular), with one place that says it."""
    source = ROOT / "src/habitue"
    found: dict[str, str] = {}
    for path in (*sorted((source / "api").glob("*.py")), source / "server.py"):
        found |= {told: f"{path.relative_to(ROOT)}:{line}" for line, told in _in_api(path.read_text())}
    for path in sorted(source.rglob("*.py")) + sorted(source.rglob("*.html")):
        read = _in_template if path.suffix == ".html" else _in_code
        found |= {message: f"{path.relative_to(ROOT)}:{line}" for line, message in read(path.read_text())}
    return found


def _in_code(source: str) -> Iterator[tuple[int, str]]:
    for call in ast.walk(ast.parse(source)):
        match call:
            case ast.Call(
                func=ast.Name(id=name) | ast.Attribute(attr=name),
                args=[ast.Constant(value=str(message)), *_],
                lineno=line,
            ) if name in SAYS:
                yield line, message


def _in_api(source: str) -> Iterator[tuple[int, str]]:
    """What the API's page says: of each address its docstring, of each parameter its description."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef(
                decorator_list=[
                    ast.Call(func=ast.Name(id="read" | "get" | "post" | "delete"), keywords=keywords)
                ],
                lineno=line,
            ) if all(one.arg != "include_in_schema" for one in keywords):
                yield line, ast.get_docstring(node) or ""
            case ast.Call(
                func=ast.Name(id="QueryParameter" | "PathParameter"), keywords=keywords, lineno=line
            ):
                for one in keywords:
                    if one.arg == "description" and isinstance(one.value, ast.Constant):
                        yield line, str(one.value.value)


def _in_template(source: str) -> Iterator[tuple[int, str]]:
    for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
        name = getattr(call.node, "name", None) or getattr(call.node, "attr", None)
        match call.args:
            case [nodes.Const(value=str(message)), *_] if name in SAYS:
                yield call.lineno, message


def answered() -> list[tuple[Path, Message]]:
    """Every entry of the French files."""
    entries = []
    for path in sorted(LOCALE.glob("fr/*.po")):
        with path.open("rb") as lines:
            entries += [
                (path, message) for message in read_po(lines, locale="fr", abort_invalid=True) if message.id
            ]
    return entries


def forms(text: str | Sequence[str] | None) -> list[str]:
    """The forms of a message: one, or singular and plural; none where it is not said."""
    return [text] if isinstance(text, str) else list(text or [""])


def fields(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

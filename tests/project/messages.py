"""The messages that the code says and those that the French files answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Formatter
from typing import Final

from babel.messages.catalog import Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from tests.project.tree import ROOT

LOCALE: Final = ROOT / "src/habitue/locale"
# `n` says a plural: `say.n("{n} order", "{n} orders", count)`.
KEYWORDS: Final = {"N_": None, "_": None, "t": None, "say": None, "n": (1, 2)}


def said() -> dict[str, str]:
    """Every message of code and templates (of a plural, its singular), with one place that says it."""
    source = ROOT / "src/habitue"
    found: dict[str, str] = {}
    for path in sorted(source.rglob("*.py")) + sorted(source.rglob("*.html")):
        read = _in_template if path.suffix == ".html" else _in_code
        found |= {message: f"{path.relative_to(ROOT)}:{line}" for line, message in read(path)}
    return found


def _in_code(path: Path) -> Iterator[tuple[int, str]]:
    with path.open("rb") as lines:
        for line, message, _, _ in extract("python", lines, keywords=KEYWORDS):
            first = message[0] if isinstance(message, tuple) else message
            if first:
                yield line, first


def _in_template(path: Path) -> Iterator[tuple[int, str]]:
    for call in Environment(autoescape=True).parse(path.read_text()).find_all(nodes.Call):
        name = getattr(call.node, "name", None) or getattr(call.node, "attr", None)
        if (
            name in KEYWORDS
            and call.args
            and isinstance(call.args[0], nodes.Const)
            and isinstance(call.args[0].value, str)
        ):
            yield call.lineno, call.args[0].value


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

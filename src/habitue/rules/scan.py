"""From a rule's text to Python's syntax tree, within bounds, with errors that say where.

Quoted texts are blanked out before `ast` sees the line and read by our own rules, so there are no
prefixes, no escapes that differ between Python versions, and every text is known by its place.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from typing import Any, Final, NoReturn, TypeAlias

from habitue.kernel.i18n import N_
from habitue.rules.problem import Problem, RuleError
from habitue.rules.words import KEYWORDS

LONGEST: Final = 20_000
DEEPEST: Final = 100
MOST: Final = 2_000
EXACT: Final = 2**53
DEEP: Final = N_("The rule is nested too deep. Split it into segments.")
BROKEN: Final = N_("There is a broken character here. Delete it.")

Literals: TypeAlias = dict[int, tuple[str, int]]
"""The quoted texts by where they start (from 0), with where they end."""


def scan(text: str) -> tuple[str, ast.expr, Literals]:
    """The text on one line with quoted texts blanked out, its tree, and those texts; or `RuleError`."""
    line, literals = _mask(_plain(text))
    _balance(line)
    return line, _expression(line), literals


_TOKEN: Final = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<open>["'])|(?P<comment>\#)"""
    r"""|(?P<number>(?<![\w.])\.?[0-9](?:[eE][+-]|[\w.])*)""",
    re.DOTALL,
)
_NUMBER: Final = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ESCAPE: Final = re.compile(r"""\\(?:u([0-9a-fA-F]{4})|(["'\\nrt]))""")
_SHORT: Final = {"n": "\n", "r": "\r", "t": "\t"}
_SLIPS: Final = (
    ("and", re.compile(r"&&?|\bAND\b|\bet\b")),
    ("or", re.compile(r"\|\|?|\bOR\b|\bou\b")),
    ("not", re.compile(r"!(?!=)|\bNOT\b")),
    ("!=", re.compile(r"<>|≠")),
    (">=", re.compile(r"≥|=>")),
    ("<=", re.compile(r"≤|=<")),
    ('"', re.compile("[“”„«»‘’]")),
)


def _stop(column: int, length: int, text: str, /, **fields: Any) -> NoReturn:
    raise RuleError([Problem(column, length, text, fields)])


def _plain(text: str) -> str:
    """The text in NFC, within bounds, free of what no text file should hold."""
    if len(text) > LONGEST:
        _stop(LONGEST + 1, len(text) - LONGEST, N_("A rule has at most {most} characters."), most=LONGEST)
    for found in re.finditer("[\0\ud800-\udfff]", text):
        _stop(found.start() + 1, 1, BROKEN)
    if not text.strip():
        _stop(
            1,
            max(1, len(text)),
            N_("The rule is empty. Write for example {example}."),
            example='ever("Order Completed")',
        )
    return unicodedata.normalize("NFC", text)


def _mask(text: str) -> tuple[str, Literals]:
    """The text on one line with quoted texts blanked out, and those texts."""
    literals: Literals = {}

    def blank(found: re.Match[str]) -> str:
        start, length = found.start(), len(found[0])
        match found.lastgroup:
            case "text":
                literals[start] = (_unescape(found[0][1:-1], start + 2), found.end())
                return f'"{"_" * (length - 2)}"'
            case "open":
                _stop(start + 1, len(text) - start, N_("This quote is never closed."))
            case "comment":
                _stop(start + 1, len(text) - start, N_("A rule cannot hold comments."))
        if not _NUMBER.fullmatch(found[0]):
            _stop(
                start + 1,
                length,
                N_("“{text}” is not a number. Names and units go in quotes."),
                text=found[0],
            )
        if not float(found[0]) <= EXACT:
            _stop(start + 1, length, N_("This number is too large to be counted exactly."))
        return found[0]

    return re.sub(r"\s", " ", _TOKEN.sub(blank, text)), literals


def _unescape(body: str, column: int) -> str:
    r"""Undoes `\"`, `\\`, `\n`, `\r`, `\t` and `\u00e9`; any other backslash stands for itself."""

    def one(found: re.Match[str]) -> str:
        return chr(int(found[1], 16)) if found[1] else _SHORT.get(found[2], found[2])

    text = unicodedata.normalize("NFC", _ESCAPE.sub(one, body))
    if re.search("[\0\ud800-\udfff]", text):
        _stop(column, len(body), BROKEN)
    return text


def _balance(line: str) -> None:
    """Every parenthesis and bracket has its other half, and they are not nested too deep."""
    opened: list[int] = []
    for i, sign in enumerate(line):
        if sign in "([{":
            opened.append(i)
        elif sign in ")]}" and (not opened or line[opened.pop()] + sign not in ("()", "[]", "{}")):
            _stop(i + 1, 1, N_("“{sign}” closes nothing that was opened."), sign=sign)
        if len(opened) > DEEPEST:
            _stop(i + 1, 1, DEEP)
    if opened:
        _stop(opened[-1] + 1, 1, N_("“{sign}” is never closed."), sign=line[opened[-1]])


def _expression(line: str) -> ast.expr:
    lead = len(line) - len(line.lstrip())
    try:
        body = ast.parse(line[lead:], mode="eval").body
    except SyntaxError as error:
        # Python gives no place where the text ends too early.
        end = len(line.rstrip())
        _misread(line, min(lead + error.offset, end) if error.offset else end)
    except (RecursionError, MemoryError):
        _stop(1, len(line), DEEP)
    _bounded(body, line)
    return body


def _bounded(body: ast.expr, line: str) -> None:
    level: list[ast.AST] = [body]
    nodes = depth = 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if depth > DEEPEST:
            _stop(1, len(line), DEEP)
        if nodes > MOST:
            _stop(1, len(line), N_("The rule is too long. Split it into segments."))
        level = [
            n for one in level for n in ast.iter_child_nodes(one) if isinstance(n, ast.expr | ast.keyword)
        ]


def _misread(line: str, column: int) -> NoReturn:
    """Says what other languages and hurried hands write, else where reading stopped."""
    for better, slip in _SLIPS:
        if found := slip.search(line):
            _instead(found, better)
    for found in re.finditer(r"(?<![=!<>])=(?!=)", line):
        if not line[: found.start()].rstrip().endswith(KEYWORDS):
            _instead(found, "==")
    _stop(column, 1, N_("The rule cannot be read from here on. A sign, a comma or a quote may be missing."))


def _instead(found: re.Match[str], better: str) -> NoReturn:
    message = N_("Write {better} instead of {text}.")
    _stop(found.start() + 1, len(found[0]), message, better=better, text=found[0])

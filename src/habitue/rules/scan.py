"""From a rule's text to Python's syntax tree, within bounds, with errors that say where.

Quoted texts are blanked out before `ast` sees the line and read by our own rules, so there are no
prefixes, no escapes that differ between Python versions, and every text is known by its place.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final, NoReturn, TypeAlias

from msgspec import Struct

from habitue.kernel.i18n import N_
from habitue.rules.problem import Problem, RuleError, nearest
from habitue.rules.words import KEYWORDS

LONGEST: Final = 20_000
DEEPEST: Final = 100
MOST: Final = 2_000
EXACT: Final = 2**53
DEEP: Final = N_("The rule is nested too deep. Split it into segments.")
BROKEN: Final = N_("There is a broken character here. Delete it.")

Literals: TypeAlias = dict[int, tuple[str | None, int]]
"""The quoted texts by where they start (from 0), with where they end; None where none could be read."""


class Scan(Struct, frozen=True):
    """A text on one line with quoted texts blanked out, its tree, those texts, and slips already mended.

    A slip that was mended made the line longer at a place by so much; `literals` are by the places before.
    """

    line: str
    body: ast.expr
    literals: Literals
    problems: list[Problem]
    mended: list[tuple[int, int]]

    def origin(self, place: int) -> int:
        """Where in the text as it was written something stands that is here in the line."""
        shift = 0
        for start, growth in self.mended:
            if place <= start + shift:
                break
            shift += min(growth, place - start - shift)
        return place - shift


def scan(text: str) -> Scan:
    """The text as a tree, with every slip that can be mended; raises `RuleError` where it can't be read."""
    problems: list[Problem] = []
    line, literals = _mask(_plain(text), problems)
    try:
        _balance(line)
        body = _expression(line)
        return Scan(line, body, literals, problems, [])
    except RuleError as error:
        mended, slips, growths = _mend(line, literals)
        if not slips:
            raise RuleError([*problems, *error.problems]) from error
        problems += slips
    try:
        _balance(mended)
        return Scan(mended, _expression(mended), literals, problems, growths)
    except RuleError as error:
        raise RuleError(problems) from error


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
    ("==", re.compile(r"(?<![=!<>])=(?![=<>])")),
    ('"', re.compile("[“„«‘][^“”„«»‘’]*[”»’“]|[“”„«»‘’]")),
)


def _stop(column: int, length: int, text: str, before: Sequence[Problem] = (), /, **fields: Any) -> NoReturn:
    raise RuleError([*before, Problem(column, length, text, fields)])


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


def _mask(text: str, problems: list[Problem]) -> tuple[str, Literals]:
    """The text on one line with quoted texts blanked out, and those texts, as which strange numbers go."""
    literals: Literals = {}

    def blank(found: re.Match[str]) -> str:
        start, length = found.start(), len(found[0])
        match found.lastgroup:
            case "text":
                literals[start] = (_unescape(found[0][1:-1], start + 2), found.end())
                return f'"{"_" * (length - 2)}"'
            case "open":
                _stop(start + 1, len(text) - start, N_("This quote is never closed."), problems)
            case "comment":
                _stop(start + 1, len(text) - start, N_("A rule cannot hold comments."), problems)
        if _NUMBER.fullmatch(found[0]) and float(found[0]) <= EXACT:
            return found[0]
        strange = N_("“{text}” is not a number. Names and units go in quotes.")
        large = N_("This number is too large to be counted exactly.")
        message = large if _NUMBER.fullmatch(found[0]) else strange
        problems.append(Problem(start + 1, length, message, {"text": found[0]}))
        literals[start] = None, found.end()
        return f'"{"_" * (length - 2)}"'

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
        column = min(lead + error.offset, end) if error.offset else end
        _stop(
            column, 1, N_("The rule cannot be read from here on. A sign, a comma or a quote may be missing.")
        )
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


def _mend(line: str, literals: Literals) -> tuple[str, list[Problem], list[tuple[int, int]]]:
    """The line with what other languages and hurried hands write put right; each slip, what it grew by."""
    problems, growths, pieces, done = [], [], [], 0
    text = N_("Write {better} instead of {text}.")
    for start, end, better in _slips(line):
        wrong, word = line[start:end], f" {better} " if better.isalpha() else better
        if better == '"':
            literals[start] = None, end
            word, wrong = f'"{"_" * (end - start - 2)}"' if end - start > 1 else wrong, wrong[0]
        problems.append(Problem(start + 1, len(wrong), text, {"better": better, "text": wrong}))
        growths.append((start, len(word) - (end - start)))
        pieces += [line[done:start], word]
        done = end
    return "".join([*pieces, line[done:]]), problems, growths


def _slips(line: str) -> list[tuple[int, int, str]]:
    """Where each slip stands, and what it should be; the = of an argument is none, even of a misspelt one."""
    found = [(*slip.span(), better) for better, pattern in _SLIPS for slip in pattern.finditer(line)]
    return sorted(one for one in found if one[2] != "==" or not _argument(line[: one[0]]))


def _argument(before: str) -> bool:
    name = re.search(r"[(,]\s*(\w+)\s*\Z", before)
    return bool(name and nearest(name[1], KEYWORDS)) or before.rstrip().endswith(KEYWORDS)

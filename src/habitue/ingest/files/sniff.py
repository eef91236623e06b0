"""How a text file is cut into cells, and what its columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Final

from habitue.ingest.files.report import Note, note
from habitue.ingest.files.source import HEAD, Source
from habitue.ingest.files.text import Dialect, Rows, decoder, head
from habitue.ingest.files.words import WORDS, plain, tidy
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

DELIMITERS: Final = (";", "\t", "|", ",")
WIDEST: Final = 2000
"""More columns than this are no table of customers."""
SAMPLE: Final = 200

_KNOWN: Final = frozenset(phrase for phrases in WORDS.columns.values() for phrase in phrases)
_DATA = re.compile(r"[-+(]?[\d€$£].*|.*@.*\..*")


def sniff(source: Source) -> tuple[Dialect, list[str], list[Note]]:
    """The dialect, the header made unique, and what to say. Raises `UserError` for what is no table."""
    text = decoder(source).decode(source.head).replace("\0", "")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    if source.size > HEAD:
        text = text[: text.rfind("\n") + 1] or text
    skip, told = _told(text)
    body = text.split("\n", skip)[-1]
    delimiter = told or _delimiter(body)
    rows = _rows(body, delimiter)
    first = next(rows, [])
    if not any(cell.strip() for cell in first):
        raise UserError(
            N_("The first line of {path} is empty. Put the column names there."), path=repr(source.path.name)
        )
    has_names = titled(first)
    header, notes = named(first if has_names else [""] * len(first))
    if not has_names:
        notes.append(note(N_("no header line: the columns are called column 1, column 2 …")))
    if has_names and next(rows, None) is None and source.size <= HEAD:
        raise UserError(N_("{path} holds a header but no rows."), path=repr(source.path.name))
    return Dialect(delimiter, has_names, skip), header, notes


def _told(text: str) -> tuple[int, str]:
    """How many lines precede the header: empty ones, and Excel's `sep=;`, which tells the delimiter."""
    found = re.match(r'((?:[ \t]*\r?\n)*)(?:"?sep=(.)"?\r?\n)?', text)
    lead = found[0] if found else ""
    return lead.count("\n"), (found[2] or "") if found else ""


def _rows(body: str, delimiter: str) -> Iterator[list[str]]:
    lines = body.split("\n", SAMPLE)[:SAMPLE]
    if delimiter == " ":
        return iter([line.split() for line in lines if line.strip()])
    text = "\n".join(lines)
    first, at = head(text, delimiter)
    rest = (cells for _, cells, wrong in Rows(text[at:], delimiter, len(first)) if wrong is None)
    return filter(any, chain([first], rest))


def _delimiter(body: str) -> str:
    """The character by which the most rows have as many cells as the header; a space for runs of blanks."""
    scores = {d: _score(body, d) for d in (*DELIMITERS, " ")}
    best = max(scores, key=lambda d: scores[d])
    return best if scores[best] > (0.0, 0) else ","


def _score(body: str, delimiter: str) -> tuple[float, int]:
    widths = [len(row) for row in _rows(body, delimiter)]
    if not widths or widths[0] < 2:
        return 0.0, 0
    share = Counter(widths)[widths[0]] / len(widths)
    # Blanks also part the words of sentences: they count only where nothing else fits and every row agrees.
    if delimiter == " ":
        return (0.1, 0) if share == 1 and len(widths) > 1 else (0.0, 0)
    return round(share, 1), widths[0]


def nameless(source: Source) -> UserError:
    """A table whose first line is data already: nothing tells what its columns are."""
    text = N_(
        "The first line of {path} names no columns, it is data. Put their names there or, in a text, "
        "say which is what by its number, such as: --as orders --map "
        '"customer=column 1,ts=column 2,revenue=column 3".'
    )
    return UserError(text, path=repr(source.path.name))


def titled(cells: list[str]) -> bool:
    """Whether the first row names the columns: it holds a known word, or nothing that looks like data."""
    if any(plain(cell) in _KNOWN for cell in cells):
        return True
    return not any(_DATA.fullmatch(cell.strip()) for cell in cells)


def named(cells: list[str]) -> tuple[list[str], list[Note]]:
    """Column names in NFC, trimmed, at most 200 characters, none empty, none twice; and what was changed."""
    if len(cells) > WIDEST:
        text = N_("The table has more than {most} columns. Check that its delimiter is right.")
        raise UserError(text, most=WIDEST)
    header: list[str] = []
    notes: list[Note] = []
    taken: set[str] = set()
    for number, cell in enumerate(cells, 1):
        name = tidy(cell) or f"column {number}"
        single, copy = name, 2
        while name in taken:
            name, copy = f"{single} ({copy})", copy + 1
        if name != single:
            notes.append(note(N_("a second column “{column}” is called “{name}”"), column=single, name=name))
        taken.add(name)
        header.append(name)
    return header, notes

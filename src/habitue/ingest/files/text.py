"""Delimited text as a stream of tables: fast where the text is clean, careful where it is not.

The file is cut into blocks of some megabytes at line ends outside quotes. A block in which every line
is one row is parsed by Arrow; any other is read line by line, so that one bad row costs only itself.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from io import StringIO
from itertools import accumulate, islice
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from msgspec import Struct
from pyarrow import csv as arrow

from habitue.ingest.files.dates import Ints
from habitue.ingest.files.report import Note, Reject, note
from habitue.ingest.files.source import Source
from habitue.kernel.i18n import N_

BLOCK: Final = 1 << 22
SPAN: Final = 200
"""A quoted cell may run over this many lines; past that its quote was never closed."""

_BLANKS = re.compile(r"[ \t]+")
_MARGIN = re.compile(r"^[ \t]+|[ \t]+$", re.MULTILINE)


class Dialect(Struct, frozen=True):
    """How the text is cut: `delimiter` is one character, a space for runs of blanks; `skip` lines lead."""

    delimiter: str
    header: bool = True
    skip: int = 0


class Batch(NamedTuple):
    """Rows as text columns, their line numbers, the rows that can't be read, and the bytes read so far."""

    table: pa.Table
    lines: Ints
    rejects: list[Reject]
    done: int


def decoder(source: Source) -> codecs.IncrementalDecoder:
    """Text of the file; bytes without a meaning in its encoding become U+FFFD."""
    return codecs.getincrementaldecoder(source.encoding)("replace")


def read(source: Source, dialect: Dialect, header: list[str]) -> Iterator[Batch]:
    """All rows after the header. Never raises for what the rows hold."""
    line, before = 1, True
    for block, done in _blocks(source):
        lead = _lead(block, dialect) if before else 0
        before = False
        first = line + block.count("\n", 0, lead)
        line += block.count("\n")
        if lead < len(block):
            yield _table(block[lead:], first, dialect, header, done)


def _lead(text: str, dialect: Dialect) -> int:
    """Where the first row after the header starts."""
    at = 0
    for _ in range(dialect.skip):
        at = text.find("\n", at) + 1
    return at + head(text[at:], dialect.delimiter)[1] if dialect.header else at


def head(text: str, delimiter: str) -> tuple[list[str], int]:
    """The cells of the first row and its length; a quote that is never closed there is passed over."""
    lines = list(islice(StringIO(text, newline=""), SPAN))
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        cells = next(reader, [])
    except csv.Error:
        return [], len(lines[0])
    spanned = lines[: reader.line_num]
    if len(spanned) > 1 and sum(line.count('"') for line in spanned) % 2:
        return lines[0].rstrip("\r\n").replace('"', "").split(delimiter), len(lines[0])
    return cells, sum(map(len, spanned))


def _blocks(source: Source) -> Iterator[tuple[str, int]]:
    """Whole lines of text, with the number of bytes read so far. Only line feeds end a line."""
    into, rest, done = decoder(source), "", 0
    old = b"\n" not in source.head and b"\r" in source.head  # an old Macintosh ends lines with CR alone
    with source.path.open("rb") as stream:
        while piece := stream.read(BLOCK):
            done += len(piece)
            text = into.decode(piece)
            rest += text.replace("\r", "\n") if old else text
            cut = _cut(rest)
            if cut:
                yield rest[:cut], done
                rest = rest[cut:]
    rest += into.decode(b"", True)
    if rest:
        yield rest, done


def _cut(text: str) -> int:
    """The end of the last line that is outside quotes; of any line when quotes seem never to close."""
    last = text.rfind("\n") + 1
    if '"' not in text:
        return last
    odd, at = text.count('"', 0, last) % 2 == 1, last
    while odd and at:
        before = text.rfind("\n", 0, at - 1) + 1
        odd ^= text.count('"', before, at) % 2 == 1
        at = before
    return at or (last if len(text) > 2 * BLOCK else 0)


def _table(text: str, first: int, dialect: Dialect, header: list[str], done: int) -> Batch:
    if dialect.delimiter == " ":
        text = _BLANKS.sub("\t", _MARGIN.sub("", text))
        dialect = Dialect("\t")
    table = None if "\0" in text else _fast(text, dialect.delimiter, header)
    if table is not None:
        return Batch(table, np.arange(first, first + table.num_rows), [], done)
    return _careful(text, first, dialect.delimiter, header, done)


def _fast(text: str, delimiter: str, header: list[str]) -> pa.Table | None:
    """The block by Arrow, when each of its lines is exactly one row; else None."""
    names = [str(i) for i in range(len(header))]
    try:
        table = arrow.read_csv(
            pa.BufferReader(text.encode("utf-8", "replace")),
            read_options=arrow.ReadOptions(column_names=names, block_size=1 << 24),
            parse_options=arrow.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    rows = text.count("\n") + (not text.endswith("\n"))
    return table.rename_columns(header).combine_chunks() if table.num_rows == rows else None


def _careful(text: str, first: int, delimiter: str, header: list[str], done: int) -> Batch:
    rows: list[list[str]] = []
    lines: list[int] = []
    rejects: list[Reject] = []
    for line, cells, wrong in Rows(text, delimiter, len(header)):
        fault = wrong or _shape(cells, len(header))
        if fault:
            rejects.append(Reject(first + line, fault, cells))
        elif any(cells):
            rows.append(cells[: len(header)])
            lines.append(first + line)
    columns = zip(*rows, strict=True) if rows else ([] for _ in header)
    table = pa.table([pa.array(c, pa.string()) for c in columns], names=header)
    return Batch(table, np.array(lines, np.int64), rejects, done)


def _shape(cells: list[str], width: int) -> Note | None:
    if not any(cells):
        return None
    if len(cells) < width or any(cells[width:]):
        return note(N_("has {n} cells instead of {width}"), n=len(cells), width=width)
    if any("\0" in cell for cell in cells):
        return note(N_("holds a NUL character"))
    return None


class Rows:
    """Rows of a text with the offset of their first line; a quote that never closes costs one line only."""

    def __init__(self, text: str, delimiter: str, width: int) -> None:
        self.lines = list(StringIO(text, newline=""))
        # A lone carriage return parts rows here, but editors and the blocks' numbering count line feeds.
        self.number = [0, *accumulate(line.endswith("\n") for line in self.lines)]
        self.delimiter, self.width = delimiter, width
        self.at = 0

    def _feed(self, until: int) -> Iterator[str]:
        while self.at < min(until, len(self.lines)):
            self.at += 1
            yield self.lines[self.at - 1]

    def __iter__(self) -> Iterator[tuple[int, list[str], Note | None]]:
        while self.at < len(self.lines):
            start = self.at
            try:
                reader = csv.reader(self._feed(start + SPAN), delimiter=self.delimiter, strict=False)
                cells = next(reader, [])
                if self.at - start > 1 and (self._open(start) or len(cells) != self.width):
                    raise csv.Error
                yield self.number[start], cells, None
            except csv.Error:
                self.at = start + 1
                yield (
                    self.number[start],
                    [self.lines[start].rstrip("\r\n")],
                    note(N_("has a quote that is never closed")),
                )

    def _open(self, start: int) -> bool:
        """Whether the row ran into the end of what it was given with a quote still open."""
        return sum(line.count('"') for line in self.lines[start : self.at]) % 2 == 1

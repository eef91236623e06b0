"""XLSX, Parquet and JSONL as the same stream of text columns that delimited text gives."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from math import isfinite
from typing import Any, Final, NamedTuple, NoReturn

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import structs
from pyarrow import parquet
from python_calamine import CalamineError, CalamineSheet, load_workbook

from habitue.ingest.files.props import Type
from habitue.ingest.files.report import Note, Reject, note
from habitue.ingest.files.source import Source
from habitue.ingest.files.text import Batch
from habitue.ingest.files.words import WORDS, plain, tidy
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

ROWS: Final = 50_000
TOP: Final = 30
"""So many rows show where a sheet's table begins."""

LONGEST: Final = 1 << 24
"""Bytes of one line of JSON."""


def header(source: Source) -> tuple[list[str], Sequence[Type | None]]:
    """The columns' names as they are in the file, and their types where the format says them."""
    with _mended(source):
        if source.format == "parquet":
            schema = parquet.read_schema(source.path)
            return schema.names, [_type(field.type) for field in schema]
        if source.format == "jsonl":
            return _keys(source)
        first = next(cells for _, cells in _sheet(source))
    return first, [None] * len(first)


def read(source: Source, header: list[str]) -> Iterator[Batch]:
    """All rows after the header. Raises `UserError` where the file turns out to be damaged."""
    readers = {"parquet": _parquet, "jsonl": _jsonl, "xlsx": _xlsx}
    with _mended(source):
        yield from readers[source.format](source, header)


@contextmanager
def _mended(source: Source) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, CalamineError, OSError, EOFError, UnicodeError) as error:
        _damaged(source, error)
    except BaseException as error:  # a panic inside the XLSX reader is no Exception
        if type(error).__name__ != "PanicException":
            raise
        _damaged(source, error)


def _damaged(source: Source, error: BaseException) -> NoReturn:
    text = N_("{path} is damaged or cut short. Save it again.")
    raise UserError(text, path=repr(source.path.name)) from error


# --- Parquet --------------------------------------------------------------------------------------


def _type(kind: pa.DataType) -> Type | None:
    if pa.types.is_boolean(kind):
        return "flag"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    return "json" if pa.types.is_nested(kind) else "text"


def _parquet(source: Source, header: list[str]) -> Iterator[Batch]:
    file = parquet.ParquetFile(source.path)
    total = max(1, file.metadata.num_rows)
    line = 1
    for batch in file.iter_batches(ROWS):
        table = pa.table([_texts(column) for column in batch.columns], names=header)
        table.validate(full=True)  # a damaged file may hold text that is none
        lines = np.arange(line, line + len(batch))
        line += len(batch)
        yield Batch(table, lines, [], source.size * (line - 1) // total)


def _texts(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return pa.array([_text(value) for value in column.to_pylist()], pa.string())
    texts = pc.fill_null(column.cast(pa.string()), "")
    return (
        _unmistakable(texts)
        if pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
        else texts
    )


def _unmistakable(numbers: pa.Array) -> pa.Array:
    """`1.234` as `1.2340`: with exactly three decimals a person could mean thousands, a number can't."""
    return pc.replace_substring_regex(numbers, r"^(-?\d+\.\d{3})$", r"\10")


# --- JSON, one object a line ----------------------------------------------------------------------


def _objects(source: Source) -> Iterator[tuple[int, int, dict[str, Any] | None, bytes]]:
    """Line number, its length, its object or None where it is none, and the line."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with source.path.open("rb") as stream:
        number = 0
        while line := stream.readline(LONGEST):
            number += 1
            try:
                entry = decode(line.removeprefix(b"\xef\xbb\xbf"))
                yield number, len(line), _opened(entry), line
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                if line.strip():
                    yield number, len(line), None, line


def _opened(entry: dict[str, Any]) -> dict[str, Any]:
    """With tidy keys; the members of Segment's `properties` and `traits` stand beside the others."""
    tidied = {tidy(key): value for key, value in entry.items()}
    for name in ("properties", "traits"):
        if isinstance(tidied.get(name), dict):
            nested = tidied.pop(name)
            tidied = {**{tidy(key): value for key, value in nested.items()}, **tidied}
    return tidied


def _keys(source: Source) -> tuple[list[str], Sequence[Type | None]]:
    """All keys of all lines in order of appearance, and the one type that their values have."""
    types: dict[str, set[Type]] = {}
    for _, _, entry, _ in _objects(source):
        for key, value in (entry or {}).items():
            kinds = types.setdefault(key, set())
            if value is not None:
                kinds.add(_kind(value))
    if not types:
        raise UserError(N_("{path} holds no JSON objects, one on each line."), path=repr(source.path.name))
    return list(types), [next(iter(kinds)) if len(kinds) == 1 else None for kinds in types.values()]


def _kind(value: object) -> Type:
    if isinstance(value, bool):
        return "flag"
    return "number" if isinstance(value, int | float) else "text" if isinstance(value, str) else "json"


def _jsonl(source: Source, header: list[str]) -> Iterator[Batch]:
    entries, done = _objects(source), 0
    while piece := list(islice(entries, ROWS)):
        done += sum(size for _, size, _, _ in piece)
        good = [(number, entry) for number, _, entry, _ in piece if entry is not None]
        bad = [
            Reject(n, _unread(), [line[:1000].decode("utf-8", "replace").rstrip()])
            for n, _, entry, line in piece
            if entry is None
        ]
        columns = [pa.array([_text(entry.get(name)) for _, entry in good], pa.string()) for name in header]
        yield Batch(pa.table(columns, names=header), np.array([n for n, _ in good], np.int64), bad, done)


def _unread() -> Note:
    return note(N_("is no JSON object"))


# --- XLSX -----------------------------------------------------------------------------------------


class Place(NamedTuple):
    """A sheet that holds something: the row of its column names, how many of them are known, and its rows."""

    sheet: str
    row: int
    known: int
    rows: int


def located(source: Source, wanted: str | None) -> tuple[Source, list[Note]]:
    """The workbook with the sheet that is asked for, or else looks like a table; and what is left out."""
    with _mended(source):
        book = load_workbook(str(source.path))
        found = [place for name in book.sheet_names if (place := _place(name, book.get_sheet_by_name(name)))]
    if not found:
        raise UserError(N_("{path} is empty. Export it again."), path=repr(source.path.name))
    names = ", ".join(place.sheet for place in found)
    asked = [p for p in found if wanted and p.sheet.casefold() == wanted.strip().casefold()]
    if wanted and not asked:
        text = N_("There is no sheet “{sheet}” that holds anything. Those that do are: {sheets}.")
        raise UserError(text, sheet=wanted, sheets=names)
    taken = max(asked or found, key=lambda place: (place.rows > 1, min(place.known, 2)))
    notes = []
    if len(found) > 1:
        text = N_("of the sheets {sheets} only “{sheet}” is read; take another with --map sheet=NAME")
        notes.append(note(text, sheets=names, sheet=taken.sheet))
    if taken.row > 1:
        text = N_("the names of the columns are in row {row}; what stands above is left out")
        notes.append(note(text, row=taken.row))
    return structs.replace(source, sheet=taken.sheet, row=taken.row), notes


def _place(name: str, sheet: CalamineSheet) -> Place | None:
    """The row of the column names is the first with known names, or that fills most of the table's width."""
    top = list(islice(((n, cells) for n, cells in _numbered(sheet) if any(cells)), TOP))
    if not top:
        return None
    phrases = WORDS.phrases
    known = np.array([sum(plain(cell) in phrases for cell in cells) for _, cells in top])
    filled = np.array([len(list(filter(None, cells))) for _, cells in top])
    at = int(np.argmax(known > 1 if known.max() > 1 else filled > 0.6 * filled.max()))
    return Place(name, top[at][0], int(known[at]), len(top) - at)


def _numbered(sheet: CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    first = (sheet.start or (0, 0))[0] + 1
    for number, cells in enumerate(sheet.iter_rows(), first):
        yield number, [_text(cell) for cell in cells]


def _sheet(source: Source) -> Iterator[tuple[int, list[str]]]:
    """Row numbers and cells of the located sheet from its column names on."""
    sheet = load_workbook(str(source.path)).get_sheet_by_name(source.sheet)
    yield from (row for row in _numbered(sheet) if row[0] >= source.row)


def _xlsx(source: Source, header: list[str]) -> Iterator[Batch]:
    rows = ((number, cells) for number, cells in _sheet(source) if any(cells))
    next(rows, None)
    while piece := list(islice(rows, ROWS)):
        columns: Iterable[Sequence[str]] = zip(*(cells for _, cells in piece), strict=True)
        table = pa.table([pa.array(column, pa.string()) for column in columns], names=header)
        yield Batch(table, np.array([number for number, _ in piece], np.int64), [], source.size)


def _text(value: Any) -> str:
    """A cell as text: dates as ISO, numbers plain, `1.234` as `1.2340` (see `_unmistakable`)."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, int | datetime.date | datetime.time | datetime.timedelta):
        return str(value)
    return msgspec.json.encode(value).decode()


def _float(value: float) -> str:
    if not isfinite(value):
        return str(value)
    text = format(Decimal(repr(value)), "f").removesuffix(".0")
    return text + "0" if text[-4:-3] == "." else text

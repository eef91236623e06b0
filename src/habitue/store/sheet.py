"""Writes rows into a file for spreadsheets, in a process of its own: pages are answered meanwhile.

`python -m habitue.store.sheet FORM FILE` reads an Arrow stream. What a column holds stands in its field's
metadata: text, number, money (major units) or date (UTC, to be shown in the `zone` of the schema's metadata).
No cell is a formula, whatever somebody called themselves.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import xlsxwriter

from habitue.kernel.cell import safe

FORMS: Final = ("csv", "excel", "xlsx")
"""For programs (UTF-8, commas), for Excel (marked so, semicolons where the reader has them), a workbook."""

MOST: Final = 1_048_575
"""Rows on one sheet, below its heads."""

_LONGEST: Final = 32_767
"""Characters in one cell."""


def main(form: str, path: Path) -> None:
    """Write what comes in on standard input."""
    os.nice(10)
    with pa.ipc.open_stream(sys.stdin.buffer) as stream:
        write = _workbook if form == "xlsx" else _text
        write(stream, form, path)


def _kinds(schema: pa.Schema) -> list[str]:
    return [field.metadata[b"kind"].decode() for field in schema]


def _told(schema: pa.Schema, name: bytes) -> str:
    return str(schema.metadata[name].decode())


def _rows(stream: Any) -> Iterator[Sequence[Any]]:
    for batch in stream:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _text(stream: Any, form: str, path: Path) -> None:
    kinds, excel = _kinds(stream.schema), form == "excel"
    zone = ZoneInfo(_told(stream.schema, b"zone"))
    comma = _told(stream.schema, b"comma") if excel else ","
    point = "," if comma == ";" else "."
    with path.open("w", encoding="utf-8-sig" if excel else "utf-8", newline="") as file:
        out = csv.writer(file, delimiter=comma)
        out.writerow(safe(name) for name in stream.schema.names)
        for row in _rows(stream):
            pairs = zip(row, kinds, strict=True)
            out.writerow([_plain(value, kind, zone, excel, point) for value, kind in pairs])


def _plain(value: Any, kind: str, zone: ZoneInfo, excel: bool, point: str) -> str:
    if value is None:
        return ""
    if kind == "text":
        return safe(str(value))
    if kind == "date":
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}" if excel else f"{value.astimezone(UTC).isoformat()}"
    return str(value).replace(".", point)


def _workbook(stream: Any, _: str, path: Path) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    kinds, zone = _kinds(stream.schema), ZoneInfo(_told(stream.schema, b"zone"))
    with xlsxwriter.Workbook(path, options) as book:
        forms = {
            "date": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "money": book.add_format({"num_format": "#,##0.00"}),
        }
        sheet, line = _sheet(book, stream.schema.names), 0
        for row in _rows(stream):
            if line == MOST:
                sheet, line = _sheet(book, stream.schema.names), 0
            line += 1
            for n, (value, kind) in enumerate(zip(row, kinds, strict=True)):
                if value is not None:
                    _put(sheet, line, n, value, kind, forms.get(kind), zone)


def _sheet(book: Any, names: Sequence[str]) -> Any:
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    for n, name in enumerate(names):
        sheet.write_string(0, n, name, bold)
    sheet.set_column(0, len(names) - 1, 18)
    sheet.freeze_panes(1, 0)
    return sheet


def _put(sheet: Any, line: int, n: int, value: Any, kind: str, form: Any, zone: ZoneInfo) -> None:
    if kind == "text":
        sheet.write_string(line, n, value[:_LONGEST])
    elif isinstance(value, datetime):
        sheet.write_datetime(line, n, value.astimezone(zone).replace(tzinfo=None), form)
    else:
        sheet.write_number(line, n, float(value) if isinstance(value, Decimal) else value, form)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

"""Answers on paper: a table for people, CSV or JSON for programs, always on standard output."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Final, Literal, NoReturn
from unicodedata import category

import msgspec
from babel.numbers import format_decimal, format_percent
from rich.console import Console
from rich.table import Table
from rich.text import Text

from habitue.api.answer import Cell, Column, Facts, Sheet
from habitue.kernel import money
from habitue.kernel.cell import safe
from habitue.kernel.clock import iso, shown
from habitue.kernel.i18n import N_, Translator
from habitue.people.keys import bare

Form = Literal["table", "json", "csv"]
AT_ONCE: Final = 2000
"""Rows of a table that are laid out together; the next ones may be wider."""

_STEERING: Final = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
WIDE: Final = 10_000
"""A file has no edge to wrap at."""

LONG: Final = 400
"""Of a longer cell the beginning is shown; JSON and CSV have all of it."""


class Paper:
    """Writes answers: for programs in UTF-8 and UTC, for people in their language, zone and currency."""

    def __init__(self, form: Form, say: Translator, zone: str = "UTC", currency: str = "EUR") -> None:
        self.form, self.say, self.zone, self.currency = form, say, zone, currency
        self.console = _Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
        if form != "table":
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")  # type: ignore[union-attr]  # a real one can

    def sheet(self, sheet: Sheet) -> None:
        """The rows as they come: however many there are, few are in memory."""
        {"table": self._table, "json": self._json, "csv": self._csv}[self.form](sheet)

    def facts(self, facts: Facts) -> None:
        """A report: for people its lines, for programs a JSON object, or CSV: its table, else one row."""
        if self.form == "table":
            for line in facts.lines:
                self.console.print(Text(_printable(line)))
        elif self.form == "json":
            print(msgspec.json.encode(facts.fields).decode())
        else:
            flat = msgspec.to_builtins(facts.fields)
            rows = flat[facts.table] if facts.table else [dict(_flat(flat))]
            columns = facts.columns or tuple(rows[0])
            paper = csv.writer(sys.stdout, lineterminator="\n")
            paper.writerow([safe(column) for column in columns])
            paper.writerows([_plain(row[column]) for column in columns] for row in rows)

    def _json(self, sheet: Sheet) -> None:
        between = "[\n"
        for row in sheet.rows:
            record = {
                column.id: self._value(column, cell) for column, cell in zip(sheet.columns, row, strict=True)
            }
            sys.stdout.write(between + msgspec.json.encode(record).decode())
            between = ",\n"
        print("[]" if between == "[\n" else "\n]")

    def _csv(self, sheet: Sheet) -> None:
        paper = csv.writer(sys.stdout, lineterminator="\n")
        paper.writerow([safe(column.id) for column in sheet.columns])
        for row in sheet.rows:
            paper.writerow([_plain(self._value(c, cell)) for c, cell in zip(sheet.columns, row, strict=True)])

    def _table(self, sheet: Sheet) -> None:
        rows, printed = iter(sheet.rows), False
        while batch := list(islice(rows, AT_ONCE)):
            self.console.print(self._laid(sheet.columns, batch))
            printed = True
        if not printed:
            self.console.print(Text(self.say(N_("Nothing to show.")), style="dim"))

    def _laid(self, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            side: Literal["left", "right"] = "left" if column.kind in ("text", "time") else "right"
            table.add_column(Text(_printable(self.say(column.title))), justify=side)
        for row in rows:
            shown = (self._shown(column, cell) for column, cell in zip(columns, row, strict=True))
            table.add_row(*(Text(one if len(one) <= LONG else f"{one[:LONG]}…") for one in shown))
        return table

    def _value(self, column: Column, cell: Cell) -> Cell | Decimal:
        """For programs: ISO times in UTC, amounts in major units, never rounded (in JSON as a text)."""
        if cell is None or isinstance(cell, str):
            return cell
        if column.kind == "time":
            return iso(int(cell))
        if column.kind == "money":
            return money.major(int(cell), self.currency)
        return cell

    def _shown(self, column: Column, cell: Cell) -> str:
        """For people: as they write it, on the shop's clock."""
        if cell is None or isinstance(cell, str):
            return "-" if cell is None else self._text(column, cell)
        language = self.say.language
        match column.kind:
            case "time":
                return shown(int(cell), self.zone, language)
            case "money":
                return money.shown(int(cell), self.currency, language)
            case "share":
                pattern = "#,##0.0\N{NARROW NO-BREAK SPACE}%" if language == "fr" else "#,##0.0%"
                return str(format_percent(cell, format=pattern, locale=language))
            case _:
                return str(format_decimal(cell, format="#,##0.#", locale=language))

    def _text(self, column: Column, cell: str) -> str:
        """An id by its name, a key without its kind; a month day-first, as it were, for who reads French."""
        if column.kind == "key":
            return _printable(bare(cell))
        if column.kind == "month" and self.say.language == "fr":
            year, _, month = cell.partition("-")
            return f"{month}/{year}"
        return _printable(column.names.get(cell, cell))


class _Console(Console):
    """Leaves a reader who has had enough to the program."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def _flat(fields: Mapping[str, object], lead: str = "") -> Iterator[tuple[str, object]]:
    """Fields inside fields by both names (`events.Order Completed`); a list's texts on lines of one cell."""
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{lead}{name}.")
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            yield lead + name, "\n".join(value)
        else:
            yield lead + name, value


def _plain(value: object) -> object:
    """A value as a CSV cell: no text in it runs as a formula; what is a list of objects stays JSON."""
    if isinstance(value, str):
        return safe(value)
    return (
        value
        if value is None or isinstance(value, int | float | Decimal)
        else msgspec.json.encode(value).decode()
    )


def _printable(text: str) -> str:
    """Without the control characters that could steer a terminal."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if category(letter) in _STEERING else letter for letter in text
    )

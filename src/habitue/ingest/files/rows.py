"""What all kinds of files share: whose row it is, when it was, and the columns that stay properties."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from habitue.ingest.files import dates, keys, props, reading
from habitue.ingest.files.dates import Bools, Ints
from habitue.ingest.files.detect import Detected, Settings
from habitue.ingest.files.faults import Faults
from habitue.ingest.files.report import note
from habitue.ingest.files.words import titled
from habitue.kernel.cell import DANGEROUS
from habitue.kernel.clock import DAY
from habitue.kernel.i18n import N_

EARLIEST: Final = -2_208_988_800_000_000
"""1900-01-01."""

_YEARLESS: Final = r"^\s*\d{1,2}[-/.]\d{1,2}\.?\s*$"
"""A birthday without its year, as Mailchimp has it."""

_GUARDED: Final = "^'([" + re.escape("".join(DANGEROUS).replace("\0", "")) + "])"


class Rows(Struct):
    """One table of text on its way to events, with the faults found in it so far."""

    table: pa.Table
    lines: Ints
    detected: Detected
    settings: Settings
    now: int
    faults: Faults

    def cells(self, field: str) -> pa.Array | None:
        """The field's cells; the fixed value repeated; None where the field is not mapped."""
        choice = self.detected.choices.get(field)
        if choice is None:
            return None
        if choice.fixed:
            return pa.array([choice.column] * len(self.lines), pa.string())
        return flat(self.table[choice.column])

    def form(self, field: str) -> str:
        choice = self.detected.choices[field]
        return "year-first" if choice.fixed else self.detected.columns[choice.column].form or "year-first"

    def people(self, blank: bool = False) -> pa.Array:
        """Keys by id, by e-mail address where there is no id. `blank`: a row may leave both out."""
        ids, emails = self.cells("customer"), self.cells("email")
        found = [keys.keys(c, kind) for c, kind in ((ids, "person"), (emails, "email")) if c is not None]
        made, why = keys.either(*found) if len(found) > 1 else found[0]
        empty = self._empty(ids, emails)
        shown = emails if ids is None else ids
        if not blank:
            self.faults.mark(empty, N_("the customer is missing"))
        if self.detected.source.format in ("jsonl", "parquet"):
            nested = np.asarray(pc.match_substring_regex(shown, r"^[{\[]"))
            self.faults.mark(nested, N_("“{value}” is an object or a list, not an id"), shown)
        self.faults.mark((why == keys.NOBODY) & ~empty, N_("“{value}” stands for nobody: no customer"), shown)
        self.faults.mark(why == keys.NOT_EMAIL, N_("“{value}” is not an e-mail address"), shown)
        self.faults.mark(
            why == keys.SHORTENED, N_("“{value}” was cut short by a spreadsheet: format it as text"), shown
        )
        self.faults.mark(why == keys.LONG, N_("“{value}”… is too long for an id"), shown)
        return made

    def _empty(self, *columns: pa.Array | None) -> Bools:
        empty = np.ones(len(self.lines), np.bool_)
        for column in columns:
            if column is not None:
                empty &= np.asarray(pc.equal(pc.utf8_trim_whitespace(column), ""))
        return empty

    def instants(self, field: str, blank: bool = False) -> tuple[Ints, Bools]:
        """Instants, and which cells have one. `blank`: a row may leave it out; else that is a fault."""
        cells = self.cells(field)
        at, why = self._dated(cells, self.form(field))
        if not blank:
            self.faults.mark(why == dates.MISSING, N_("the date is missing"))
        form = self.form(field)
        unread, unreal = N_("“{value}” is not a date written {form}"), N_("“{value}” is not in the calendar")
        if form in reading.WAYS:
            unreal = N_("“{value}”, read {form}, is not in the calendar")
        written = note(dates.WRITTEN[form])
        self.faults.mark(why == dates.UNREAD, unread, cells, form=written)
        self.faults.mark(why == dates.UNREAL, unreal, cells, form=written)
        self.faults.mark((why == 0) & (at > self.now + DAY), N_("“{value}” is in the future"), cells)
        self.faults.mark((why == 0) & (at < EARLIEST), N_("“{value}” is before 1900"), cells)
        return at, why == 0

    def _dated(self, cells: pa.Array, form: str) -> tuple[Ints, Ints]:
        """As `dates.instants`; in a sheet a number among dates is a day that lost its format."""
        at, why = dates.instants(cells, form, self.settings.zone)
        odd = why == dates.UNREAD
        if self.detected.source.format == "xlsx" and odd.any():
            days, wrong = dates.instants(cells.filter(pa.array(odd)), "excel", self.settings.zone)
            at[odd], why[odd] = days, np.where((wrong == 0) & (days < dates.MODERN), dates.UNREAD, wrong)
        return at, why

    def trait(self, field: str) -> pa.Array | None:
        """The field's cells; e-mail addresses and birthdays that are none are left out, and counted."""
        cells = self.cells(field)
        if cells is None and field == "email":
            return self._named()
        if cells is None or field not in ("email", "birthday"):
            return cells
        filled = np.asarray(pc.not_equal(pc.utf8_trim_whitespace(cells), ""))
        if field == "email":
            wrong = filled & ~keys.addresses(cells)
            self.faults.omit(wrong, N_("“{value}” is not an e-mail address: left out"), cells)
        else:
            at, why = self._dated(cells, self.form(field))
            bare = np.asarray(pc.match_substring_regex(cells, _YEARLESS))
            wrong = filled & ~bare & ((why > 0) | (at > self.now) | (at < EARLIEST))
            self.faults.omit(wrong, N_("“{value}” is not a birthday: left out"), cells)
        return pc.if_else(pa.array(wrong), "", cells)

    def _named(self) -> pa.Array | None:
        """The e-mail addresses that customers are called by, where no column gives them."""
        ids = self.cells("customer")
        if ids is None or not pc.any(pc.match_substring(ids, "@")).as_py():
            return None
        return pc.if_else(pa.array(keys.addresses(ids)), ids, "")

    def written(self, rows: Ints) -> pa.Array | None:
        """The customer ids of these rows as they are written; None in a file without."""
        cells = self.cells("customer")
        return None if cells is None else cells.take(pa.array(rows))

    def accounts(self) -> pa.Array:
        cells = self.cells("account_id")
        if cells is None:
            return pa.nulls(len(self.lines), pa.string())
        made, why = keys.keys(cells, "account")
        return pc.if_else(pa.array(why == 0), made, None)

    def members(self, names: list[str], ours: Collection[str] = ()) -> list[pa.Array]:
        """`"column":value` of these columns; one called as a property of `ours` gets a number."""
        looks = [self.detected.columns[name] for name in names]
        made = [props.values(flat(self.table[look.name]), look.type, look.sign) for look in looks]
        return [props.member(titled(name, ours), values) for name, values in zip(names, made, strict=True)]


def unguarded(table: pa.Table) -> pa.Table:
    """Without the apostrophe that our own exports put before what a spreadsheet would run."""
    for i, column in enumerate(table.columns):
        if pc.any(pc.starts_with(column, "'")).as_py():
            bare = pc.replace_substring_regex(column, _GUARDED, r"\1")
            table = table.set_column(i, table.column_names[i], bare)
    return table


def flat(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column

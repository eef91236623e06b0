"""How a file will be read: found before it is, shown to people, overridden by `--map`, remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct, structs

from habitue.ingest.files import bounds, columns, lacking, reading, sales, sheets, sniff, text
from habitue.ingest.files.columns import Choice, Column
from habitue.ingest.files.dates import WRITTEN, Ints
from habitue.ingest.files.props import Type
from habitue.ingest.files.reading import EUROPE, Place
from habitue.ingest.files.report import Note, note
from habitue.ingest.files.source import Source, look
from habitue.ingest.files.text import Batch, Dialect
from habitue.ingest.files.words import FIELDS, PRODUCT, WORDS, path, plain, slug, titled
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Language, Translator, translator

Kind = Literal["orders", "order-lines", "customers", "events"]
KINDS: Final[tuple[Kind, ...]] = ("orders", "order-lines", "customers", "events")
CALLED: Final[dict[Kind, str]] = {
    "orders": N_("orders"),
    "order-lines": N_("order-lines"),
    "customers": N_("customers"),
    "events": N_("events"),
}
SAMPLE: Final = 5000
SHARED: Final = 5
"""Fewer order ids that have several customers are a mistake."""


@dataclass(frozen=True)
class Settings:
    """The workspace's currency, time zone, language; `rates`: what one unit of other currencies is worth."""

    currency: str
    zone: str
    language: Language = "en"
    rates: Mapping[str, Decimal] = field(default_factory=dict)


class Detected(Struct, frozen=True):
    """A file and how it will be read.

    `grouped`: several rows make one order; `whole`: an amount is the order's, not the line's. `options`: how
    dates and amounts are written, where it was said. `own`: every customer has orders numbered 1, 2, 3.
    `without`: the fields that were said to be in no column.
    """

    source: Source
    dialect: Dialect | None
    kind: Kind
    header: list[str]
    columns: dict[str, Column]
    choices: dict[str, Choice]
    notes: list[Note]
    grouped: bool = False
    whole: bool = False
    options: dict[str, str] = {}
    own: bool = False
    only: sales.Only | None = None
    without: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Of the file's bytes and of how they are read: the same import, the same parcels."""
        how = {
            "sheet": self.source.sheet, "kind": self.kind, "grouped": self.grouped, "whole": self.whole,
            "own": self.own, "only": str(self.only),
            "choices": sorted((f, c.column, c.fixed) for f, c in self.choices.items()),
            "columns": [(c.name, c.type, c.sign, c.form) for c in self.columns.values()],
        }  # fmt: skip
        return sha256(self.source.digest.encode() + msgspec.json.encode(how)).hexdigest()

    def rows(self) -> Iterable[Batch]:
        return _read(self.source, self.dialect, self.header)

    def unmapped(self, lined: bool | None = None) -> list[str]:
        """The columns that are no field; those of an order's lines, or the others, where `lined` says so."""
        used = {c.column for c in self.choices.values() if not c.fixed}
        rest = [name for name in self.header if name not in used]
        if lined is None:
            return rest
        return [n for n in rest if (self.grouped and plain(n).split(" ")[0] in WORDS.lined) == lined]

    def lined(self) -> list[str]:
        """The fields that stand in an order's `products`."""
        fields = [f for f in PRODUCT if f in self.choices and not self.choices[f].fixed]
        return fields if {"product", "sku", "category"} & set(fields) else []

    def named(self) -> list[str]:
        """The fields that are properties of an order under their own names."""
        lone = [] if {"product", "sku", "category"} & self.choices.keys() else ["quantity", "price"]
        return [f for f in (*lone, "status", "type") if f in self.choices and not self.choices[f].fixed]

    def ours(self) -> set[str]:
        """The properties that we write ourselves, under names of ours."""
        found = self.choices.keys()
        sums = {"revenue"} if self.kind == "events" else {"revenue", "line", "price"}
        written = {"revenue", "currency"} if found & sums else set()
        written |= found & {"order_id"}
        if self.kind == "events":
            return written
        return written | ({"products"} if self.lined() else set()) | set(self.named())

    def places(self) -> dict[str, str]:
        """Where a rule finds what is in the columns that are no field of every kind: column → its path."""
        if self.kind == "customers":
            return {name: path("trait", slug(name)) for name in self.unmapped()}
        own = {name: path("props", titled(name, self.ours())) for name in self.unmapped(False)}
        if self.kind == "events":
            order = self.choices.get("order_id")
            return own | ({order.column: "props.order_id"} if order and not order.fixed else {})
        made = {self.choices[f].column: path("props", "products", PRODUCT[f]) for f in self.lined()}
        made |= {name: path("props", "products", name) for name in self.unmapped(True)}
        made |= {self.choices[f].column: path("props", f) for f in self.named()}
        return made | own

    def lines(self, language: Language) -> list[str]:
        """What was chosen, in words, one line each."""
        t = translator(language)
        chosen = [self._form(t), *(self._chosen(t, f) for f in self.choices)]
        filled = {c: where for c, where in self.places().items() if self.columns[c].samples}
        places = [f"{column} → {where}" for column, where in filled.items()]
        if places:
            shown = " · ".join(places[: columns.SHOWN]) + " …" * (len(places) > columns.SHOWN)
            chosen.append(t(N_("in rules: {places}"), places=shown))
        return chosen + [n.say(t) for n in self.notes]

    def _form(self, t: Translator) -> str:
        if not self.dialect:
            return t(
                N_("{name}: {format}, read as {kind}"),
                name=self.source.name,
                format=self.source.format.upper(),
                kind=t(CALLED[self.kind]),
            )
        blanks = {" ": t(N_("blanks")), "\t": t(N_("tabs"))}
        return t(
            N_("{name}: text in {encoding}, cells parted by {delimiter}, read as {kind}"),
            name=self.source.name, encoding=self.source.encoding.removesuffix("-sig").upper(),
            delimiter=blanks.get(self.dialect.delimiter, self.dialect.delimiter), kind=t(CALLED[self.kind]),
        )  # fmt: skip

    def _chosen(self, t: Translator, name: str) -> str:
        choice = self.choices[name]
        if choice.fixed:
            return t(N_("{field} ← “{value}” for all rows"), field=name, value=choice.column)
        column = self.columns[choice.column]
        reasons = ", ".join(reason.say(t) for reason in (choice.reason, *_read_as(name, column)))
        text = N_("{field} ← “{column}” ({reasons}): {samples}")
        return t(text, field=name, column=choice.column, reasons=reasons, samples=" · ".join(column.samples))


def _read_as(name: str, column: Column) -> list[Note]:
    if name in columns.MOMENTS and column.form:
        return [note(N_("dates {form}"), form=note(WRITTEN[column.form]))]
    if name in columns.SUMS:
        return [note(N_("decimal comma")) if column.sign == "," else note(N_("decimal point"))]
    return []


def _read(source: Source, dialect: Dialect | None, header: list[str]) -> Iterable[Batch]:
    return bounds.within(text.read(source, dialect, header) if dialect else sheets.read(source, header))


def inspect(
    path: Path | str | Source,
    kind: str | None = None,
    mapping: Mapping[str, str] | None = None,
    remembered: Callable[[str], str | None] | None = None,
    place: Place = EUROPE,
) -> Detected:
    """How the file will be read. `remembered` finds what `remember` gave for a header's `fingerprint`;
    `place` tells how dates are written that can be read in two ways.

    Raises `UserError` for a file that can't be read, a mapping that can't be followed, a column not found.
    """
    if kind is not None and kind not in KINDS:
        raise UserError(
            N_("“{kind}” is not a kind of file. Choose one of: {known}."), kind=kind, known=", ".join(KINDS)
        )
    source = path if isinstance(path, Source) else look(Path(path))
    given = {k: v for k, v in (mapping or {}).items() if k != "kind"}
    source, sheeted = (
        sheets.located(source, given.pop("sheet", None)) if source.format == "xlsx" else (source, [])
    )
    dialect, header, types, notes = headed(source)
    notes = [*sheeted, *notes]
    memory = remembered(fingerprint(header)) if remembered else None
    past = msgspec.json.decode(memory, type=dict[str, str]) if memory else {}
    chosen = past.pop("only", "")
    before = past.pop("kind", None)
    if before and kind in (None, before):
        kind = before
        notes.append(note(N_("read as your last import of a file with these columns")))
    else:
        past = {}
    taken = columns.resolve(past, header, kind, note(N_("as last time")))
    wanted = sales.only(given.pop("only", chosen if past else ""), header)
    taken |= columns.resolve(given, header, kind, note(N_("as you said")))
    named = dialect.header if dialect else source.format != "xlsx" or sniff.titled(header)
    if not named and not taken:
        raise sniff.nameless(source)
    said = reading.given(columns.options(given), columns.options(past))
    without = tuple(columns.left_out({**past, **given}) - taken.keys())
    return _detect(source, dialect, header, types, notes, kind, taken, said, place, wanted, without)


def headed(source: Source) -> tuple[Dialect | None, list[str], Mapping[str, Type], list[Note]]:
    if source.format == "text":
        dialect, header, notes = sniff.sniff(source)
        return dialect, header, {}, notes
    cells, types = sheets.header(source)
    header, notes = sniff.named(cells)
    return None, header, {h: t for h, t in zip(header, types, strict=True) if t}, notes


def _detect(
    source: Source, dialect: Dialect | None, header: list[str], types: Mapping[str, Type], notes: list[Note],
    kind: str | None, taken: Mapping[str, Choice], said: Mapping[str, tuple[str, Note]], place: Place,
    wanted: sales.Only | None, without: tuple[str, ...],
) -> Detected:  # fmt: skip
    sample = next(
        (b.table.slice(0, SAMPLE) for b in _read(source, dialect, header) if b.table.num_rows), None
    )
    if sample is None:
        raise _rowless(source, dialect, header)
    every = sample
    if wanted:
        kept = sample.filter(pa.array(wanted.keeps(sample)))
        if not kept.num_rows:
            raise sales.none_left(wanted, sample)
        sample, notes = kept, [*notes, note(N_("only the rows with {only} are read"), only=str(wanted))]
    semicolons, given = dialect is not None and dialect.delimiter == ";", {k: v for k, (v, _) in said.items()}
    studied = columns.study(sample, types, semicolons, given)
    chosen = _kind(kind, header, studied, taken, every, without)
    choices = columns.guess(chosen, header, studied, taken, without)
    if chosen in ("orders", "order-lines"):
        choices = {f: c for f, c in sales.further(choices, every).items() if f not in without}
        notes = [*notes, *sales.doubts(choices, sample, wanted)]
    _complete(chosen, choices, header, studied)
    used = {f: c.column for f, c in choices.items() if not c.fixed}
    doubts = [d for f, name in used.items() if f in columns.SUMS for d in studied[name].unsure]
    for name in dict.fromkeys(name for f, name in used.items() if f in columns.MOMENTS):
        if studied[name].form in reading.WAYS:
            pieces = (b.table[name].combine_chunks() for b in _read(source, dialect, header))
            form, why = said.get("dates") or reading.decide(pieces, semicolons, place)
            studied[name] = structs.replace(studied[name], form=form)
            doubts.append(reading.told(name, form, why))
    grouped, whole = _grouping(chosen, choices, sample)
    if grouped:
        theirs = N_("several rows make one order; the amount is the whole order's")
        notes = [*notes, note(theirs if whole else N_("several rows make one order; its lines add up"))]
    own = _own(choices, sample)
    if own:
        notes = [*notes, note(N_("customers share order numbers: each customer's orders have their own"))]
    return Detected(
        source, dialect, chosen, header, studied, choices, [*notes, *doubts], grouped, whole, given, own,
        wanted, without,
    )  # fmt: skip


def _rowless(source: Source, dialect: Dialect | None, header: list[str]) -> UserError:
    """A file with a header and no row under it that can be read."""
    path, width = repr(source.path.name), len(header)
    if dialect is None:
        return UserError(N_("{path} holds a header but no rows that can be read."), path=path)
    text = N_(
        "{path} holds a header of {width} cells parted by “{delimiter}”, but no row of as many. "
        "Part the cells of all lines by the same character."
    )
    return UserError(text, path=path, width=width, delimiter=dialect.delimiter)


def _kind(
    kind: str | None, header: list[str], studied: Mapping[str, Column], taken: Mapping[str, Choice],
    sample: pa.Table, without: tuple[str, ...],
) -> Kind:  # fmt: skip
    """The kind asked for; else the shop's known export; else the first whose needed columns are there."""
    if kind:
        return next(k for k in KINDS if k == kind)
    names = {plain(h) for h in header}
    for shape in WORDS.shapes:
        if shape.header <= names:
            return next(k for k in KINDS if k == shape.kind)
    tried = ("events", "orders", "customers")
    found = {one: columns.guess(one, header, studied, taken, without) for one in tried}
    for one, choices in found.items():
        if set(taken) <= set(FIELDS[one]) and _enough(one, choices, sample):
            return next(k for k in KINDS if k == one)
    raise lacking.unclear(header, studied, found)


def _enough(kind: str, found: Mapping[str, Choice], sample: pa.Table) -> bool:
    if lacking.missing(kind, found):
        return False
    if kind == "orders":
        # A list of people may hold a date and what they spent; orders have a number, a product, or no names,
        # or somebody who bought twice.
        lone = not {"first_name", "last_name"} & found.keys() or {"order_id", "product", "sku"} & found.keys()
        return bool(lone) or sales.again(found, sample)
    return kind == "events" or bool(found.keys() - {"customer", "account_id"})


def _complete(
    kind: Kind, choices: Mapping[str, Choice], header: list[str], studied: Mapping[str, Column]
) -> None:
    """Raises `UserError` unless the columns that the kind can't do without are there."""
    known = "orders" if kind == "order-lines" else kind
    for name in lacking.missing(known, choices):
        if name != "revenue":  # of orders one may only know the dates
            raise lacking.incomplete(name, header, studied)


def _grouping(kind: Kind, choices: Mapping[str, Choice], sample: pa.Table) -> tuple[bool, bool]:
    """Whether rows of one order id belong together, and whether their amount is the order's."""
    order, revenue = choices.get("order_id"), choices.get("revenue")
    if kind not in ("orders", "order-lines") or order is None or order.fixed:
        return False, False
    ids = pc.utf8_trim_whitespace(sample[order.column].combine_chunks())
    codes = ids.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    several = (np.bincount(codes)[codes] > 1) & np.asarray(pc.not_equal(ids, ""))
    # The same id again in a file of orders is a line only if something tells the lines apart.
    told = {"product", "sku", "quantity", "price", "line"} & choices.keys()
    if kind == "orders" and not (several.any() and told):
        return False, False
    if revenue is None or revenue.fixed:
        return True, False
    if not several.any():
        return True, "line" in choices
    return True, _repeated(codes[several], sample[revenue.column].filter(pa.array(several)))


def _own(choices: Mapping[str, Choice], sample: pa.Table) -> bool:
    """Whether so many order ids have several customers that it is no mistake: 1, 2, 3 of each customer."""
    order, owner = choices.get("order_id"), choices.get("customer") or choices.get("email")
    if order is None or owner is None or order.fixed or owner.fixed:
        return False
    rows = pa.table({"order": sample[order.column], "owner": pc.utf8_lower(sample[owner.column])})
    rows = rows.filter(pc.and_(pc.not_equal(rows["order"], ""), pc.not_equal(rows["owner"], "")))
    ways = rows.group_by("order").aggregate([("owner", "count_distinct")])["owner_count_distinct"]
    several = pc.sum(pc.greater(ways, 1)).as_py() or 0
    return several >= SHARED and several * 5 >= len(ways)


def _repeated(orders: Ints, amounts: pa.ChunkedArray) -> bool:
    """Whether lines after an order's first leave the amount out or repeat it: then it is the order's."""
    table = pa.table({"order": orders, "amount": pc.utf8_trim_whitespace(amounts)})
    filled = table.filter(pc.not_equal(table["amount"], ""))
    ways = filled.group_by("order").aggregate([("amount", "count_distinct")])["amount_count_distinct"]
    return bool(pc.all(pc.equal(ways, 1)).as_py())


def fingerprint(header: list[str]) -> str:
    """Of the column names and their order: what a mapping is remembered by."""
    return sha256("\x1f".join(header).encode()).hexdigest()


def remember(detected: Detected) -> str:
    """The kind and the mapping as text, for `inspect(remembered=…)` at the next file with this header."""
    mapping = {f: "=" + c.column if c.fixed else c.column for f, c in detected.choices.items()}
    only = {"only": str(detected.only)} if detected.only else {}
    mapping |= dict.fromkeys(detected.without, "")
    return msgspec.json.encode({"kind": detected.kind, **mapping, **detected.options, **only}).decode()

"""Orders and their lines → `Order Completed`, `Order Refunded` and `Order Cancelled`.

A row is an order, or, where the file repeats order ids, a line of one. An order that nets negative, or that
is called a refund, is `Order Refunded` with negative revenue; what is refunded later is an event of its own.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from habitue.ingest.files import money, props
from habitue.ingest.files.dates import Bools, Ints
from habitue.ingest.files.rows import Rows
from habitue.ingest.files.words import PRODUCT, WORDS, plain
from habitue.kernel.i18n import N_
from habitue.kernel.money import digits

COMPLETED, REFUNDED, CANCELED = "Order Completed", "Order Refunded", "Order Cancelled"


class Orders(Struct):
    """Columns of orders or of lines, one entry each; `row` is the row in the table that it comes from.

    `amount` and `refund` are minor units, `sums` says where there is an amount; `order` is "" where there is
    none; `product` is null, a JSON object or several parted by commas; `rest` is the inside of a JSON object.
    """

    row: Ints
    order: pa.Array
    key: pa.Array
    account: pa.Array
    at: Ints
    dated: Bools
    amount: Ints
    sums: Bools
    refund: Ints
    refunding: Bools
    cancelled: Bools
    product: pa.Array
    rest: pa.Array

    def only(self, which: Ints) -> Orders:
        """The entries at these places."""
        take = pa.array(which)
        parts = (getattr(self, name) for name in self.__struct_fields__)
        return Orders(*(part.take(take) if isinstance(part, pa.Array) else part[which] for part in parts))


def read(rows: Rows) -> Orders:
    """The table's rows as they are, faults marked; a line may leave out customer, date and amount."""
    several = rows.detected.grouped
    at, dated = rows.instants("ts", blank=several)
    key = rows.people(blank=several)
    exchange = _exchange(rows)
    amount, sums = _amount(rows, exchange)
    refund, _ = _sum(rows, "refunded", exchange)
    refunding = _called(rows, "type", WORDS.refund)
    amount = np.where(refunding, -np.abs(amount), amount)
    if rows.cells("refunded") is None:
        refund = np.where(_called(rows, "status", WORDS.refund) & (amount > 0), amount, 0)
    if not several and rows.detected.choices.keys() & {"revenue", "line", "price"}:
        rows.faults.mark(~sums, N_("the amount is missing"))
    return Orders(
        row=np.arange(len(rows.lines)),
        order=numbers(rows),
        key=key,
        account=rows.accounts(),
        at=at,
        dated=dated,
        amount=amount,
        sums=sums,
        refund=np.abs(refund),
        refunding=refunding,
        cancelled=_called(rows, "status", WORDS.cancelled),
        product=_products(rows),
        rest=_rest(rows),
    )


def bare(rows: Rows, order: pa.Array, key: pa.Array, at: Ints, amount: Ints, refunding: Bools) -> Orders:
    """Rows that are events already: of an order they tell its number, its customer, when and how much."""
    nothing = np.zeros(len(at), np.bool_)
    return Orders(
        row=np.arange(len(at)),
        order=order,
        key=key,
        account=rows.accounts(),
        at=at,
        dated=~nothing,
        amount=amount,
        sums=~nothing,
        refund=np.zeros(len(at), np.int64),
        refunding=refunding,
        cancelled=nothing,
        product=pa.nulls(len(at), pa.string()),
        rest=pa.array([""] * len(at), pa.string()),
    )


def numbers(rows: Rows) -> pa.Array:
    """Each row's order id, "" where it has none."""
    cells = rows.cells("order_id")
    if cells is None:
        return pa.array([""] * len(rows.lines), pa.string())
    return pc.replace_substring_regex(
        pc.utf8_trim_whitespace(pc.utf8_normalize(cells, form="NFC")), r"^(\d+)\.0+$", r"\1"
    )


def _called(rows: Rows, field: str, words: frozenset[str]) -> Bools:
    cells = rows.cells(field)
    if cells is None:
        return np.zeros(len(rows.lines), np.bool_)
    coded = cells.dictionary_encode()
    known = np.array([plain(text) in words for text in coded.dictionary.to_pylist()], np.bool_)
    called: Bools = known[np.asarray(coded.indices)]
    return called


class Exchange(Struct):
    """What each row's amounts are multiplied by; None where all are in the workspace's currency."""

    code: pa.Array | None
    rates: dict[str, Decimal]


def _exchange(rows: Rows) -> Exchange:
    own = rows.settings.currency
    rates = {own: Decimal(1), "": Decimal(1), **{c.upper(): r for c, r in rows.settings.rates.items()}}
    cells = rows.cells("currency")
    if cells is None:
        return Exchange(None, rates)
    coded = cells.dictionary_encode()
    names = [money.SYMBOLS.get(text.strip(), text.strip().upper()) for text in coded.dictionary.to_pylist()]
    code = pa.array(names, pa.string()).take(coded.indices)
    _same(rows, code, rates)
    return Exchange(None if set(names) <= {own, ""} else code, rates)


def _same(rows: Rows, code: pa.Array, rates: dict[str, Decimal]) -> None:
    foreign = ~np.asarray(pc.is_in(code, pa.array(list(rates))))
    text = N_("the amount is in “{value}”, the workspace in {currency}; give a rate for it")
    rows.faults.mark(foreign, text, code, currency=rows.settings.currency)


def _micros(rows: Rows, field: str) -> tuple[Ints, Bools, pa.Array | None]:
    """Millionths, where there is one, and the currencies written beside them."""
    cells = rows.cells(field)
    if cells is None:
        return np.zeros(len(rows.lines), np.int64), np.zeros(len(rows.lines), np.bool_), None
    choice = rows.detected.choices[field]
    read = money.amounts(cells, "." if choice.fixed else rows.detected.columns[choice.column].sign)
    rows.faults.mark(read.why == money.UNREAD, N_("“{value}” is not an amount"), cells)
    rows.faults.mark(read.why == money.ABSURD, N_("“{value}” is too large to be true"), cells)
    return read.micros, read.why == 0, read.currency


def _sum(rows: Rows, field: str, exchange: Exchange) -> tuple[Ints, Bools]:
    micros, found, code = _micros(rows, field)
    units = _minor(rows, micros, code, exchange)
    if (cells := rows.cells(field)) is not None:
        finer = found & (micros % 10 ** (6 - digits(rows.settings.currency)) != 0)
        text = N_("“{value}” has more decimals than {currency}: rounded")
        rows.faults.omit(finer, text, cells, currency=rows.settings.currency)
    return units, found


def _minor(rows: Rows, micros: Ints, code: pa.Array | None, exchange: Exchange) -> Ints:
    """Minor units of the workspace's currency; the code beside the amount counts where the row names none."""
    if exchange.code is not None:
        code = exchange.code if code is None else pc.if_else(pc.equal(exchange.code, ""), code, exchange.code)
    if code is not None:
        _same(rows, code, exchange.rates)
        for name in pc.unique(code).to_pylist():
            rate = exchange.rates.get(name, Decimal(1))
            if rate != 1:
                at = np.flatnonzero(np.asarray(pc.equal(code, name)))
                micros = micros.copy()
                micros[at] = [int((int(m) * rate).quantize(Decimal(1), ROUND_HALF_EVEN)) for m in micros[at]]
    return money.whole(micros, digits(rows.settings.currency))


def revenue(rows: Rows) -> tuple[Ints, Bools]:
    """The revenue column in minor units, and which rows have one."""
    return _sum(rows, "revenue", _exchange(rows))


def _amount(rows: Rows, exchange: Exchange) -> tuple[Ints, Bools]:
    """The revenue; where it is not given the line's total; else price × quantity (one piece if not said)."""
    amount, found = _sum(rows, "revenue", exchange)
    line, stated = _sum(rows, "line", exchange)
    price, priced, code = _micros(rows, "price")
    pieces, counted, _ = _micros(rows, "quantity")
    product, why = money.times(price, np.where(counted, pieces, money.MILLION))
    made = _minor(rows, product, code, exchange)
    if not rows.detected.whole:
        rows.faults.mark(
            ~found & ~stated & priced & (why > 0), N_("price × quantity is too large to be true")
        )
        amount = np.where(found, amount, np.where(stated, line, made))
        found = found | stated | priced
    return amount, found


def _products(rows: Rows) -> pa.Array:
    """Each row's product as one JSON object; null where no column tells of one."""
    fields = rows.detected.lined()
    if not fields:
        return pa.nulls(len(rows.lines), pa.string())
    members = []
    for field in fields:
        column = rows.detected.columns[rows.detected.choices[field].column]
        kind: props.Type = "number" if field in ("quantity", "price") else "text"
        members.append(props.member(PRODUCT[field], props.values(rows.cells(field), kind, column.sign)))
    return props.objects(members + rows.members(rows.detected.unmapped(True)), len(rows.lines))


def _rest(rows: Rows) -> pa.Array:
    """The inside of the properties that are the order's own words."""
    members = rows.members(rows.detected.unmapped(False), rows.detected.ours())
    for field in rows.detected.named():
        column = rows.detected.columns[rows.detected.choices[field].column]
        members.append(props.member(field, props.values(rows.cells(field), column.type, column.sign)))
    return props.joined(members, len(rows.lines))

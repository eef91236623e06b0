"""Customers → `$identify` with their traits; rows of events → events."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.files import orders as purchases
from habitue.ingest.files import props, seen
from habitue.ingest.files.dates import Bools, Ints
from habitue.ingest.files.emit import Memory, identify, numbered, table
from habitue.ingest.files.rows import Rows
from habitue.ingest.files.words import TRAITS, slug
from habitue.kernel.i18n import N_
from habitue.kernel.money import digits
from habitue.store.log import PARCEL


def customers(rows: Rows, memory: Memory) -> pa.Table:
    """One `$identify` a row, at the customer's creation, at `now` where the file does not say it.

    Where the file gives no time the message id holds the file's digest: the same file again changes nothing,
    and another one may set a trait back.
    """
    key = rows.people()
    at, dated = rows.instants("created", blank=True) if rows.cells("created") is not None else (None, None)
    good = rows.faults.good
    if at is None or dated is None:
        at, dated = np.zeros(len(good), np.int64), np.zeros(len(good), np.bool_)
    said = props.objects(_traits(rows), len(good))
    when = pc.if_else(pa.array(dated), pa.array(at).cast(pa.string()), rows.detected.source.digest)
    take = pa.array(np.flatnonzero(good))
    key, said, account = key.take(take), said.take(take), rows.accounts().take(take)
    told = memory.report.customers
    memory.count(rows.written(np.flatnonzero(good)), key)
    ids = seen.digests("identify", key, when.take(take), said)
    name, nothing = pa.array(["$identify"] * len(ids), pa.string()), pa.nulls(len(ids), pa.int64())
    made = table(ids, key, account, np.where(dated, at, rows.now)[good], name, nothing, said)
    fresh, _ = memory.once(ids)
    memory.report.updated += int(fresh.sum()) - (memory.report.customers - told)
    return made.filter(pa.array(fresh))


def _traits(rows: Rows) -> list[pa.Array]:
    """Standard traits under their names, other columns under their header's slug."""
    members, taken = [], set()
    for field in (*TRAITS, "created"):
        cells = rows.trait(field)
        if cells is not None:
            name = "created_at" if field == "created" else field
            taken.add(name)
            members.append(props.member(name, props.values(cells, "text")))
    for column in rows.detected.unmapped():
        name = slug(column) if slug(column) not in taken else column
        taken.add(name)
        look = rows.detected.columns[column]
        members.append(
            props.member(name, props.values(rows.table[column].combine_chunks(), look.type, look.sign))
        )
    return members


def events(rows: Rows, memory: Memory) -> pa.Table:
    """One event a row under the name that its cell says; `revenue` only where the file has such a column.

    An order counts once by its number, in this file or in one of orders.
    """
    key = rows.people()
    at, _ = rows.instants("ts")
    cells = rows.cells("event")
    name = pc.utf8_trim_whitespace(pc.utf8_normalize(cells, form="NFC"))
    rows.faults.mark(np.asarray(pc.equal(name, "")), N_("the event's name is missing"))
    rows.faults.mark(
        np.asarray(pc.greater(pc.utf8_length(name), 200)),
        N_("“{value}”… is too long for an event's name"),
        cells,
    )
    amount, sums = purchases.revenue(rows)
    amount = np.where(np.asarray(pc.equal(name, purchases.REFUNDED)), -np.abs(amount), amount)
    good = np.flatnonzero(rows.faults.good)
    if not len(good):
        return PARCEL.empty_table()
    take = pa.array(good)
    order = _order(rows, name)
    said = _said(rows, amount, sums).take(take)
    revenue = pc.if_else(pa.array(sums), pa.array(amount, pa.int64()), None).take(take)
    made = purchases.bare(rows, order, key, at, amount, np.asarray(pc.equal(name, purchases.REFUNDED))).only(
        good
    )
    name = name.take(take)
    memory.count(rows.written(good), made.key)
    ids, fresh = numbered(made, name, revenue, said, rows, memory)
    told = identify(rows, good, made.key, made.account, made.at, memory)
    main = table(ids, made.key, made.account, made.at, name, revenue, said).filter(pa.array(fresh))
    return pa.concat_tables([told, main])


def _order(rows: Rows, name: pa.Array) -> pa.Array:
    """The order's number where the event is an order's: by it the order is the same in any file."""
    orders = pc.is_in(name, pa.array([purchases.COMPLETED, purchases.REFUNDED, purchases.CANCELED]))
    return pc.if_else(orders, purchases.numbers(rows), "")


def _said(rows: Rows, amount: Ints, sums: Bools) -> pa.Array:
    """Revenue in major units, currency, order id, then the file's own columns."""
    scaled = props.scaled(amount, digits(rows.settings.currency))
    members = [
        props.member("revenue", pc.if_else(pa.array(sums), scaled, None)),
        props.member("currency", pc.if_else(pa.array(sums), props.encode(rows.settings.currency), None)),
        props.member("order_id", props.values(purchases.numbers(rows), "text")),
    ]
    own = rows.members(rows.detected.unmapped(), rows.detected.ours())
    return props.objects([*members, *own], len(amount))

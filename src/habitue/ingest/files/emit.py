"""Orders → parcel rows with their message ids; and the memory of a file that ids and counts rest on.

With an order id the message id is made of the order id and the event's name (and of the customer, where each
numbers their own), so a re-export that corrects an order, or gives it to another customer, does not count it
twice: the first wins. What is paid back is told apart by its
instant, amount and number among equals; a row without order id by all that it says and that number.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import structs

from habitue.ingest.files import props, seen
from habitue.ingest.files.dates import Bools, Ints
from habitue.ingest.files.orders import CANCELED, COMPLETED, REFUNDED, Orders, numbers
from habitue.ingest.files.report import EXAMPLES, Report
from habitue.ingest.files.rows import Rows
from habitue.ingest.files.seen import Digests, Occurrences, Seen
from habitue.ingest.files.words import TRAITS
from habitue.kernel.i18n import N_
from habitue.kernel.money import digits
from habitue.store.log import PARCEL


class Memory:
    """What this file has shown so far: message ids, customers, spellings, traits."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.ids, self.rows = Seen(), Occurrences()
        self.people, self.spellings, self.traits, self.stated = Seen(), Seen(), Seen(), Seen()

    def count(self, raw: pa.Array | None, keys: pa.Array) -> None:
        """Counts customers, and ids written otherwise than before."""
        shown = keys if raw is None else pc.if_else(pc.equal(raw, ""), keys, raw)
        written = (
            pa.table({"key": keys, "raw": shown}).group_by(["key", "raw"], use_threads=False).aggregate([])
        )
        fresh = ~self.spellings.add(seen.hashes(written["raw"].combine_chunks()))
        new = ~self.people.add(seen.hashes(pc.unique(keys)))
        self.report.customers += int(new.sum())
        self.report.spellings += int(fresh.sum()) - int(new.sum())
        if len(self.report.spelled) < EXAMPLES and written.num_rows > len(new):
            ways = written.group_by("key", use_threads=False).aggregate([("raw", "list"), ("raw", "count")])
            several = ways.filter(pc.greater(ways["raw_count"], 1))["raw_list"].slice(0, EXAMPLES)
            self.report.spelled = (self.report.spelled + [tuple(group[:3]) for group in several.to_pylist()])[
                :EXAMPLES
            ]

    def once(self, ids: Digests, *stated: Ints) -> tuple[Bools, Bools]:
        """Which ids are new, and which are not but state something new; the others are counted as known."""
        fresh = ~self.ids.add(seen.short(ids))
        differing = ~self.stated.add(seen.mixed(seen.short(ids), *stated)) & ~fresh
        self.report.known += int((~fresh & ~differing).sum())
        return fresh, differing

    def numbered(self, ids: Digests) -> Digests:
        made, again = self.rows.number(ids)
        self.report.identical += again
        return made


def table(
    ids: Digests,
    key: pa.Array,
    account: pa.Array,
    at: Ints,
    name: pa.Array,
    revenue: pa.Array,
    said: pa.Array,
) -> pa.Table:
    moments = pa.array(at, pa.timestamp("us", "UTC"))
    also = pa.nulls(len(ids), PARCEL.field("also").type)
    return pa.table([seen.binary(ids), key, account, moments, name, revenue, said, also], schema=PARCEL)


def emit(orders: Orders, rows: Rows, memory: Memory) -> pa.Table:
    """The events of these orders: traits first, then orders, then what was paid back."""
    name = _names(orders)
    revenue = pc.if_else(pa.array(orders.sums & ~orders.cancelled), pa.array(orders.amount, pa.int64()), None)
    said = _props(orders, orders.amount, orders.sums, rows)
    ids, fresh = numbered(orders, name, revenue, said, rows, memory)
    main = table(ids, orders.key, orders.account, orders.at, name, revenue, said).filter(pa.array(fresh))
    return pa.concat_tables(
        [
            identify(rows, orders.row, orders.key, orders.account, orders.at, memory),
            main,
            _refunds(orders, ids, fresh, rows),
        ]
    )


def numbered(
    orders: Orders, name: pa.Array, revenue: pa.Array, said: pa.Array, rows: Rows, memory: Memory
) -> tuple[Digests, Bools]:
    """Message ids, and which of them count; a row that contradicts an earlier one is refused."""
    whose = [orders.key] if rows.detected.own else []
    ids, fresh, differing = _ids(orders, whose, name, revenue, said, memory)
    _contradicted(orders, rows, differing)
    return ids, fresh


def _names(orders: Orders) -> pa.Array:
    names = np.where(orders.cancelled, 2, ((orders.amount < 0) | orders.refunding).astype(int))
    return pa.array([COMPLETED, REFUNDED, CANCELED]).take(pa.array(names))


def _ids(
    orders: Orders, whose: list[pa.Array], name: pa.Array, revenue: pa.Array, said: pa.Array, memory: Memory
) -> tuple[Digests, Bools, Bools]:
    """Message ids, which of them are not repetitions of an order, and which repeat it otherwise."""
    named = np.asarray(pc.not_equal(orders.order, ""))
    back, owner = (orders.amount < 0) | orders.refunding, seen.each(orders.key)
    if (named & ~back).all():
        ids = seen.digests("order", orders.order, *whose, name)
        return ids, *memory.once(ids, orders.at, orders.amount, owner)
    at, money = pa.array(orders.at).cast(pa.string()), revenue.cast(pa.string())
    ids = seen.digests("row", orders.key, at, name, money, said)
    ids = np.where(named, seen.digests("back", orders.order, *whose, at, money), ids)
    once, fresh, differing = named & ~back, np.ones(len(named), np.bool_), np.zeros(len(named), np.bool_)
    ids[once] = seen.digests("order", orders.order, *whose, name)[once]
    fresh[once], differing[once] = memory.once(ids[once], orders.at[once], orders.amount[once], owner[once])
    ids[~once] = memory.numbered(ids[~once])
    return ids, fresh, differing


def _contradicted(orders: Orders, rows: Rows, differing: Bools) -> None:
    """Rejects the rows that give an order of an earlier row another customer, date or amount."""
    if not differing.any():
        return
    where = np.zeros(len(rows.lines), np.bool_)
    where[orders.row[differing]] = True
    if rows.detected.grouped:
        lines = seen.digests("line", numbers(rows), rows.people(blank=True))
        where = np.isin(seen.short(lines), seen.short(lines[where]))
    text = N_(
        "an earlier row gives order “{value}” another customer, date or amount; "
        "if the rows of one order add up, say --as order-lines"
    )
    rows.faults.mark(where, text, rows.cells("order_id"))


def _props(orders: Orders, amount: Ints, sums: Bools, rows: Rows) -> pa.Array:
    """Revenue in major units, currency, order id, products, then the file's own columns."""
    places, own = digits(rows.settings.currency), rows.settings.currency
    known = pc.if_else(pa.array(sums), props.scaled(amount, places), None)
    money = pc.if_else(pa.array(sums), props.encode(own), None)
    named = pc.if_else(pc.equal(orders.order, ""), None, orders.order)
    products = pc.binary_join_element_wise("[", orders.product, "]", "")
    rest = pc.if_else(pc.equal(orders.rest, ""), None, orders.rest)
    return props.objects(
        [
            props.member("revenue", known),
            props.member("currency", money),
            props.member("order_id", props.quoted(named)),
            props.member("products", products),
            rest,
        ],
        len(amount),
    )


def _refunds(orders: Orders, ids: Digests, fresh: Bools, rows: Rows) -> pa.Table:
    """What was paid back of an order, at its own instant: files do not say when."""
    some = np.flatnonzero((orders.refund > 0) & ~orders.cancelled & fresh)
    take = pa.array(some)
    amount = -orders.refund[some]
    paid = structs.replace(
        orders.only(some),
        product=pa.nulls(len(some), pa.string()),
        rest=pa.array([""] * len(some), pa.string()),
    )
    said = _props(paid, amount, np.ones(len(some), np.bool_), rows)
    of = seen.digests("refund", pa.array([ids[i].tobytes().hex() for i in some], pa.string()))
    name = pa.array([REFUNDED] * len(some), pa.string())
    return table(
        of,
        orders.key.take(take),
        orders.account.take(take),
        orders.at[some],
        name,
        pa.array(amount, pa.int64()),
        said,
    )


def identify(
    rows: Rows, at_row: Ints, key: pa.Array, account: pa.Array, at: Ints, memory: Memory
) -> pa.Table:
    """`$identify` for each customer whose traits the row tells and the file has not told before."""
    told = {f: cells for f in TRAITS if (cells := rows.trait(f)) is not None}
    if not told or not len(at):
        return PARCEL.empty_table()
    take = pa.array(at_row)
    members = [props.member(f, props.values(cells.take(take), "text")) for f, cells in told.items()]
    said = props.objects(members, len(at))
    ids = seen.digests("identify", key, said)
    fresh = ~memory.traits.add(seen.short(ids)) & np.asarray(pc.not_equal(said, "{}"))
    name = pa.array(["$identify"] * len(at), pa.string())
    nothing = pa.nulls(len(at), pa.int64())
    return table(ids, key, account, at, name, nothing, said).filter(pa.array(fresh))

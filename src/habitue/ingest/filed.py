"""What becomes of a file's events: which are new, which are stored, and which of these say otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest import twice
from habitue.ingest.twice import Places
from habitue.store.warehouse import Warehouse

_TEXTS: Final = ("order", "stored_key", "key", "what")
_NUMBERS: Final = ("stored_ts", "ts", "stored_revenue", "revenue")
CORRECTED: Final = pa.schema(
    [*((name, pa.string()) for name in _TEXTS), *((name, pa.int64()) for name in _NUMBERS)]
)
"""An order of a file that is stored already with something else, `what`: another `customer`, other `figures`
(date or amount), or only other `details`; or a new `refund` of an order that stays with another customer.
Instants in µs, revenue in minor units."""

# Traits and answers have no order, and in a file as a rule no date of their own. Two keys may be one human's
# by now: then nobody is contradicted.
_CORRECTED: Final = """
    WITH mine AS (SELECT * REPLACE (id::UUID AS id, ts::TIMESTAMP AS ts) FROM arriving),
         stored AS (SELECT id, node, node.key, ts, revenue, props
                    FROM event SEMI JOIN mine USING (id) JOIN node USING (node)),
         owner AS (SELECT key, coalesce(merged.person, node) AS person
                   FROM node SEMI JOIN mine USING (key) LEFT JOIN merged USING (node)),
         pair AS (
            SELECT json_extract_string(mine.props, '$.order_id') AS "order",
                stored.key AS stored_key, mine.key AS key,
                epoch_us(stored.ts) AS stored_ts, epoch_us(mine.ts) AS ts,
                stored.revenue AS stored_revenue, mine.revenue AS revenue,
                stored.key <> mine.key
                    AND coalesce(merged.person, stored.node) IS DISTINCT FROM owner.person AS foreigner,
                mine.ts <> stored.ts OR mine.revenue IS DISTINCT FROM stored.revenue AS figures,
                mine.props <> stored.props AS details
            FROM mine JOIN stored USING (id) LEFT JOIN merged USING (node)
                LEFT JOIN owner ON owner.key = mine.key)
    SELECT "order", stored_key, key,
        CASE WHEN foreigner THEN 'customer' WHEN figures THEN 'figures' ELSE 'details' END AS what,
        stored_ts, ts, stored_revenue, revenue
    FROM pair WHERE foreigner OR figures OR details ORDER BY "order", stored_ts
"""


@dataclass(frozen=True)
class Filed:
    """New events and their revenue (net, minor units), those that are known, and of these the orders that say
    something else (`CORRECTED`)."""

    events: int = 0
    known: int = 0
    revenue: int = 0
    corrected: pa.Table = field(default_factory=CORRECTED.empty_table)

    def __add__(self, other: Filed) -> Filed:
        corrected = pa.concat_tables([self.corrected, other.corrected])
        return Filed(
            self.events + other.events, self.known + other.known, self.revenue + other.revenue, corrected
        )


def filed(warehouse: Warehouse, events: pa.Table, before: Filed) -> tuple[pa.Table, Filed]:
    """What is to be stored of a parcel's events, and what becomes of them and of those `before` in the file.

    What is paid back of an order that stays with another customer would stand without it, and is left out.
    """
    known = twice.known(warehouse, events["id"])
    found = before + _found(warehouse, events, known)
    astray = _astray(events, known, found.corrected)
    if not len(astray):
        return events, found
    kept = events.take(pa.array(np.delete(np.arange(len(events)), astray["n"].to_numpy())))
    lost = Filed(-len(astray), 0, -_revenue(astray), astray.select(CORRECTED.names).cast(CORRECTED))
    return kept, found + lost


def _astray(events: pa.Table, known: Places, corrected: pa.Table) -> pa.Table:
    """The new refunds of orders that stay with another customer, as `CORRECTED`, and their places `n`."""
    foreign = corrected.filter(pc.equal(corrected["what"], "customer")).to_pylist()
    owners = {row["order"]: row for row in foreign}
    back = pc.and_(pc.equal(events["name"], "Order Refunded"), bool(owners))
    moments = events.set_column(events.column_names.index("ts"), "ts", events["ts"].cast(pa.int64()))
    rows = []
    for n in np.setdiff1d(np.flatnonzero(back.to_numpy()), known).tolist():
        event = moments.slice(n, 1).to_pylist()[0]
        owner = owners.get(msgspec.json.decode(event["props"]).get("order_id"))
        if owner and event["key"] != owner["stored_key"]:
            said = {"n": n} | {name: event[name] for name in ("key", "ts", "revenue")}
            rows.append(owner | said | {"what": "refund", "stored_revenue": None})
    return pa.Table.from_pylist(rows, pa.schema([("n", pa.int64()), *CORRECTED]))


def _found(warehouse: Warehouse, events: pa.Table, known: Places) -> Filed:
    if not len(known):
        return Filed(len(events), 0, _revenue(events))
    repeated = events.take(pa.array(known)).select(["id", "key", "ts", "name", "revenue", "props"])
    orders = repeated.filter(pc.invert(pc.starts_with(repeated["name"], "$")))
    corrected = warehouse.read(_CORRECTED, arriving=orders).cast(CORRECTED)
    return Filed(len(events) - len(known), len(known), _revenue(events) - _revenue(repeated), corrected)


def _revenue(events: pa.Table) -> int:
    return int(pc.sum(events["revenue"]).as_py() or 0)

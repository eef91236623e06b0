"""What came of a broadcast: how many each variant reached, and what they did then."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from msgspec import Struct

from habitue.broadcasts.shape import Broadcast
from habitue.kernel.clock import Micros
from habitue.people.identities import canonical
from habitue.store import traffic
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse


class Result(Struct, frozen=True):
    """Of a variant: how many customers it reached, and how many of them clicked, and ordered, afterwards."""

    variant: str
    reached: int
    clicks: int
    orders: int


# What programs do to a link is another event (app/letters.py): a click is a customer's.
_CLICKED: Final = """
    SELECT step, count(DISTINCT own_reached.person) AS n FROM own_reached
    JOIN (SELECT person, ts, json_extract_string(props, '$.origin') AS origin FROM event
          WHERE code IN (SELECT code FROM event_name WHERE ends_with(name, ' Clicked'))) AS clicked
    ON clicked.person = own_reached.person AND clicked.origin = ? AND clicked.ts <= make_timestamp(?)
    GROUP BY step
"""
_ORDERED: Final = """
    SELECT step, count(DISTINCT own_reached.person) AS n FROM own_reached
    JOIN event ON event.person = own_reached.person AND event.ts >= make_timestamp(own_reached.at)
        AND event.ts <= make_timestamp(?)
    WHERE code IN (SELECT code FROM event_name WHERE name = 'Order Completed') GROUP BY step
"""


_CLICKS: Final = """
    SELECT origin, count(DISTINCT person) AS n
    FROM (SELECT person, json_extract_string(props, '$.origin') AS origin FROM event
          WHERE ts >= make_timestamp(?) AND code IN
              (SELECT code FROM event_name WHERE ends_with(name, ' Clicked')))
    WHERE starts_with(origin, 'broadcast:') GROUP BY origin
"""


def clicked(warehouse: Warehouse, since: Micros) -> dict[str, int]:
    """How many customers clicked in each broadcast, by who its messages are from."""
    rows = warehouse.read(_CLICKS, (since,))
    return dict(zip(rows["origin"].to_pylist(), rows["n"].to_pylist(), strict=True))


def results(ops: Ops, warehouse: Warehouse, one: Broadcast, until: Micros) -> list[Result]:
    """Of each variant, up to an instant."""
    with ops.read() as tx:
        rows = traffic.reached(tx, one.origin)
    if not rows:
        return [Result(each.id, 0, 0, 0) for each in one.variants]
    step, person, at = zip(*rows, strict=True)
    whole = canonical(warehouse, np.array(person, np.int64))
    own = pa.table({"step": pa.array(step), "person": whole.astype(np.int32), "at": pa.array(at, pa.int64())})
    clicked = warehouse.read(_CLICKED, (one.origin, until), own_reached=own)
    ordered = warehouse.read(_ORDERED, (until,), own_reached=own)
    clicks, orders = (
        dict(zip(found["step"].to_pylist(), found["n"].to_pylist(), strict=True))
        for found in (clicked, ordered)
    )
    counts = {name: step.count(name) for name in {*step}}
    return [
        Result(each.id, counts.get(each.id, 0), clicks.get(each.id, 0), orders.get(each.id, 0))
        for each in one.variants
    ]

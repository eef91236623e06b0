"""What orders brought: each with what was paid back of it, and what people spent in a time of their own."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from habitue.engine.sweep import Ints
from habitue.kernel.clock import Micros
from habitue.metrics.named import codes
from habitue.store.warehouse import Warehouse

_ORDER, _REFUND = "Order Completed", "Order Refunded"

_ORDERS: Final = """
    SELECT person, min(ts) FILTER (code IN ({order})) AS ts, sum(revenue)::BIGINT AS net
    FROM (
        SELECT person, ts, code, coalesce(revenue, 0) AS revenue,
            coalesce(TRY(props ->> '$.order_id'), 'seq ' || seq) AS number
        FROM event WHERE code IN ({every}) AND ts > make_timestamp({since}) {whose}
    )
    GROUP BY person, number
    HAVING min(ts) FILTER (code IN ({order})) IS NOT NULL
"""


def orders(warehouse: Warehouse, since: Micros, whose: str = "") -> str:
    """SQL: the orders after an instant, by person; `net` is what they brought less what was paid back.

    `whose` is a condition on `person`.
    """
    return _ORDERS.format(
        order=codes(warehouse, _ORDER),
        every=codes(warehouse, _ORDER, _REFUND),
        since=int(since),
        whose=f"AND {whose}" if whose else "",
    )


class Spent(NamedTuple):
    """Of people, one element each: how many orders, and what these brought in minor units."""

    orders: Ints
    revenue: Ints


def spent(warehouse: Warehouse, person: NDArray[np.int32], start: Ints, stop: Ints) -> Spent:
    """What people ordered later than their `start`, up to and including their `stop`.

    Somebody may stand there several times.
    """
    found = Spent(np.zeros(len(person), np.int64), np.zeros(len(person), np.int64))
    if not len(person):
        return found
    own = pa.table({"place": np.arange(len(person)), "person": person, "start": start, "stop": stop})
    mine = orders(warehouse, int(start.min()), "person IN (SELECT person FROM own_people)")
    rows = warehouse.read(
        f"""SELECT place, count(*)::BIGINT AS orders, sum(net)::BIGINT AS revenue
        FROM ({mine}) told JOIN own_people own ON own.person = told.person
            AND told.ts > make_timestamp(own.start) AND told.ts <= make_timestamp(own.stop)
        GROUP BY place""",
        own_people=own,
        large=True,
    )
    places = rows["place"].to_numpy()
    found.orders[places] = rows["orders"].to_numpy()
    found.revenue[places] = rows["revenue"].to_numpy()
    return found

"""One customer's orders, each with what was in it and what was paid back."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct, json

from habitue.kernel.clock import Micros
from habitue.store.warehouse import Warehouse

MOST: Final = 1_000
"""So many orders are given, the latest; those of a customer with more are in the events."""


class Order(Struct, frozen=True):
    """`revenue` and `refunded` (below zero) are minor units, `net` is both; `lines` as they were sent.

    `order` is None where the sender gave no number: then nothing paid back can be told to be of it.
    """

    order: str | None
    ts: Micros
    revenue: int
    refunded: int
    net: int
    lines: list[Any]
    currency: str | None = None
    """The code in which the sender wrote the prices of the lines, if they said."""


_ORDERS: Final = """
    WITH told AS (
        SELECT seq, ts, name, coalesce(revenue, 0) AS revenue, TRY(props ->> '$.order_id') AS number,
            TRY(json_extract(props, '$.products'))::VARCHAR AS products, TRY(props ->> '$.currency') AS code
        FROM event JOIN event_name USING (code)
        WHERE person = ? AND name IN ('Order Completed', 'Order Refunded')
    )
    SELECT any_value(number) AS "order",
        epoch_us(coalesce(min(ts) FILTER (name = 'Order Completed'), min(ts))) AS ts,
        coalesce(sum(revenue) FILTER (name = 'Order Completed'), 0)::BIGINT AS revenue,
        coalesce(sum(revenue) FILTER (name = 'Order Refunded'), 0)::BIGINT AS refunded,
        arg_min(products, seq) FILTER (name = 'Order Completed') AS lines,
        arg_min(code, seq) FILTER (name = 'Order Completed') AS currency
    FROM told GROUP BY coalesce(number, 'seq ' || seq) ORDER BY ts DESC, min(seq) DESC LIMIT ?"""


def orders(warehouse: Warehouse, person: int, limit: int = MOST) -> list[Order]:
    """The latest orders; what was paid back of none of them stands alone."""
    found = warehouse.read(_ORDERS, (person, limit)).to_pylist()
    return [Order(**{**row, "net": row["revenue"] + row["refunded"], "lines": _listed(row)}) for row in found]


def _listed(row: dict[str, Any]) -> list[Any]:
    lines = json.decode(row["lines"]) if row["lines"] else []
    return lines if isinstance(lines, list) else [lines]

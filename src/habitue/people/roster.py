"""A list of people in the order that somebody wants, leafed through from any place on.

A place is the value that the list is ordered by and the person's number: what comes in meanwhile shifts
nothing, and a page far down costs what the first one does.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple, get_args

import pyarrow as pa

from habitue.kernel.clock import LAST
from habitue.people import profiles
from habitue.people.profiles import Choice
from habitue.store.warehouse import Warehouse

Sort = Literal["since", "next", "orders", "revenue", "first", "last", "best"]
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
SUMMED: Final = ("orders", "revenue", "first", "last")
"""What is read off everybody's sums; `best` is how well somebody was found."""


class Place(NamedTuple):
    """Where a page ends."""

    value: int
    person: int


class Leaf(NamedTuple):
    """A page of a list: how many there are in all, the persons, and where it begins and ends."""

    total: int
    persons: list[int]
    first: Place | None
    last: Place | None
    more: bool


_SUMS: Final = """
    SELECT person, count(*) FILTER (name = 'Order Completed')::INTEGER AS orders,
        coalesce(sum(revenue), 0)::BIGINT AS revenue,
        epoch_us(min(ts) FILTER (name = 'Order Completed')) AS first,
        epoch_us(max(ts) FILTER (name = 'Order Completed')) AS last
    FROM event JOIN event_name USING (code) WHERE name IN ('Order Completed', 'Order Refunded')
    GROUP BY person"""


def sums(warehouse: Warehouse) -> pa.Table:
    """Everybody's orders added up: as long as there are customers who ordered."""
    return warehouse.read(_SUMS)


def leaf(
    warehouse: Warehouse,
    choice: Choice,
    size: int,
    sort: Sort = "since",
    *,
    down: bool = True,
    after: Place | None = None,
    before: Place | None = None,
    sums: pa.Table | None = None,
) -> Leaf:
    """One page, from a place on or (`before`) up to one; who has no value to be ordered by comes last."""
    every, params = profiles.query(warehouse, choice)
    back = before is not None
    place, falling = before or after, down != back
    joined = "LEFT JOIN sums ON sums.person = subject" if sort in SUMMED else ""
    sql = f"""WITH every AS MATERIALIZED ({every}),
        keyed AS (SELECT subject, {_key(sort, down)} AS k FROM every {joined})
        SELECT subject, k, (SELECT count(*) FROM every) AS n FROM keyed
        {f"WHERE (k, subject) {'<' if falling else '>'} (?, ?)" if place else ""}
        ORDER BY k {"DESC" if falling else ""}, subject {"DESC" if falling else ""} LIMIT {size + 1}"""
    tables = profiles.picked(choice) | ({} if sums is None else {"sums": sums})
    found = warehouse.read(sql, [*params, *(place or ())], **tables).to_pylist()
    return _leaf(found, size, back, found[0]["n"] if found else profiles.total(warehouse, choice))


def _leaf(found: list[dict[str, Any]], size: int, back: bool, total: int) -> Leaf:
    shown = found[:size][::-1] if back else found[:size]
    places = [Place(row["k"], row["subject"]) for row in shown]
    persons = [place.person for place in places]
    first, last = (places[0], places[-1]) if places else (None, None)
    return Leaf(total, persons, first, last, len(found) > size)


def _key(sort: Sort, down: bool) -> str:
    """The value to order by; what is not there stands behind all else."""
    none = -1 if down else LAST
    return {
        "since": "epoch_us(start)",
        "next": f"coalesce(epoch_us(stop), {none})",
        "orders": "coalesce(orders, 0)",
        "revenue": "coalesce(revenue, 0)",
        "first": f"coalesce(first, {none})",
        "last": f"coalesce(last, {none})",
        "best": "score",
    }[sort]

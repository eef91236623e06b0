"""What sets the people of a segment apart: traits and product categories that more of them have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pyarrow as pa
from msgspec import Struct

from habitue.engine.extract import leaves
from habitue.kernel.clock import YEAR, Micros
from habitue.metrics import personal
from habitue.store.warehouse import Warehouse

LOOKED: Final = 1_000
"""So many of the segment, and as many of all, are looked at."""

LEAST: Final = 10
"""A mark that fewer of them have says nothing."""

MARKS: Final = 8
_APART: Final = 0.02
CATEGORY: Final = "products.category"


class Mark(Struct, frozen=True):
    """A trait's value, or a category that was bought within a year: its share in the segment and of all.

    Of a category these are shares of those who ordered at all.
    """

    name: str
    value: str
    share: float
    whole: float

    @property
    def apart(self) -> float:
        return self.share - self.whole


_MEMBERS: Final = """
    SELECT subject AS person FROM intervals WHERE version = {} AND start <= make_timestamp({at})
        AND (stop IS NULL OR stop > make_timestamp({at})) ORDER BY hash(subject) LIMIT {}"""
_TRAITS: Final = """
    SELECT name, json_extract_string(value, '$') AS value, count(*) AS n FROM (
        SELECT person, name, arg_max(value, (rank, ts, seq)) AS value FROM said
        WHERE person IN (SELECT person FROM wanted) AND starts_with(name, 'trait.') GROUP BY ALL)
    WHERE json_type(value) IN ('VARCHAR', 'BOOLEAN', 'BIGINT', 'UBIGINT') GROUP BY ALL"""
_BOUGHT: Final = """
    WITH bought AS (
        SELECT person, props FROM event JOIN event_name USING (code)
        WHERE person IN (SELECT person FROM wanted) AND name = 'Order Completed'
            AND ts > make_timestamp({since}) AND json_valid(props))
    SELECT json_extract_string(leaf, '$') AS value, count(DISTINCT person) AS n,
        (SELECT count(DISTINCT person) FROM bought) AS of
    FROM (SELECT person, unnest({leaves}) AS leaf FROM bought) GROUP BY value"""


def persona(warehouse: Warehouse, version: int, at: Micros) -> list[Mark]:
    """The marks that set these people apart the most; none of what tells one person from another."""
    mine = warehouse.read(_MEMBERS.format(int(version), LOOKED, at=int(at)))
    every = warehouse.read(f"SELECT person FROM person ORDER BY hash(person) LIMIT {LOOKED}")
    if len(mine) < LEAST:
        return []
    here, whole = (dict(_shares(warehouse, some, at)) for some in (mine, every))
    found = [Mark(*mark, share, whole.get(mark, 0.0)) for mark, share in here.items()]
    apart = [one for one in found if one.apart > _APART]
    return sorted(apart, key=lambda one: (-one.apart, one.name, one.value))[:MARKS]


def _shares(warehouse: Warehouse, some: pa.Table, at: Micros) -> Iterable[tuple[tuple[str, str], float]]:
    """What at least a few of these people have, and what share of them does."""
    for row in warehouse.read(_TRAITS, wanted=some).to_pylist():
        name = row["name"].removeprefix("trait.")
        if row["n"] >= LEAST and not _own(name, row["value"]):
            yield (name, row["value"]), row["n"] / len(some)
    listed = leaves("props", ("products", "category"))
    bought = _BOUGHT.format(leaves=listed.text, since=int(at - YEAR))
    for row in warehouse.read(bought, listed.params, wanted=some).to_pylist():
        if row["n"] >= LEAST:
            yield (CATEGORY, row["value"]), row["n"] / row["of"]


def _own(name: str, value: Any) -> bool:
    """Whether this says who somebody is rather than what they are like."""
    return bool(personal.called(name) or personal.looks([str(value)]))

"""Which values a property or a trait often has, to choose from. What few share is nobody's to suggest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from habitue.engine.extract import leaves
from habitue.store.warehouse import Warehouse

READ: Final = 2_000_000
"""So many rows are looked through; where there are more, in blocks from all over."""

LOOKED: Final = 20_000
SHARED: Final = 3
"""A value that fewer have may be somebody's own: an address, an order's number."""

MOST: Final = 40
LONGEST: Final = 80

_TOP: Final = f"""
    SELECT value FROM (SELECT json_extract_string(leaf, '$') AS value, count(DISTINCT person) AS n
        FROM ({{leaves}}) GROUP BY ALL)
    WHERE n >= {SHARED} AND length(value) BETWEEN 1 AND {LONGEST} ORDER BY n DESC, value LIMIT {MOST}
"""


def of_property(warehouse: Warehouse, events: Sequence[str], path: tuple[str, ...]) -> list[str]:
    """The values that a property often has in events of these names, the most frequent first."""
    listed = leaves("props", path)
    names = ", ".join("?" for _ in events)
    rows = (
        f"SELECT person, props FROM ({_spread(warehouse, 'event')}) JOIN event_name USING (code) "
        f"WHERE name IN ({names}) AND json_valid(props) LIMIT {LOOKED}"
    )
    found = f"SELECT person, unnest({listed.text}) AS leaf FROM ({rows})"
    return _top(warehouse, found, (*listed.params, *events)) if events else []


def of_trait(warehouse: Warehouse, name: str) -> list[str]:
    """The values that a trait, by its name such as `trait.country`, often has."""
    found = (
        f"SELECT person, value AS leaf FROM ({_spread(warehouse, 'trait')}) "
        "WHERE name = ? AND json_type(value) IN ('VARCHAR', 'BOOLEAN', 'BIGINT', 'UBIGINT', 'DOUBLE')"
    )
    return _top(warehouse, found, (name,))


def _top(warehouse: Warehouse, found: str, params: Sequence[object]) -> list[str]:
    return list(warehouse.read(_TOP.format(leaves=found), params)["value"].to_pylist())


def _spread(warehouse: Warehouse, table: str) -> str:
    n = warehouse.read(f"SELECT count(*) AS n FROM {table}")["n"][0].as_py()
    share = f"TABLESAMPLE system({min(100.0, 100 * READ / max(n, 1)):.6f}%) REPEATABLE (1)"
    return f"FROM {table}_base {share} UNION ALL FROM {table}_tail {share}"

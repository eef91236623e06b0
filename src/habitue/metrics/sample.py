"""Which events are looked at for what their properties are like: some of each name, whatever their number.

Blocks from all over the table and the newest arrivals are looked through; of each name and time some events
are read, chosen by a hash of their number. The same working copy always gives the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import pyarrow as pa

from habitue.kernel.clock import DAY, Micros
from habitue.store.warehouse import Warehouse

BLOCKS: Final = 48
BLOCK: Final = 32_768
"""So many blocks of so many rows are looked through of a table that has more."""

NEWEST: Final = 262_144
"""And so many of the rows that came last."""

LOOKED: Final = 1_000
"""About so many events of a name and time are read."""

RARE: Final = 200
"""A name of which the blocks have fewer is looked for everywhere."""

RECENT: Final = 7 * DAY
BEFORE: Final = 8 * 7 * DAY


class Some(NamedTuple):
    """Events of one name and time: properties of some (JSON), and how many there were to choose from."""

    bodies: list[str]
    of: int


class Sample(NamedTuple):
    """Events of one name: of the last week, of the eight weeks before it, and from further back."""

    recent: Some
    before: Some
    older: Some


_TIME: Final = """CASE WHEN ts > make_timestamp(?::BIGINT) THEN 0
    WHEN ts > make_timestamp(?::BIGINT) THEN 1 ELSE 2 END::INTEGER"""
_EVENTS: Final = "SELECT name, ts, seq, props AS body FROM ({rows}) JOIN event_name USING (code)"
_TRAITS: Final = "SELECT name, ts, seq, value AS body FROM ({rows}) WHERE starts_with(name, 'trait.')"


def events(warehouse: Warehouse, now: Micros) -> dict[str, Sample]:
    """Some events of every name."""
    totals = warehouse.read(
        "SELECT code, name, sum(n)::BIGINT AS n FROM tally JOIN event_name USING (code) GROUP BY ALL"
    )
    found = _looked(warehouse, _EVENTS.format(rows=_spread(warehouse, "event", "code, ts, seq, props")), now)
    rare = [one["code"] for one in totals.to_pylist() if _seen(found, one["name"]) < min(RARE, one["n"])]
    if rare:
        rows = f"SELECT code, ts, seq, props FROM event WHERE code IN ({', '.join(map(str, rare))})"
        found |= _looked(warehouse, _EVENTS.format(rows=rows), now)
    return found


def traits(warehouse: Warehouse, now: Micros) -> dict[str, Sample]:
    """Some values of every trait of persons, as `trait.city`."""
    return _looked(warehouse, _TRAITS.format(rows=_spread(warehouse, "trait", "name, ts, seq, value")), now)


def _seen(found: Mapping[str, Sample], name: str) -> int:
    return sum(some.of for some in found[name]) if name in found else 0


def _looked(warehouse: Warehouse, rows: str, now: Micros) -> dict[str, Sample]:
    """About `LOOKED` of each name and time: those whose number's hash is below what that takes."""
    times = (now - RECENT, now - RECENT - BEFORE)
    counts = warehouse.read(f"SELECT name, {_TIME} AS time, count(*) AS n FROM ({rows}) GROUP BY ALL", times)
    chance = pa.array([min(2**64 - 1, 2**64 * LOOKED // n) for n in counts["n"].to_pylist()], pa.uint64())
    read = warehouse.read(
        f"SELECT name, time, body FROM (SELECT *, {_TIME} AS time FROM ({rows})) "
        "JOIN chances USING (name, time) WHERE hash(seq) <= chance AND json_valid(body) "
        "ORDER BY name, time, seq",
        times,
        chances=counts.append_column("chance", chance),
    )
    found: dict[str, list[Some]] = {}
    for one in counts.to_pylist():
        found.setdefault(one["name"], [Some([], 0) for _ in Sample._fields])[one["time"]] = Some([], one["n"])
    for name, time, body in zip(*(read[column].to_pylist() for column in read.column_names), strict=True):
        found[name][time].bodies.append(body)
    return {name: Sample(*some) for name, some in found.items()}


def _spread(warehouse: Warehouse, table: str, columns: str) -> str:
    """The rows of both parts of a table, or blocks of them and the newest."""
    parts = []
    for part in (f"{table}_base", f"{table}_tail"):
        n = warehouse.read(f"SELECT count(*) AS n FROM {part}")["n"][0].as_py()
        spots = [(at * n // BLOCKS, BLOCK) for at in range(BLOCKS)] + [(n - NEWEST, NEWEST)]
        inside = " OR ".join(f"rowid BETWEEN {at} AND {at + size - 1}" for at, size in spots)
        parts.append(f"SELECT {columns} FROM {part}" + (f" WHERE {inside}" if n > BLOCKS * BLOCK else ""))
    return " UNION ALL ".join(parts)

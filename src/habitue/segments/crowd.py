"""Who is in a segment, who came in and went out, and who of them is in other definitions too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.store.warehouse import Warehouse

Way = Literal["in", "entered", "left"]


class Stay(Struct, frozen=True):
    """Somebody's stay in a segment; `stop` may lie in the future, None is never."""

    person: int
    start: Micros
    stop: Micros | None


class Shared(Struct, frozen=True):
    """How many are in a version (one value of it), and how many of these in the other one too."""

    version: int
    value: int
    size: int
    both: int


_HERE: Final = "version = {} AND start <= make_timestamp({}) AND (stop IS NULL OR stop > make_timestamp({}))"


def stays(
    warehouse: Warehouse,
    version: int,
    way: Way,
    start: Micros,
    stop: Micros,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[int, list[Stay]]:
    """How many stays there are, and some of them, the latest first.

    Of those who are in at `stop`, or of those who came in or went out from `start` until before it.
    """
    mine, order = _mine(version, way, start, stop)
    cut = f" LIMIT {int(limit)} OFFSET {int(offset)}" if limit is not None else ""
    rows = warehouse.read(
        "WITH mine AS MATERIALIZED (SELECT subject AS person, start, stop "
        f"FROM intervals WHERE {mine}) SELECT person, epoch_us(start) AS start, epoch_us(stop) AS stop, "
        f"(SELECT count(*) FROM mine) AS total FROM mine ORDER BY mine.{order} DESC, person{cut}"
    ).to_pylist()
    found = [Stay(row["person"], row["start"], row["stop"]) for row in rows]
    if rows or not offset:
        return (rows[0]["total"] if rows else 0), found
    return stays(warehouse, version, way, start, stop, 1)[0], []


def _mine(version: int, way: Way, start: Micros, stop: Micros) -> tuple[str, str]:
    if way == "in":
        return _HERE.format(int(version), int(stop), int(stop)), "start"
    edge = "start" if way == "entered" else "stop"
    span = f"{edge} >= make_timestamp({int(start)}) AND {edge} < make_timestamp({int(stop)})"
    return f"version = {int(version)} AND {span}", edge


def shared(warehouse: Warehouse, version: int, others: Sequence[int], at: Micros) -> list[Shared]:
    """Of each value of the other versions: how many are in it, and in this one too."""
    if not others:
        return []
    among = ", ".join(str(int(one)) for one in others)
    rows: list[dict[str, Any]] = warehouse.read(
        f"""
        WITH mine AS MATERIALIZED (SELECT subject FROM intervals WHERE {_HERE.format(version, at, at)}),
        theirs AS (
            SELECT version, value, subject FROM intervals WHERE version IN ({among})
                AND start <= make_timestamp({int(at)}) AND (stop IS NULL OR stop > make_timestamp({int(at)}))
        )
        SELECT version, value, count(*) AS size, count(mine.subject) AS both
        FROM theirs LEFT JOIN mine USING (subject) GROUP BY ALL ORDER BY version, value
        """
    ).to_pylist()
    return [Shared(**row) for row in rows]

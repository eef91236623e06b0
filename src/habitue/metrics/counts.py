"""How many are in each stage: at one instant, month by month, and how many came and went."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from msgspec import Struct
from numpy.typing import NDArray

from habitue.store.warehouse import Warehouse

Counts = NDArray[np.int64]


class Moves(Struct, frozen=True, eq=False):
    """Stays that began and that ended between consecutive instants: [period, value]."""

    entered: Counts
    left: Counts


def counts(warehouse: Warehouse, version: int, at: int) -> dict[int, int]:
    """How many subjects each value has at that instant; values that nobody has are absent."""
    found = warehouse.read(
        """
        SELECT value, count(*) AS n FROM intervals
        WHERE version = $1 AND start <= make_timestamp($2::BIGINT)
            AND (stop IS NULL OR stop > make_timestamp($2::BIGINT))
        GROUP BY value ORDER BY value
        """,
        (version, at),
    )
    return dict(zip(found["value"].to_pylist(), found["n"].to_pylist(), strict=True))


def among(version: int, others: int, at: int) -> str:
    """In place of `intervals`: a version's stays of those who are in another version at that instant."""
    here = f"start <= make_timestamp({int(at)}) AND (stop IS NULL OR stop > make_timestamp({int(at)}))"
    them = f"SELECT subject FROM intervals WHERE version = {int(others)} AND {here}"
    return f"(SELECT * FROM intervals WHERE version = {int(version)} AND subject IN ({them}))"


def who(warehouse: Warehouse, version: int, at: int) -> Counts:
    """The subjects that have some value at that instant."""
    found = warehouse.read(
        "SELECT subject FROM intervals WHERE version = $1 AND start <= make_timestamp($2::BIGINT) "
        "AND (stop IS NULL OR stop > make_timestamp($2::BIGINT))",
        (version, at),
    )
    return np.asarray(found["subject"].to_numpy(), np.int64)


def ever(warehouse: Warehouse, version: int, at: int) -> dict[int, int]:
    """How many of those who have some value at that instant have had each value by then, however often.

    One bit for each value: a subject is looked at once.
    """
    found = warehouse.read(
        """
        SELECT had, count(*) AS n FROM (
            SELECT bit_or(1::HUGEINT << value)::VARCHAR AS had FROM intervals
            WHERE version = $1 AND start <= make_timestamp($2::BIGINT)
            GROUP BY subject HAVING bool_or(stop IS NULL OR stop > make_timestamp($2::BIGINT))
        ) GROUP BY had
        """,
        (version, at),
    )
    people: dict[int, int] = {}
    for had, n in zip(map(int, found["had"].to_pylist()), found["n"].to_pylist(), strict=True):
        for value in range(had.bit_length()):
            if had >> value & 1:
                people[value] = people.get(value, 0) + n
    return people


def monthly(warehouse: Warehouse, version: int, instants: Sequence[int], values: int | None = None) -> Counts:
    """How many subjects each value has at each instant: [instant, value].

    `instants` rise; `values` is how many values the definition has (as many as occur, if not said).
    One pass: those who have begun by an instant less those who have ended by it.
    """
    begun, ended = _until(warehouse, version, instants, values)
    return begun - ended


def moves(warehouse: Warehouse, version: int, instants: Sequence[int], values: int | None = None) -> Moves:
    """How many stays began and ended in each period `[instants[k], instants[k + 1])`: [period, value].

    A subject's first stay counts as entered. Give no instant after now: what is still to come is not sure.
    """
    begun, ended = _until(warehouse, version, [at - 1 for at in instants], values)
    return Moves(np.diff(begun, axis=0), np.diff(ended, axis=0))


def _until(
    warehouse: Warehouse, version: int, instants: Sequence[int], values: int | None
) -> tuple[Counts, Counts]:
    """How many stays have begun and have ended up to and including each instant: two of [instant, value]."""
    if not instants:
        return np.zeros((0, values or 0), np.int64), np.zeros((0, values or 0), np.int64)
    # Two instants may be one, such as the end of a month and now: a histogram counts each edge once.
    single, places = np.unique(np.asarray(instants, np.int64), return_inverse=True)
    found = warehouse.read(
        f"""
        SELECT value, {binned("start", single)} AS begun, {binned("stop", single)} AS ended
        FROM intervals WHERE version = ? AND start <= make_timestamp({int(instants[-1])}) GROUP BY value
        """,
        (version,),
    )
    width = values if values is not None else max(found["value"].to_pylist(), default=-1) + 1
    begun, ended = (_summed(found, name, len(single), width) for name in ("begun", "ended"))
    return begun[places], ended[places]


def binned(column: str, edges: Counts) -> str:
    """SQL for how many instants of the column lie after each edge's predecessor, up to and including it.

    `edges` rise without repeats. Where any lies past the last edge, one more bin holds those.
    """
    return f"map_values(histogram({column}, [{', '.join(f'make_timestamp({at})' for at in edges)}]))"


def _summed(found: pa.Table, name: str, rows: int, width: int) -> Counts:
    """A column’s histograms, each bin up to its edge, as running sums; what is past the last is left out."""
    sums = np.zeros((rows, width), np.int64)
    for value, bins in zip(found["value"].to_pylist(), found[name].to_pylist(), strict=True):
        sums[:, value] = np.cumsum((bins or [0])[:rows])
    return sums

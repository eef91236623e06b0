"""What comes in is put in order a little at a time, however large the shop: no more is ever held in memory.

The base of a table whose rows are never void is runs, each sorted by person, one after another: whoever
looks for a person reads a row group of each. A sweep goes over the persons, a range of them in each
transaction, and makes one run of theirs.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from habitue.store.merge import GROWING, SORTED, append, merge
from habitue.store.warehouse import Warehouse
from habitue.store.writer import BESIDE, SWEPT, Writer

RUN: Final = 100_000
"""The fewest rows of a run."""
STEP: Final = 250_000
"""About so many rows are written anew at once."""
SHARE: Final = 0.1
"""A sweep begins once so much of a base is new, or so much of another that is merged whole;"""
MUCH: Final = 0.5
"""while others wait, only once it is so much,"""
MANY: Final = 64 * RUN
"""and so many rows."""
LARGE: Final = 5 * RUN
"""Rows that are merged whole only while nobody waits."""
SAME: Final = 0.02
"""Where less of a range is new, it stays as it lies."""
LOOKS: Final = 20
"""So many ranges are looked at, at most, for one that is worth it."""


class Sweep(NamedTuple):
    """Rows whose `seq` is below `done` lie in one run, but for those that were moved since; once the sweep
    that is under way has ended, those below `until`. It has come to the persons from `cursor` on (0: there is
    none).
    """

    done: int = 0
    until: int = 0
    cursor: int = 0


def tidy(warehouse: Warehouse, busy: bool = False) -> None:
    """Put in order what came in, and go a step on; `busy`: as little as may be, for others wait."""
    parts = [f"{name}_{part}" for name in SORTED for part in ("tail", "base")]
    rows = dict(zip(parts, warehouse.lengths(parts), strict=True))
    noted = warehouse.noted()
    for name in SORTED:
        tail, base = rows[f"{name}_tail"], rows[f"{name}_base"]
        if name not in GROWING:
            beside = int(noted.get(f"{BESIDE}:{name}", 0))
            _merge(warehouse, name, tail, base, beside, busy)
            continue
        if tail >= RUN:
            with warehouse.write() as writer:
                (append if base else merge)(writer, name)
        if tail >= RUN or f"{SWEPT}:{name}" in noted:
            _sweep(warehouse, name, busy)


def _merge(warehouse: Warehouse, name: str, tail: int, base: int, beside: int, busy: bool) -> None:
    """Merge a table whole where enough is new; of a large one what is new lies beside while others wait."""
    late = busy and base >= LARGE
    enough = (0 if late else SHARE * base) <= tail + beside
    if not enough or (tail if busy else tail + beside) < RUN:
        return
    with warehouse.write() as writer:
        if late:
            append(writer, name)
            writer.note({f"{BESIDE}:{name}": str(beside + tail)})
        else:
            merge(writer, name)


def swept(warehouse: Warehouse, name: str) -> Sweep | None:
    """How far the sweeps of a table have come; None where its base is one run."""
    noted = warehouse.meta(f"{SWEPT}:{name}")
    return Sweep(*map(int, noted.split())) if noted else None


def _sweep(warehouse: Warehouse, name: str, busy: bool) -> None:
    """Go one step on, if it is time."""
    now = swept(warehouse, name)
    if now is None:
        return
    rows, fresh = _counted(warehouse, name, now, "true")
    pressing = fresh > max(MANY, MUCH * rows)
    if not (pressing or (not busy and fresh and (now.cursor or fresh > SHARE * rows))):
        return
    top, end = (column[0].as_py() for column in warehouse.read(_ENDS.format(name)).columns)
    now = now if now.cursor else now._replace(until=end)
    for _ in range(LOOKS):
        upto, worth = _range(warehouse, name, now, STEP * (top + 1) // rows)
        if worth or upto > top:
            break
        now = now._replace(cursor=upto)
    with warehouse.write() as writer:
        if worth:
            _rewrite(writer, name, now.cursor, upto)
        now = Sweep(now.until) if upto > top else now._replace(cursor=upto)
        writer.note({f"{SWEPT}:{name}": " ".join(map(str, now))})


_ENDS: Final = "SELECT max(person), max(seq) + 1 FROM {}_base"


def _range(warehouse: Warehouse, name: str, now: Sweep, width: int) -> tuple[int, bool]:
    """Before which person the next range ends, and whether to rewrite it."""
    while True:
        upto = now.cursor + max(1, width)
        rows, fresh = _counted(warehouse, name, now, f"person >= {now.cursor} AND person < {upto}")
        if rows <= 2 * STEP or width <= 1:
            return upto, fresh > SAME * rows
        width //= 2  # some do more than others


def _counted(warehouse: Warehouse, name: str, now: Sweep, which: str) -> tuple[int, int]:
    """How many rows there are, and how many of them are new since the last sweep began."""
    found = warehouse.read(
        f"SELECT (SELECT count(*) FROM {name}_base WHERE {which}), "
        f"(SELECT count(*) FROM {name}_base WHERE {which} AND seq >= {now.done})"
    )
    rows, fresh = (int(column[0].as_py()) for column in found.columns)
    return rows, fresh


def _rewrite(writer: Writer, name: str, low: int, high: int) -> None:
    """Make one run of a range of persons; the row groups that it leaves empty go with the next checkpoint."""
    theirs = f"person >= {low} AND person < {high}"
    writer.run(
        f"CREATE OR REPLACE TEMP TABLE moving AS FROM {name}_base WHERE {theirs} ORDER BY {SORTED[name]}"
    )
    writer.run(f"DELETE FROM {name}_base WHERE {theirs}")
    writer.run(f"INSERT INTO {name}_base FROM moving")
    writer.run("DROP TABLE moving")

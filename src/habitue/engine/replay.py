"""Drafts: what a rule or a stage model would give over the whole history, before anything is saved."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from habitue.engine.compile import program
from habitue.engine.fold import Progress, everybody, fold, rows
from habitue.engine.gather import Ids
from habitue.engine.plan import Definition
from habitue.engine.source import Known
from habitue.engine.sweep import Intervals
from habitue.kernel.clock import DAY, Micros
from habitue.store.warehouse import Warehouse

_DRAFTS: Final = itertools.count(1)
_THERE: Final = """
    SELECT subject, value FROM intervals
    WHERE version = {} AND start <= make_timestamp(?) AND (stop IS NULL OR stop > make_timestamp(?))
"""


@dataclass(frozen=True)
class Preview:
    """A draft segment: how many are in now, how many were on each past day (oldest first), some of them."""

    count: int
    days: NDArray[np.int64]
    sizes: NDArray[np.int64]
    sample: Ids


def preview(
    warehouse: Warehouse,
    draft: Definition,
    known: Known,
    now: Micros,
    past: int = 365,
    sample: int = 20,
    progress: Progress | None = None,
) -> Preview:
    """A draft segment's size now and on the last `past` days (at the same hour), before it is saved."""
    days = now - DAY * np.arange(past, -1, -1, dtype=np.int64)
    turns = np.zeros(past + 2, np.int64)
    some: list[Ids] = []
    batches = everybody(draft.subject, warehouse.read)
    for found in fold(program(draft, known), batches, warehouse.read, progress):
        np.add.at(turns, np.searchsorted(days, found.start), 1)
        np.add.at(turns, np.searchsorted(days, found.stop), -1)
        some.append(_present(found, now)[:sample])
    sizes = np.cumsum(turns)[:-1]
    return Preview(int(sizes[-1]), days, sizes, np.concatenate([*some, np.empty(0, np.int32)])[:sample])


def _present(found: Intervals, now: Micros) -> Ids:
    return found.subject[(found.start <= now) & (now < found.stop)]


@contextmanager
def drafted(
    warehouse: Warehouse, drafts: Sequence[Definition], known: Known, progress: Progress | None = None
) -> Iterator[list[Definition]]:
    """The drafts, folded over the whole history and kept under versions of their own until the block ends.

    Every metric that takes a version takes these too, so that a draft can be laid beside the live one.
    """
    kept = [replace(draft, version=-next(_DRAFTS)) for draft in drafts]
    try:
        for draft in kept:
            with warehouse.write() as writer:
                # A process that died may have left a draft of this number.
                writer.run(f"DELETE FROM interval_draft WHERE version = {draft.version}")
                for found in fold(
                    program(draft, known), everybody(draft.subject, warehouse.read), warehouse.read, progress
                ):
                    writer.append("interval_draft", rows(draft.version, found))
        yield kept
    finally:
        with warehouse.write() as writer:
            for draft in kept:
                writer.run(f"DELETE FROM interval_draft WHERE version = {draft.version}")


@dataclass(frozen=True)
class Shift:
    """So many subjects are in `old` under one version and in `new` under the other (None: in no stage)."""

    old: int | None
    new: int | None
    n: int


def compare(warehouse: Warehouse, old: int, new: int, at: Micros) -> list[Shift]:
    """Who stands where under two versions at one instant; the largest groups first."""
    found = warehouse.read(
        f"SELECT o.value, n.value, count(*) FROM ({_THERE.format(old)}) o "
        f"FULL JOIN ({_THERE.format(new)}) n USING (subject) "
        "GROUP BY ALL ORDER BY 3 DESC, 1, 2",
        (at, at, at, at),
    )
    return [Shift(*row) for row in zip(*(column.to_pylist() for column in found.columns), strict=True)]


def movers(
    warehouse: Warehouse, old: int, new: int, at: Micros, limit: int = 100
) -> list[tuple[int, int | None, int | None]]:
    """Subjects whose value at an instant differs between two versions: id, old value, new value."""
    found = warehouse.read(
        f"SELECT subject, o.value, n.value FROM ({_THERE.format(old)}) o "
        f"FULL JOIN ({_THERE.format(new)}) n USING (subject) "
        f"WHERE o.value IS DISTINCT FROM n.value ORDER BY subject LIMIT {int(limit)}",
        (at, at, at, at),
    )
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True))

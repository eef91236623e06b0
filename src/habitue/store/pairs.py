"""Pairs of customers that may be one: proposed until somebody merges them or keeps them apart for good.

Rows hold numbers of keys and no names: what is shown of a pair is looked up when it is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.store.ops import Ops, Tx
from habitue.store.tables import duplicate

Outcome: TypeAlias = Literal["merged", "dismissed"]

_AT_ONCE: Final = 500


class Pair(Struct, frozen=True):
    """Two keys, how likely they are one human's, how far each field agrees, and what somebody decided."""

    id: int
    one: int
    other: int
    likely: float
    levels: dict[str, str]
    found: Micros
    settled: Micros | None
    outcome: Outcome | None
    by: str | None


def every(ops: Ops, least: float = 0.0) -> list[Pair]:
    """All pairs, the likeliest first; of the open ones those at least so likely."""
    wanted = (duplicate.c.likely >= least) | duplicate.c.settled.is_not(None)
    with ops.read() as tx:
        rows = tx.execute(
            duplicate.select().where(wanted).order_by(duplicate.c.likely.desc(), duplicate.c.id)
        )
        return [Pair(**row._mapping) for row in rows]


def get(ops: Ops, number: int) -> Pair | None:
    """One pair by its number."""
    with ops.read() as tx:
        row = tx.execute(duplicate.select().where(duplicate.c.id == number)).first()
        return None if row is None else Pair(**row._mapping)


def propose(ops: Ops, found: Iterable[tuple[int, int, float, dict[str, str]]], now: Micros) -> None:
    """Let the open pairs be these: known ones keep their numbers, and what was settled stays so."""
    with ops.begin() as tx:
        known = {(row.one, row.other): row for row in tx.execute(duplicate.select())}
        seen = set()
        for one, other, likely, levels in found:
            seen.add((one, other))
            old, values = known.get((one, other)), {"likely": likely, "levels": levels}
            if old is None:
                tx.execute(duplicate.insert().values(one=one, other=other, found=now, **values))
            elif old.settled is None and (old.likely, old.levels) != (likely, levels):
                tx.execute(duplicate.update().where(duplicate.c.id == old.id).values(values))
        gone = [row.id for pair, row in known.items() if row.settled is None and pair not in seen]
        _delete(tx, gone)


def settle(ops: Ops, number: int, outcome: Outcome | None, by: str, now: Micros) -> None:
    """Note what was decided about a pair; None puts it back on the list."""
    values = {"settled": now, "outcome": outcome, "by": by} if outcome else {}
    with ops.begin() as tx:
        one = duplicate.update().where(duplicate.c.id == number)
        tx.execute(one.values(values or {"settled": None, "outcome": None, "by": None}))


def forget(tx: Tx, nodes: Collection[int]) -> None:
    """Delete every pair with one of these keys."""
    rows = tx.execute(
        duplicate.select().with_only_columns(duplicate.c.id, duplicate.c.one, duplicate.c.other)
    )
    _delete(tx, [row.id for row in rows.all() if row.one in nodes or row.other in nodes])


def _delete(tx: Tx, numbers: list[int]) -> None:
    for start in range(0, len(numbers), _AT_ONCE):
        tx.execute(duplicate.delete().where(duplicate.c.id.in_(numbers[start : start + _AT_ONCE])))

"""The record of who did what: rows are only added, and each is sealed together with the one before it.

Whoever changes, drops or slips in a row breaks the chain from there on (`broken`). When a person is erased
the words of rows about them go; what seals the row stays, so the chain still holds.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct, json

from habitue.kernel.clock import Micros
from habitue.store.ops import Ops, Tx, take
from habitue.store.tables import audit, counter

ERASED: Final = "erasure:"
"""How `about` begins in a row whose words were erased."""


class Deed(Struct, frozen=True):
    """Who did what to what, when; `detail` says more, and is empty where that was erased."""

    id: int
    at: Micros
    by: str
    act: str
    about: str
    detail: dict[str, Any]


def note(tx: Tx, now: Micros, by: str, act: str, about: str, **detail: Any) -> None:
    """Add a row, in the transaction that does what it tells of."""
    take(tx, "audit", 1)  # one after another: each is sealed with the last
    last = tx.scalar(sa.select(audit.c.seal).order_by(audit.c.id.desc()).limit(1))
    words = _words(about, detail)
    values = {"at": now, "by": by, "act": act, "about": about, "detail": detail, "digest": words}
    tx.execute(audit.insert().values(**values, seal=_seal(last, now, by, act, words)))


def forget(tx: Tx, number: int, request: int) -> None:
    """Leave of a row only that it was, who did it and when."""
    tx.execute(audit.update().where(audit.c.id == number).values(about=f"{ERASED}{request}", detail={}))


def latest(
    ops: Ops, most: int, before: int | None = None, act: str | None = None, by: str | None = None
) -> list[Deed]:
    """The latest rows, from the one before `before` on; of one kind, or by somebody, where that is said."""
    what = (audit.c[name] for name in Deed.__struct_fields__)
    rows = sa.select(*what).order_by(audit.c.id.desc()).limit(most)
    if before is not None:
        rows = rows.where(audit.c.id < before)
    if act is not None:
        rows = rows.where(audit.c.act == act)
    if by is not None:
        rows = rows.where(audit.c.by == by)
    with ops.read() as tx:
        return [Deed(*row) for row in tx.execute(rows)]


def count(ops: Ops) -> int:
    """How many rows there are."""
    with ops.read() as tx:
        return int(tx.scalar(sa.select(sa.func.count()).select_from(audit)) or 0)


def broken(ops: Ops) -> int | None:
    """The number of the first row that is not as it was written, or not after the one it was; None: all are.

    Where the last rows are gone it is the one after those that are left. Rows from before rows were sealed
    say nothing.
    """
    last: str | None = None
    many = end = 0
    with ops.read() as tx:
        written = int(tx.scalar(sa.select(counter.c.next).where(counter.c.name == "audit")) or 0)
        for row in tx.execute(audit.select().order_by(audit.c.id)):
            end = int(row.id)
            if row.seal is None and last is None:
                continue
            many += 1
            erased = row.about.startswith(ERASED) and not row.detail
            whole = erased or row.digest == _words(row.about, row.detail)
            if not whole or row.seal != _seal(last, row.at, row.by, row.act, row.digest):
                return end
            last = row.seal
    return end + 1 if many < written else None


def _words(about: str, detail: dict[str, Any]) -> str:
    return sha256(json.encode([about, detail], order="sorted")).hexdigest()


def _seal(before: str | None, at: Micros, by: str, act: str, words: str | None) -> str:
    return sha256(json.encode([before, at, by, act, words])).hexdigest()

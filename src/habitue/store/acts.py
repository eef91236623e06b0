"""The record of who did what: rows are only added, and each is sealed together with the one before it.

Whoever changes, drops or slips in a row breaks the chain from there on (`broken`); the seals are made with a
key that is not in the database (`store.keeper`). When a person is erased the words of rows about them go;
what seals the row stays, so the chain still holds.
"""

from __future__ import annotations

from collections.abc import Set
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct, json
from msgspec.structs import replace

from habitue.kernel.clock import Micros
from habitue.kernel.number import number
from habitue.store.keeper import LAST, OPTION, Head, Keeper
from habitue.store.ops import Ops, Tx, take
from habitue.store.tables import audit, counter, erasure

MARK: Final = "erased"
"""What `detail` holds where its words were erased: the proof that it was done here."""
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
    words, keeper = _words(about, detail), _keeper(tx)
    sealed = _sealed(last, now, by, act, words)
    seal = keeper.marks.made(sealed) if keeper else _plain(sealed)
    values = {"at": now, "by": by, "act": act, "about": about, "detail": detail, "digest": words}
    written = audit.insert().values(**values, seal=seal).returning(audit.c.id)
    row = int(tx.execute(written).scalar_one())
    if keeper and _there(tx, keeper.head):  # else how far it went stays as it was noted, to show what is gone
        tx.info[LAST] = (row, seal)


def forget(tx: Tx, row: int, request: int) -> None:
    """Leave of a row only that it was, who did it and when; the key vouches that its words were erased."""
    about, keeper = f"{ERASED}{request}", _keeper(tx)
    words = tx.scalar(sa.select(audit.c.digest).where(audit.c.id == row))
    detail = {MARK: keeper.marks.made(_gone(row, about, words))} if keeper else {}
    tx.execute(audit.update().where(audit.c.id == row).values(about=about, detail=detail))


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
        return [_deed(*row) for row in tx.execute(rows)]


def count(ops: Ops) -> int:
    """How many rows there are."""
    with ops.read() as tx:
        return int(tx.scalar(sa.select(sa.func.count()).select_from(audit)) or 0)


def broken(ops: Ops) -> int | None:
    """The number of the first row that is not as it was written, or not after the one it was; None: all are.

    Where the last rows are gone it is the one after those that are left. Rows from before rows were sealed
    say nothing; of those from before seals were keyed, the first keyed one vouches for all.
    """
    head = ops.keeper.head if ops.keeper else None  # before the rows are looked at, which may be more by then
    with ops.read() as tx:
        written = int(tx.scalar(sa.select(counter.c.next).where(counter.c.name == "audit")) or 0)
        chain = _Chain(ops.keeper, head, {one for (one,) in tx.execute(sa.select(erasure.c.id))})
        for row in tx.execute(audit.select().order_by(audit.c.id)):
            if not chain.goes_on(row):
                return int(row.id)
    return chain.end + 1 if chain.many < written or not chain.reached else None


class _Chain:
    """The record, walked along from its first row."""

    def __init__(self, keeper: Keeper | None, head: Head | None, erasures: Set[int]) -> None:
        self.many = self.end = 0
        self.reached = head is None
        self._keeper, self._head, self._erasures = keeper, head, erasures
        self._last: str | None = None
        self._firm = False
        """From the first keyed row on none may go without."""

    def goes_on(self, row: Any) -> bool:
        """Whether the next row is as it was written, after the last."""
        self.end = int(row.id)
        if row.seal is None and self._last is None:
            return True
        self.many += 1
        sealed = _sealed(self._last, row.at, row.by, row.act, row.digest)
        keyed = self._keeper is not None and self._keeper.marks.right(sealed, row.seal or "")
        if not keyed and (self._firm or row.seal != _plain(sealed)):
            return False
        self._last, self._firm = row.seal, self._firm or keyed
        return self._worded(row, keyed) and self._as_noted(row)

    def _worded(self, row: Any, keyed: bool) -> bool:
        """Whether its words are those that were sealed, or were erased."""
        if row.digest == _words(row.about, row.detail):
            return True
        if not row.about.startswith(ERASED):
            return False
        if self._keeper and row.detail.keys() == {MARK}:
            return self._keeper.marks.right(_gone(row.id, row.about, row.digest), str(row.detail[MARK]))
        known = number(row.about.removeprefix(ERASED)) in self._erasures
        return known and not row.detail and not keyed

    def _as_noted(self, row: Any) -> bool:
        if self._head and not self.reached and row.id >= self._head.number:
            self.reached = row.id == self._head.number and row.seal == self._head.seal
            return self.reached
        return True


def _there(tx: Tx, head: Head | None) -> bool:
    """Whether the row that was noted as the last is there yet."""
    return head is None or head.seal == tx.scalar(sa.select(audit.c.seal).where(audit.c.id == head.number))


def _keeper(tx: Tx) -> Keeper | None:
    found: Keeper | None = tx.get_execution_options().get(OPTION)
    return found


def _deed(*values: Any) -> Deed:
    one = Deed(*values)
    return replace(one, detail={}) if one.detail.keys() == {MARK} else one


def _words(about: str, detail: dict[str, Any]) -> str:
    return sha256(json.encode([about, detail], order="sorted")).hexdigest()


def _sealed(before: str | None, at: Micros, by: str, act: str, words: str | None) -> bytes:
    return json.encode([before, at, by, act, words])


def _gone(row: int, about: str, words: str | None) -> bytes:
    return json.encode(["erased", row, about, words])


def _plain(sealed: bytes) -> str:
    """As it was sealed before there was a key, and where there is none."""
    return sha256(sealed).hexdigest()

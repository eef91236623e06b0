"""Files that lists are written into: who asked, how far it is, and what became of it."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.store import acts
from habitue.store.ops import Ops
from habitue.store.tables import export_job as table

INTERRUPTED: Final = "interrupted"


class Export(Struct, frozen=True):
    """A list (`query`) that is written into `file`: `done` of `total` rows so far.

    `finished` when all of it stands there; `failed` says why it never will.
    """

    id: int
    by: str
    form: str
    query: str
    file: str
    total: int | None
    done: int
    begun: Micros
    finished: Micros | None
    failed: str | None
    size: int | None

    @property
    def running(self) -> bool:
        return self.finished is None and self.failed is None


def begin(ops: Ops, by: str, form: str, query: str, file: str, total: int, now: Micros) -> Export:
    """Note that a list is to be written, also in the record of acts."""
    values = {"by": by, "form": form, "query": query, "file": file, "total": total, "done": 0, "begun": now}
    with ops.begin() as tx:
        made = Export(**tx.execute(table.insert().values(values).returning(table)).one()._mapping)
        acts.note(tx, now, by, "export", f"export:{made.id}", form=form, query=query, rows=total)
    return made


def change(ops: Ops, number: int, **values: Any) -> None:
    """Note how far it is, or what became of it; nothing where it was deleted meanwhile."""
    with ops.begin() as tx:
        tx.execute(table.update().where(table.c.id == number).values(values))


def latest(ops: Ops, by: str, most: int = 20) -> list[Export]:
    """Somebody's, the latest first."""
    rows = table.select().where(table.c.by == by).order_by(table.c.id.desc()).limit(most)
    with ops.read() as tx:
        return [Export(**row._mapping) for row in tx.execute(rows)]


def interrupt(ops: Ops) -> list[str]:
    """What was being written when the process ended is not written any more; its files, which are parts."""
    with ops.begin() as tx:
        mine = table.c.finished.is_(None), table.c.failed.is_(None)
        cut = table.update().where(*mine).values(failed=INTERRUPTED).returning(table.c.file)
        return [row.file for row in tx.execute(cut)]


def sweep(ops: Ops, before: Micros) -> list[str]:
    """Forget those begun before an instant; their files."""
    old = sa.and_(table.c.begun < before, sa.or_(table.c.finished.is_not(None), table.c.failed.is_not(None)))
    with ops.read() as tx:
        if tx.execute(table.select().where(old).limit(1)).first() is None:
            return []
    with ops.begin() as tx:
        return [row.file for row in tx.execute(table.delete().where(old).returning(table.c.file))]

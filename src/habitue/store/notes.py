"""What people write down beside customers: notes, and tasks until they are done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.store import acts
from habitue.store.ops import Ops, Tx
from habitue.store.tables import note

_AT_ONCE: Final = 500


class Note(Struct, frozen=True):
    """A note beside the key of that number, or a `task`, which is `done` at an instant or open.

    `edited` is when its words were changed last; those written at once share a `batch`.
    """

    id: int
    node: int
    task: bool
    text: str
    by: str
    made: Micros
    edited: Micros | None = None
    due: Micros | None = None
    assignee: str | None = None
    done: Micros | None = None
    batch: str | None = None


def write(ops: Ops, notes: Sequence[Mapping[str, Any]], by: str, now: Micros) -> int:
    """Keep notes that are alike but for their customer; the number of the last. The record tells once."""
    first = notes[0]
    what, rows = "task" if first["task"] else "note", [{**one, "by": by, "made": now} for one in notes]
    about = f"customer:{first['node']}" if len(notes) == 1 else f"notes:{first['batch']}"
    with ops.begin() as tx:
        for start in range(0, len(rows) - 1, _AT_ONCE):
            tx.execute(note.insert(), rows[start : min(start + _AT_ONCE, len(rows) - 1)])
        last = tx.execute(note.insert().values(rows[-1]).returning(note.c.id)).scalar_one()
        acts.note(tx, now, by, f"add {what}", about, notes=len(notes))
    return int(last)


def write_with(tx: Tx, notes: Sequence[Mapping[str, Any]], by: str, now: Micros) -> None:
    """Keep notes together with what else the caller's transaction writes; the record tells once."""
    rows = [{**one, "by": by, "made": now} for one in notes]
    for start in range(0, len(rows), _AT_ONCE):
        tx.execute(note.insert(), rows[start : start + _AT_ONCE])
    acts.note(tx, now, by, "add task", f"notes:{rows[0]['batch']}", notes=len(rows))


def get(ops: Ops, number: int) -> Note | None:
    """One of them by its number."""
    with ops.read() as tx:
        row = tx.execute(note.select().where(note.c.id == number)).first()
        return None if row is None else Note(**row._mapping)


def beside(ops: Ops, nodes: Collection[int]) -> list[Note]:
    """All notes and tasks beside these keys, the latest first."""
    return _read(
        ops, note.select().where(note.c.node.in_(nodes)).order_by(note.c.made.desc(), note.c.id.desc())
    )


def tasks(
    ops: Ops, most: int, *, done: bool = False, mine: str | None = None, due: Micros | None = None
) -> list[Note]:
    """Tasks, open ones or those done: what is due first, or was done last.

    `mine` are somebody's: given to them, or theirs and given to nobody; `due` leaves what was due before it.
    """
    last = [note.c.done.desc()] if done else [note.c.due.is_(None), note.c.due, note.c.id]
    return _read(ops, note.select().where(*_asked(done, mine, due)).order_by(*last).limit(most))


def open_tasks(ops: Ops, mine: str | None = None, due: Micros | None = None) -> int:
    """How many tasks are open, as `tasks` gives them."""
    with ops.read() as tx:
        rows = sa.select(sa.func.count()).select_from(note).where(*_asked(False, mine, due))
        return int(tx.scalar(rows) or 0)


def _asked(done: bool, mine: str | None, due: Micros | None) -> list[sa.ColumnElement[bool]]:
    only: list[sa.ColumnElement[bool]] = [note.c.task]
    only.append(note.c.done.is_not(None) if done else note.c.done.is_(None))
    if mine is not None:
        own = sa.and_(note.c.assignee.is_(None), note.c.by == mine)
        only.append(sa.or_(note.c.assignee == mine, own))
    if due is not None:
        only.append(note.c.due < due)
    return only


def change(ops: Ops, old: Note, by: str, now: Micros, act: str, values: Mapping[str, Any]) -> bool:
    """Change one that nobody has changed since `old` was read; whether that could be done."""
    same = [note.c[name] == getattr(old, name) for name in ("id", "text")]
    with ops.begin() as tx:
        changed = tx.execute(note.update().where(*same).values(values)).rowcount == 1
        if changed:
            acts.note(tx, now, by, act, f"customer:{old.node}", note=old.id, **_author(old, by))
    return changed


def delete(ops: Ops, old: Note, by: str, now: Micros) -> None:
    """Delete one; that it was stays in the record of acts."""
    with ops.begin() as tx:
        if tx.execute(note.delete().where(note.c.id == old.id)).rowcount:
            act = f"delete {'task' if old.task else 'note'}"
            acts.note(tx, now, by, act, f"customer:{old.node}", note=old.id, **_author(old, by))


def undo(ops: Ops, batch: str, by: str, now: Micros, whose: str | None = None) -> int:
    """Delete all that were written at once, by somebody where that is said; how many that were."""
    mine = note.c.batch == batch if whose is None else sa.and_(note.c.batch == batch, note.c.by == whose)
    with ops.begin() as tx:
        gone = int(tx.execute(note.delete().where(mine)).rowcount)
        if gone:
            acts.note(tx, now, by, "delete notes", f"notes:{batch}", notes=gone)
    return gone


def renamed(tx: Tx, before: str, after: str) -> None:
    """Whoever wrote some, or is to do some, goes by another name now."""
    for column in ("by", "assignee"):
        tx.execute(note.update().where(note.c[column] == before).values({column: after}))


def _author(old: Note, by: str) -> dict[str, str]:
    """Whose it was, where another changes it."""
    return {} if old.by == by else {"author": old.by}


def forget(tx: Tx, nodes: Collection[int]) -> None:
    """Delete all beside these keys."""
    gone = sorted(nodes)
    for start in range(0, len(gone), _AT_ONCE):
        tx.execute(note.delete().where(note.c.node.in_(gone[start : start + _AT_ONCE])))


def every(ops: Ops) -> list[Note]:
    """All there are."""
    return _read(ops, note.select().order_by(note.c.id))


def blank(tx: Tx, numbers: Collection[int], now: Micros) -> None:
    """Take the words out of notes beside others, which name somebody who was erased."""
    for number in numbers:
        tx.execute(note.update().where(note.c.id == number).values(text="", edited=now))


def _read(ops: Ops, rows: sa.Select[Any]) -> list[Note]:
    with ops.read() as tx:
        return [Note(**row._mapping) for row in tx.execute(rows)]

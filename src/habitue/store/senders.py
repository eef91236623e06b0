"""The sources of events over HTTP, as they are kept."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from habitue.kernel.clock import Micros
from habitue.store.ops import Ops
from habitue.store.tables import source

_COLUMNS = source.c.id, source.c.kind, source.c.write_key, source.c.created


def enter(ops: Ops, name: str, kind: str, write_key: str, now: Micros) -> bool:
    """Note a source; whether its name was free."""
    with ops.begin() as tx:
        if tx.execute(source.select().where(source.c.id == name)).first():
            return False
        tx.execute(source.insert().values(id=name, kind=kind, write_key=write_key, created=now))
    return True


def change(ops: Ops, name: str, write_key: str) -> bool:
    """Note another key of an open source; whether there is one of that name."""
    mine = source.c.id == name, source.c.closed.is_(None)
    with ops.begin() as tx:
        return bool(tx.execute(source.update().where(*mine).values(write_key=write_key)).rowcount)


def close(ops: Ops, name: str, now: Micros) -> bool:
    """Note that a source is closed; whether it was open."""
    mine = source.c.id == name, source.c.closed.is_(None)
    with ops.begin() as tx:
        return bool(tx.execute(source.update().where(*mine).values(closed=now)).rowcount)


def rows(ops: Ops, closed: bool) -> list[tuple[Any, ...]]:
    """Name, kind, write key and since when, of the open ones or of all, by their names."""
    every = sa.select(*_COLUMNS).order_by(source.c.id)
    with ops.read() as tx:
        return [tuple(row) for row in tx.execute(every if closed else every.where(source.c.closed.is_(None)))]

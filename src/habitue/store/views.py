"""Lists of customers that somebody gave a name, and what they are asked with."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.store.ops import Ops, Tx
from habitue.store.tables import saved_view


class View(Struct, frozen=True):
    """A named list: `query` stands in its address. Everybody sees a `shared` one; its owner may change it."""

    id: int
    name: str
    owner: str
    shared: bool
    query: str
    made: Micros


def renamed(tx: Tx, before: str, after: str) -> None:
    """Whoever keeps some goes by another name now."""
    tx.execute(saved_view.update().where(saved_view.c.owner == before).values(owner=after))


def every(ops: Ops) -> list[View]:
    """All there are, in the order in which they were made."""
    with ops.read() as tx:
        return [View(**row._mapping) for row in tx.execute(saved_view.select().order_by(saved_view.c.id))]


def seen(ops: Ops, owner: str) -> list[View]:
    """One's own and those that others share."""
    mine = sa.or_(saved_view.c.owner == owner, saved_view.c.shared)
    with ops.read() as tx:
        rows = tx.execute(saved_view.select().where(mine).order_by(saved_view.c.id))
        return [View(**row._mapping) for row in rows]


def keep(ops: Ops, name: str, owner: str, shared: bool, query: str, now: Micros) -> View:
    """Keep a list under a name, in the place of one's own of that name."""
    values = {"name": name, "owner": owner, "shared": shared, "query": query, "made": now}
    with ops.begin() as tx:
        tx.execute(saved_view.delete().where(saved_view.c.owner == owner, saved_view.c.name == name))
        return View(**tx.execute(saved_view.insert().values(values).returning(saved_view)).one()._mapping)


def delete(tx: Tx, numbers: Collection[int]) -> None:
    """Delete these."""
    for number in numbers:
        tx.execute(saved_view.delete().where(saved_view.c.id == number))

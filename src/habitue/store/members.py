"""Who may sign in, as they are kept."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from habitue.kernel.clock import Micros
from habitue.store.ops import Ops, Tx
from habitue.store.tables import member


def all_(ops: Ops) -> list[dict[str, Any]]:
    """Everybody who is in, in the order they joined."""
    with ops.read() as tx:
        rows = tx.execute(member.select().where(member.c.left.is_(None)).order_by(member.c.id))
        return [dict(row._mapping) for row in rows]


def numbered(ops: Ops, number: int) -> dict[str, Any] | None:
    """The member with that number, if they are in."""
    return _one(ops, member.c.id == number)


def named(ops: Ops, email: str) -> dict[str, Any] | None:
    """The member with that address, if they are in."""
    return _one(ops, member.c.email == email)


def enter(tx: Tx, email: str, name: str, role: str, now: Micros) -> int:
    """Let somebody in, or in again; their number."""
    values = {"name": name, "role": role, "left": None, "password": None, "factor": None}
    known = tx.execute(
        member.update().where(member.c.email == email).values(**values).returning(member.c.id)
    ).first()
    if known:
        return int(known.id)
    made = member.insert().values(email=email, joined=now, **values).returning(member.c.id)
    return int(tx.execute(made).scalar_one())


def change(tx: Tx, number: int, **values: Any) -> bool:
    """Set these of a member who is in; whether there is one."""
    mine = member.c.id == number, member.c.left.is_(None)
    return bool(tx.execute(member.update().where(*mine).values(**values)).rowcount)


def step(tx: Tx, number: int, used: int) -> bool:
    """Note a code's step; whether it is later than any used before, so that each is used once."""
    unused = sa.or_(member.c.factor_step.is_(None), member.c.factor_step < used)
    mine = member.c.id == number, unused
    return bool(tx.execute(member.update().where(*mine).values(factor_step=used)).rowcount)


def owners(tx: Tx) -> int:
    """How many owners are in."""
    mine = member.c.role == "owner", member.c.left.is_(None)
    return int(tx.scalar(sa.select(sa.func.count()).select_from(member).where(*mine)) or 0)


def _one(ops: Ops, which: sa.ColumnElement[bool]) -> dict[str, Any] | None:
    with ops.read() as tx:
        found = tx.execute(member.select().where(which, member.c.left.is_(None))).first()
    return None if found is None else dict(found._mapping)

"""Secrets that open a door to whoever bears them, as they are kept: by their hashes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa

from habitue.kernel.clock import Micros
from habitue.store.ops import Ops, Tx
from habitue.store.tables import credential

_COLUMNS: Final = [column for column in credential.c if column.name != "hash"]


def hashed(secret: str) -> str:
    """As it is kept. The secrets are 160 random bits and more: nobody finds one by trying."""
    return sha256(secret.encode()).hexdigest()


def enter(tx: Tx, secret: str, kind: str, now: Micros, by: str, **more: Any) -> int:
    """Note one; its number."""
    values = {"kind": kind, "hash": hashed(secret), "made": now, "by": by, "reach": [], **more}
    return int(tx.execute(credential.insert().values(**values).returning(credential.c.id)).scalar_one())


def borne(ops: Ops, secret: str, kinds: Sequence[str], now: Micros) -> dict[str, Any] | None:
    """The one that this secret opens, if it is of such a kind and still good."""
    with ops.read() as tx:
        mine = credential.c.hash == hashed(secret), credential.c.kind.in_(kinds), *_good(now)
        found = tx.execute(sa.select(*_COLUMNS).where(*mine)).first()
    return None if found is None else dict(found._mapping)


def spend(tx: Tx, secret: str, kind: str, now: Micros) -> dict[str, Any] | None:
    """Use one up: of two who try at once, one gets it."""
    mine = credential.c.hash == hashed(secret), credential.c.kind == kind, *_good(now)
    found = tx.execute(credential.update().where(*mine).values(ended=now).returning(*_COLUMNS)).first()
    return None if found is None else dict(found._mapping)


def taken(tx: Tx, kind: str, name: str, now: Micros) -> str | None:
    """Use up the one of that kind that names somebody; the first thing that it gives."""
    mine = credential.c.kind == kind, credential.c.name == name, *_good(now)
    found = tx.execute(
        credential.update().where(*mine).values(ended=now).returning(credential.c.reach)
    ).first()
    return None if found is None else str(found.reach[0])


def seen(ops: Ops, number: int, now: Micros, expires: Micros | None = None) -> None:
    """Note that it was used, and until when it may be used again."""
    more = {} if expires is None else {"expires": expires}
    with ops.begin() as tx:
        tx.execute(credential.update().where(credential.c.id == number).values(seen=now, **more))


def end(tx: Tx, now: Micros, *, but: int | None = None, save: str | None = None, **which: Any) -> int:
    """End those that have these values, but not `but` and none of the kind `save`; how many were good."""
    mine = [credential.c[name] == value for name, value in which.items()]
    if but is not None:
        mine.append(credential.c.id != but)
    if save is not None:
        mine.append(credential.c.kind != save)
    return tx.execute(credential.update().where(*mine, *_good(now)).values(ended=now)).rowcount


def renamed(tx: Tx, before: str, after: str) -> None:
    """Whoever made some goes by another name now."""
    tx.execute(credential.update().where(credential.c.by == before).values(by=after))


def good(ops: Ops, now: Micros, **which: Any) -> list[dict[str, Any]]:
    """Those with these values that can still be used, the latest made first."""
    mine = [credential.c[name] == value for name, value in which.items()]
    every = sa.select(*_COLUMNS).where(*mine, *_good(now)).order_by(credential.c.id.desc())
    with ops.read() as tx:
        return [dict(row._mapping) for row in tx.execute(every)]


def _good(now: Micros) -> list[sa.ColumnElement[bool]]:
    return [
        credential.c.ended.is_(None),
        sa.or_(credential.c.expires.is_(None), credential.c.expires > now),
    ]

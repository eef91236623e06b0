"""Events that could not be taken: kept until somebody has looked at them, the newest of each source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.store.ops import Ops
from habitue.store.tables import dead

KEPT: Final = 10_000
"""So many wait of each source at most; older ones go."""

LONGEST: Final = 64 << 10
"""Bytes kept of one: nobody mends more by hand."""


_BEYOND: Final = 1 << 63
_PLACE: Final = re.compile(r"\(byte (\d+)\)")


class Dead(Struct, frozen=True):
    """One of them: when it came and from where, the code of why and its fields, and itself."""

    id: int
    received: Micros
    source: str
    code: str
    fields: dict[str, Any]
    body: bytes


class Lost(Struct, frozen=True):
    """One to be kept; `origin` names it where the same could be found again."""

    source: str
    received: Micros
    code: str
    fields: dict[str, Any]
    body: bytes
    origin: str | None = None


def bury(tx: sa.Connection, lost: Sequence[Lost]) -> None:
    """Keep them; one whose origin is known is kept already."""
    for one in lost:
        named = sa.select(dead.c.id).where(dead.c.origin == one.origin)
        if one.origin is None or not tx.execute(named).first():
            tx.execute(
                dead.insert().values(
                    origin=one.origin,
                    source=one.source,
                    received=one.received,
                    reason=one.code,
                    detail=one.fields,
                    body=one.body[:LONGEST],
                )
            )
    for source in {one.source for one in lost}:
        mine = sa.select(dead.c.id).where(dead.c.source == source).order_by(dead.c.id.desc())
        last = tx.scalar(mine.offset(KEPT).limit(1))
        if last is not None:
            tx.execute(dead.delete().where(dead.c.source == source, dead.c.id <= last))


def counts(ops: Ops) -> dict[str, int]:
    """How many wait to be looked at, by the code of why."""
    return {**ops.kept(counts, lambda: _counts(ops))}


def _counts(ops: Ops) -> dict[str, int]:
    waiting = sa.select(dead.c.reason, sa.func.count()).where(dead.c.settled.is_(None))
    with ops.read() as tx:
        counted = tx.execute(waiting.group_by(dead.c.reason).order_by(dead.c.reason))
        return {code: int(n) for code, n in counted}


def by_source(ops: Ops) -> dict[str, int]:
    """How many wait to be looked at, by who sent them."""
    waiting = sa.select(dead.c.source, sa.func.count()).where(dead.c.settled.is_(None))
    with ops.read() as tx:
        return {source: int(n) for source, n in tx.execute(waiting.group_by(dead.c.source))}


def latest(ops: Ops, most: int) -> list[Dead]:
    """Those that wait to be looked at, the newest first."""
    waiting = dead.select().where(dead.c.settled.is_(None)).order_by(dead.c.id.desc()).limit(most)
    with ops.read() as tx:
        return [_dead(row) for row in tx.execute(waiting)]


def numbered(ops: Ops, number: int) -> Dead | None:
    """One that waits; None where there is no such one."""
    with ops.read() as tx:
        return waiting(tx, number)


def waiting(tx: sa.Connection, number: int) -> Dead | None:
    """One that waits; None where there is no such one."""
    if not 0 < number < _BEYOND:  # which no database can be asked for
        return None
    found = tx.execute(dead.select().where(dead.c.id == number, dead.c.settled.is_(None))).first()
    return _dead(found) if found else None


def settle(tx: sa.Connection, number: int, now: Micros, outcome: str) -> None:
    """Note what became of one."""
    tx.execute(dead.update().where(dead.c.id == number).values(settled=now, outcome=outcome))


def _dead(row: sa.Row[Any]) -> Dead:
    fields = dict(row.detail)
    if row.reason == "no-json" and "byte" not in fields:  # kept when the parser's own sentence was told
        place = _PLACE.search(str(fields.get("reason")))
        fields["byte"] = int(place[1]) if place else len(row.body)
    return Dead(row.id, row.received, row.source, row.reason, fields, row.body)

"""Broadcasts as they are kept: what each says, every turn it took, and the parts that are still to go.

How a broadcast stands is its last turn. Whoever writes is inside a transaction of its own; a turn is taken
by who has seen the one before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql, sqlite

from habitue.kernel.clock import Micros
from habitue.store.ops import Tx
from habitue.store.tables import tables

broadcast = Table(
    "broadcast",
    tables,
    Column("id", Integer, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("body", JSON, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("editor", Text, nullable=False),
    Column("starts", BigInteger),
    Column("decides", BigInteger),
    Column("winner", Text),
)
"""What is sent to many at once. It `starts` when its recipients are fixed; of a test the `winner` is found
when it `decides`."""

turn = Table(
    "broadcast_turn",
    tables,
    Column("id", Integer, primary_key=True),
    Column("broadcast", Integer, ForeignKey("broadcast.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("told", JSON, nullable=False),
    UniqueConstraint("broadcast", "number", name="broadcast_turn_once"),
)
"""Who made of a broadcast what it has been since; `told` says what there is to say of it."""

part = Table(
    "broadcast_part",
    tables,
    Column("id", Integer, primary_key=True),
    Column("broadcast", Integer, ForeignKey("broadcast.id"), nullable=False),
    Column("variant", Text),
    Column("template", Integer),
    Column("people", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Index("broadcast_part_of", "broadcast", "id"),
)
"""Some who are still to be put into the outbox, and when theirs is due; gone once they are in it.

Those without a `variant` wait for the winner.
"""

OVER: Final = ("finished", "cancelled")


class Kept(NamedTuple):
    """A broadcast with its last turn: the `state` it has been in `since`, and by whom."""

    id: int
    slug: str
    body: dict[str, Any]
    made: Micros
    by: str
    changed: Micros
    editor: str
    starts: Micros | None
    decides: Micros | None
    winner: str | None
    number: int
    state: str
    since: Micros
    mover: str
    told: dict[str, Any]


class Turn(NamedTuple):
    """What a broadcast became, when, and who made it so."""

    state: str
    at: Micros
    by: str
    told: dict[str, Any]


class Part(NamedTuple):
    """Some recipients, packed; `variant` is None where they wait for the winner."""

    id: int
    variant: str | None
    template: int | None
    people: bytes
    size: int


class Overtaken(Exception):
    """Somebody else has moved the broadcast on meanwhile: nothing was written."""


def add(tx: Tx, slug: str, body: dict[str, Any], now: Micros, by: str) -> int | None:
    """Keep a new one, as a draft; None where the name is taken."""
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    values = {"slug": slug, "body": body, "made": now, "by": by, "changed": now, "editor": by}
    adding = dialect.insert(broadcast).values(values).on_conflict_do_nothing().returning(broadcast.c.id)
    made: int | None = tx.scalar(adding)
    if made is not None:
        move(tx, made, 0, "draft", now, by)
    return made


def change(tx: Tx, number: int, body: dict[str, Any], now: Micros, by: str) -> None:
    """Let it say this from now on."""
    tx.execute(broadcast.update().where(broadcast.c.id == number).values(body=body, changed=now, editor=by))


def settle(tx: Tx, number: int, **columns: Any) -> None:
    """Set when it `starts`, when it `decides`, which is the `winner`."""
    tx.execute(broadcast.update().where(broadcast.c.id == number).values(**columns))


def drop(tx: Tx, number: int) -> None:
    """Forget one that was never sent."""
    for table, own in ((part, part.c.broadcast), (turn, turn.c.broadcast), (broadcast, broadcast.c.id)):
        tx.execute(table.delete().where(own == number))


def move(
    tx: Tx, number: int, last: int, state: str, now: Micros, by: str, told: dict[str, Any] | None = None
) -> None:
    """Take the turn after the one numbered `last`; raises `Overtaken` where that is not the last one."""
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    row = {"broadcast": number, "number": last + 1, "state": state, "at": now, "by": by, "told": told or {}}
    adding = dialect.insert(turn).values(row).on_conflict_do_nothing().returning(turn.c.id)
    if tx.scalar(adding) is None:
        raise Overtaken


_LAST: Final = sa.select(turn.c.broadcast, sa.func.max(turn.c.number).label("number")).group_by(
    turn.c.broadcast
)


def every(tx: Tx, slug: str | None = None, but: Collection[str] = ()) -> list[Kept]:
    """Those that there are, the newest first; one of them, or all but those in some states."""
    last = _LAST.subquery()
    now = turn.c.number, turn.c.state, turn.c.at, turn.c.by, turn.c.told
    rows = (
        sa.select(*broadcast.c, *now)
        .join(last, last.c.broadcast == broadcast.c.id)
        .join(turn, (turn.c.broadcast == broadcast.c.id) & (turn.c.number == last.c.number))
        .order_by(broadcast.c.id.desc())
    )
    if slug is not None:
        rows = rows.where(broadcast.c.slug == slug)
    return [Kept(*tuple(row)) for row in tx.execute(rows) if row.state not in but]


def hold(tx: Tx, slug: str) -> Kept:
    """One of them, which nobody moves on while this transaction lasts."""
    tx.execute(sa.select(broadcast.c.id).where(broadcast.c.slug == slug).with_for_update()).one()
    return every(tx, slug)[0]


def turns(tx: Tx, number: int) -> list[Turn]:
    """All that it ever became, the first one first."""
    rows = sa.select(turn.c.state, turn.c.at, turn.c.by, turn.c.told).where(turn.c.broadcast == number)
    return [Turn(*tuple(row)) for row in tx.execute(rows.order_by(turn.c.number))]


# --- who is still to get it -----------------------------------------------------------------------


def put(tx: Tx, number: int, parts: Iterable[tuple[str | None, int | None, bytes, int]]) -> None:
    """Keep these parts: variant, template, people, size."""
    columns = ("variant", "template", "people", "size")
    rows = [{"broadcast": number, **dict(zip(columns, one, strict=True))} for one in parts]
    if rows:
        tx.execute(part.insert(), rows)


def parts(tx: Tx, number: int, most: int | None = None, waiting: bool = False) -> list[Part]:
    """Those that can go, or those that wait for a winner; the first one first."""
    fits = part.c.variant.is_(None) if waiting else part.c.variant.is_not(None)
    columns = part.c.id, part.c.variant, part.c.template, part.c.people, part.c.size
    rows = sa.select(*columns).where(part.c.broadcast == number, fits).order_by(part.c.id).limit(most)
    return [Part(*tuple(row)) for row in tx.execute(rows)]


def left(tx: Tx, number: int) -> int:
    """How many people are in parts."""
    return int(tx.scalar(sa.select(sa.func.sum(part.c.size)).where(part.c.broadcast == number)) or 0)


def take(tx: Tx, ids: Collection[int]) -> bool:
    """Take parts out, for good; False where somebody else has taken any of them."""
    gone = tx.execute(part.delete().where(part.c.id.in_(ids)))
    return gone.rowcount == len(ids)


def empty(tx: Tx, number: int) -> None:
    """Take out all parts of one."""
    tx.execute(part.delete().where(part.c.broadcast == number))

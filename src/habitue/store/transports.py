"""The ways out that are set up, as they are kept: their settings are sealed, and a change makes a new one."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from habitue.kernel.clock import Micros
from habitue.store.ops import Tx
from habitue.store.tables import tables

transport = Table(
    "transport",
    tables,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("lanes", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("ended", BigInteger),
)
"""A way out of a `kind`, such as a mail relay, with its sealed settings; `lanes` says what goes by it."""


class Kept(NamedTuple):
    """A way out of a kind for a channel; `settings` are sealed."""

    id: int
    kind: str
    channel: str
    settings: str
    made: Micros
    by: str


_OWN = [transport.c[name] for name in Kept._fields]


def standing(tx: Tx) -> list[Kept]:
    """Those in use, the oldest first."""
    rows = transport.select().with_only_columns(*_OWN).where(transport.c.ended.is_(None))
    return [Kept(*tuple(row)) for row in tx.execute(rows.order_by(transport.c.id))]


def put(tx: Tx, kind: str, channel: str, settings: str, by: str, now: Micros) -> None:
    """Let this be how a channel is reached from now on."""
    end(tx, channel, now)
    made: dict[str, Any] = {"name": channel, "lanes": "", "made": now, "by": by}
    tx.execute(transport.insert().values(kind=kind, channel=channel, settings=settings, **made))


def end(tx: Tx, channel: str, now: Micros) -> bool:
    """Send nothing by this channel any more; whether anything was. Its settings are forgotten."""
    mine = transport.c.channel == channel, transport.c.ended.is_(None)
    return tx.execute(transport.update().where(*mine).values(ended=now, settings="")).rowcount > 0


def resealed(tx: Tx, number: int, settings: str) -> None:
    """The same settings sealed anew."""
    tx.execute(transport.update().where(transport.c.id == number).values(settings=settings))

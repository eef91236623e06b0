"""How we stand with those who take our messages: what came of them, when marketing stopped, what DNS says."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import JSON, BigInteger, Column, Integer, Table, Text

from habitue.kernel.clock import Micros
from habitue.store.ops import Tx
from habitue.store.tables import message, tables

halt = Table(
    "halt",
    tables,
    Column("id", Integer, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("ended", BigInteger),
    Column("by", Text),
    Column("why", Text),
)
"""When marketing on a channel was stopped by itself, and who let it go on (`by`), why."""

domain_check = Table(
    "domain_check",
    tables,
    Column("id", Integer, primary_key=True),
    Column("domain", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("found", JSON, nullable=False),
)
"""What stood in DNS for a sender's domain, each time that it was looked at."""

_GONE: Final = ("sent", "bounced", "unknown")


class Halt(NamedTuple):
    """Marketing on a channel stands still since then; `detail` says what came to too much."""

    id: int
    channel: str
    since: Micros
    detail: dict[str, Any]


class Looked(NamedTuple):
    """What was found in DNS for a domain, when, and who asked."""

    domain: str
    at: Micros
    by: str
    found: list[dict[str, Any]]


def complain(tx: Tx, number: int, now: Micros) -> bool:
    """Note that somebody called a message spam; False where they had already."""
    mine = message.c.id == number, message.c.complained.is_(None)
    return tx.execute(message.update().where(*mine).values(complained=now)).rowcount > 0


def tallies(tx: Tx, channel: str, since: Micros, until: Micros) -> list[tuple[str, int, int, int]]:
    """Of marketing that left in a time, by the mailbox's provider: how much, how much came back, and how much
    was called spam.
    """
    provider = sa.func.coalesce(message.c.provider, "other")
    back = sa.func.sum(sa.case((message.c.state == "bounced", 1), else_=0))
    spam = sa.func.sum(sa.case((message.c.complained.is_not(None), 1), else_=0))
    mine = message.c.channel == channel, message.c.lane == 1, message.c.state.in_(_GONE)
    rows = sa.select(provider, sa.func.count(), back, spam).where(
        *mine, message.c.left > since, message.c.left <= until
    )
    found = tx.execute(rows.group_by(provider).order_by(sa.func.count().desc(), provider))
    return [(name, int(n), int(b), int(s)) for name, n, b, s in found]


def slots(tx: Tx, channel: str, since: Micros, length: Micros) -> list[tuple[int, int, int, int]]:
    """The same by slot of a length, counted from 1970."""
    at = sa.cast(sa.func.floor(message.c.left / length), sa.BigInteger)
    back = sa.func.sum(sa.case((message.c.state == "bounced", 1), else_=0))
    spam = sa.func.sum(sa.case((message.c.complained.is_not(None), 1), else_=0))
    mine = message.c.channel == channel, message.c.lane == 1, message.c.state.in_(_GONE)
    rows = sa.select(at, sa.func.count(), back, spam).where(*mine, message.c.left > since)
    found = tx.execute(rows.group_by(at).order_by(at))
    return [(int(one), int(n), int(b), int(s)) for one, n, b, s in found]


# --- standing still -------------------------------------------------------------------------------


def standing(tx: Tx) -> dict[str, Halt]:
    """The channels on which marketing stands still."""
    columns = halt.c.id, halt.c.channel, halt.c.since, halt.c.detail
    return {row.channel: Halt(*row) for row in tx.execute(sa.select(*columns).where(halt.c.ended.is_(None)))}


def stop(tx: Tx, channel: str, detail: dict[str, Any], now: Micros) -> None:
    """Let marketing on a channel stand still."""
    tx.execute(halt.insert().values(channel=channel, since=now, detail=detail))


def lift(tx: Tx, channel: str, by: str, why: str, now: Micros) -> bool:
    """Let it go on; False where it does."""
    mine = halt.c.channel == channel, halt.c.ended.is_(None)
    return tx.execute(halt.update().where(*mine).values(ended=now, by=by, why=why)).rowcount > 0


def lifted(tx: Tx, channel: str) -> Micros | None:
    """When somebody let it go on last."""
    found: Micros | None = tx.scalar(sa.select(sa.func.max(halt.c.ended)).where(halt.c.channel == channel))
    return found


# --- what DNS says --------------------------------------------------------------------------------


def look(tx: Tx, one: Looked) -> None:
    """Keep what was found."""
    tx.execute(domain_check.insert().values(one._asdict()))


def looked(tx: Tx, domain: str) -> Looked | None:
    """What was found for a domain last."""
    columns = (domain_check.c[name] for name in Looked._fields)
    rows = sa.select(*columns).where(domain_check.c.domain == domain).order_by(domain_check.c.id.desc())
    row = tx.execute(rows.limit(1)).first()
    return None if row is None else Looked(*row)

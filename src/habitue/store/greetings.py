"""What waits for a customer's next visit of the shop's site: each is one message's, shown to them once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text
from sqlalchemy.dialects import postgresql, sqlite

from habitue.kernel.clock import Micros
from habitue.store.ops import Tx
from habitue.store.tables import message, tables

greeting = Table(
    "greeting",
    tables,
    Column(
        "message",
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("message.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("person", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("button", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("given", BigInteger),
    Column("shown", BigInteger),
    Column("settled", BigInteger),
    Column("outcome", Text),
    Index("greeting_person", "person", "shown"),
)
"""`given` to a page is not `shown` yet: the page may be gone before. `outcome`: what its reader did, and when
that `settled` it; `unseen` where its time was over before anybody came.
"""

UNSEEN = "unseen"

_WHOSE = [message.c[name] for name in ("purpose", "address", "priority")]


def put(tx: Tx, row: Mapping[str, Any]) -> None:
    """Add one, if it is not there yet."""
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    tx.execute(dialect.insert(greeting).values(**row).on_conflict_do_nothing())


def there(tx: Tx, numbers: Collection[int]) -> set[int]:
    """Those of these messages that wait, or were shown."""
    rows = sa.select(greeting.c.message).where(greeting.c.message.in_(sorted(numbers)))
    return {row.message for row in tx.execute(rows)}


def waiting(tx: Tx, persons: Collection[int], now: Micros, given: Micros) -> list[Any]:
    """Those for a customer, under all their numbers, not given to a page since: the first goes first."""
    whole = greeting.join(message, message.c.id == greeting.c.message)
    rows = sa.select(*greeting.c, *_WHOSE).select_from(whole).where(*_open(now, given))
    mine = rows.where(greeting.c.person.in_(sorted(persons)))
    return list(tx.execute(mine.order_by(message.c.priority.desc(), greeting.c.message)))


def give(tx: Tx, number: int, now: Micros, given: Micros) -> bool:
    """Give one to a page; False where another page was faster."""
    mine = greeting.update().where(greeting.c.message == number, *_open(now, given))
    return tx.execute(mine.values(given=now)).rowcount > 0


def show(tx: Tx, number: int, now: Micros) -> bool:
    """Note that it was shown; False where that was known, or no page was given it."""
    mine = greeting.c.message == number, greeting.c.shown.is_(None), greeting.c.given.is_not(None)
    seen = {"shown": now, "settled": None, "outcome": None}
    return tx.execute(greeting.update().where(*mine).values(seen)).rowcount > 0


def settle(tx: Tx, number: int, outcome: str, now: Micros) -> bool:
    """Note what its reader did; False where that was known, or it was not shown."""
    mine = greeting.c.message == number, greeting.c.settled.is_(None), greeting.c.shown.is_not(None)
    return tx.execute(greeting.update().where(*mine).values(settled=now, outcome=outcome)).rowcount > 0


def overdue(tx: Tx, until: Micros, most: int) -> list[Any]:
    """The messages, with when each expired, that nobody was shown until then; so many at most."""
    over = greeting.c.expires <= until, greeting.c.shown.is_(None), greeting.c.settled.is_(None)
    whole = greeting.join(message, message.c.id == greeting.c.message)
    rows = sa.select(message, greeting.c.expires.label("until")).select_from(whole).where(*over)
    return list(tx.execute(rows.order_by(greeting.c.message).limit(most)))


def give_up(tx: Tx, numbers: Collection[int], now: Micros) -> None:
    """Note that these were not seen in their time."""
    mine = greeting.update().where(greeting.c.message.in_(sorted(numbers)))
    tx.execute(mine.values(settled=now, outcome=UNSEEN))


def _open(now: Micros, given: Micros) -> tuple[sa.ColumnElement[bool], ...]:
    free = sa.or_(greeting.c.given.is_(None), greeting.c.given <= given)
    return greeting.c.shown.is_(None), greeting.c.expires > now, free

"""What waits for somebody of the team to do it: calls to make, letters to print. Each is one message's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text
from sqlalchemy.dialects import postgresql, sqlite

from habitue.kernel.clock import Micros
from habitue.store.ops import Tx
from habitue.store.tables import message, tables

errand = Table(
    "errand",
    tables,
    Column(
        "message",
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("message.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("channel", Text, nullable=False),
    Column("to", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("tried", BigInteger),
    Column("settled", BigInteger),
    Column("outcome", Text),
    Column("by", Text),
    Index("errand_open", "channel", "settled", "message"),
)
"""`outcome` says what came of it once it is `settled`, `by` whom; a call that nobody answered is `tried`."""

_WHOSE = [message.c[name] for name in ("person", "origin", "step", "run", "purpose", "template", "address")]


def put(tx: Tx, row: Mapping[str, Any]) -> None:
    """Add one, if it is not there yet."""
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    tx.execute(dialect.insert(errand).values(tries=0, **row).on_conflict_do_nothing())


def there(tx: Tx, numbers: Collection[int]) -> set[int]:
    """Those of these messages that are on a list."""
    rows = sa.select(errand.c.message).where(errand.c.message.in_(sorted(numbers)))
    return {row.message for row in tx.execute(rows)}


def waiting(tx: Tx, channel: str, most: int, after: int = 0) -> list[Any]:
    """Those that are still to be done, the oldest first, with whose message it is."""
    mine = errand.c.channel == channel, errand.c.settled.is_(None), errand.c.message > after
    return list(tx.execute(_joined().where(*mine).order_by(errand.c.message).limit(most)))


def one(tx: Tx, number: int) -> Any:
    """One, done or not; None where it isn't on a list."""
    return tx.execute(_joined().where(errand.c.message == number)).first()


def _joined() -> sa.Select[Any]:
    whole = errand.join(message, message.c.id == errand.c.message)
    return sa.select(*errand.c, *_WHOSE).select_from(whole)


def count(tx: Tx, channel: str) -> int:
    """How many are still to be done."""
    mine = errand.c.channel == channel, errand.c.settled.is_(None)
    return int(tx.scalar(sa.select(sa.func.count()).where(*mine)) or 0)


def settle(tx: Tx, number: int, outcome: str, by: str, now: Micros) -> bool:
    """Note what came of one; False where somebody has done so already."""
    mine = errand.c.message == number, errand.c.settled.is_(None)
    return tx.execute(errand.update().where(*mine).values(settled=now, outcome=outcome, by=by)).rowcount > 0


def attempt(tx: Tx, number: int, by: str, now: Micros) -> int | None:
    """Note that one was tried in vain; how many times that was, None where it is done already."""
    mine = errand.c.message == number, errand.c.settled.is_(None)
    again = errand.update().where(*mine).values(tries=errand.c.tries + 1, tried=now, by=by)
    found: int | None = tx.scalar(again.returning(errand.c.tries))
    return found

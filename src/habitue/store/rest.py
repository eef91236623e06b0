"""Origins whose messages rest where they are, until they go on."""

from __future__ import annotations

import sqlalchemy as sa

from habitue.kernel.clock import Micros
from habitue.store.messages import idle
from habitue.store.ops import Tx
from habitue.store.tables import message, paused


def pause(tx: Tx, origin: str, now: Micros) -> bool:
    """Leave an origin's messages where they are; whether they were not left so before."""
    if tx.scalar(sa.select(paused.c.since).where(paused.c.origin == origin)) is not None:
        return False
    tx.execute(paused.insert().values(origin=origin, since=now))
    # Without a time they are in nobody's way who looks for what is due.
    tx.execute(message.update().where(*idle(origin), message.c.due.is_not(None)).values(due=None))
    return True


def resume(tx: Tx, origin: str, now: Micros) -> Micros | None:
    """Let them go again, those whose time came meanwhile from now on; since when they were paused."""
    since: Micros | None = tx.scalar(
        paused.delete().where(paused.c.origin == origin).returning(paused.c.since)
    )
    if since is not None:
        missed = *idle(origin), message.c.planned >= since, message.c.planned < now
        tx.execute(message.update().where(*missed).values(planned=now))
        asleep = *idle(origin), message.c.due.is_(None)
        tx.execute(message.update().where(*asleep).values(due=message.c.planned))
    return since


def postpone(tx: Tx, origin: str, since: Micros, now: Micros, spaced: bool) -> None:
    """Of an origin paused since then: what is overdue is due now; what was not is due so much later, where
    they are `spaced`.
    """
    if spaced:
        later = message.c.planned + (now - since)
        tx.execute(message.update().where(*idle(origin), message.c.planned >= since).values(planned=later))
    tx.execute(message.update().where(*idle(origin), message.c.planned < now).values(planned=now))


def resting(tx: Tx) -> dict[str, Micros]:
    """The origins that are paused, since when."""
    return {row.origin: row.since for row in tx.execute(paused.select())}

"""What was kept long enough goes: messages that reached their end, runs of journeys that are over."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from habitue.kernel.clock import Micros
from habitue.store.ops import Tx
from habitue.store.tables import message
from habitue.store.travels import arm, run


def messages(tx: Tx, before: Micros, most: int) -> int:
    """Delete messages that ended before an instant, so many at most; how many that were."""
    old = sa.select(message.c.id).where(message.c.ended.is_not(None), message.c.changed < before)
    return tx.execute(message.delete().where(message.c.id.in_(old.limit(most)))).rowcount


def runs(tx: Tx, before: Micros, most: int, but: Collection[str]) -> int:
    """Delete runs that ended before an instant, but of those journeys; how many that were."""
    over = run.c.ended < before, sa.or_(run.c.goal_until.is_(None), run.c.goal_until < before)
    old = sa.select(run.c.id).where(*over, run.c.journey.not_in(but)).limit(most)
    gone = [*tx.scalars(old)]
    tx.execute(arm.delete().where(arm.c.run.in_(gone)))
    return tx.execute(run.delete().where(run.c.id.in_(gone))).rowcount

"""Whom messages reach, asked of many customers at once: of an origin, or of all marketing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa

from habitue.kernel.clock import Micros
from habitue.store.messages import COUNTED, Row
from habitue.store.ops import Tx, given
from habitue.store.tables import message, paused

OPEN: Final = ("wanted", "held", "sending")
"""The states of what has not reached its end."""

NEVER: Final = 0
"""When what was called back expired."""


def open_(tx: Tx, origin: str) -> bool:
    """Whether any of an origin's messages has not reached its end."""
    mine = message.c.origin == origin, message.c.state.in_(OPEN)
    return tx.scalar(sa.select(message.c.id).where(*mine).limit(1)) is not None


def call_back(tx: Tx, origin: str, step: str | None, runs: Collection[str] | None) -> None:
    """Let what a worker holds of an origin not be begun any more: its time was over long ago."""
    mine = [message.c.lease.is_not(None), message.c.origin == origin, message.c.state == "sending"]
    if step is not None:
        mine.append(message.c.step == step)
    if runs is not None:
        mine.append(message.c.run.in_(sa.select(given(tx.dialect.name, sorted({*runs})).c.value)))
    tx.execute(message.update().where(*mine).values(expires=NEVER))


def called_back(tx: Tx, token: int) -> dict[int, bool]:
    """What a worker holds and is not to begin; whether for good, or while its origin rests."""
    over = sa.func.coalesce(message.c.expires == NEVER, sa.false()).label("over")
    held = message.c.lease.is_not(None), message.c.token == token, message.c.state == "sending"
    resting = message.c.origin.in_(sa.select(paused.c.origin))
    rows = sa.select(message.c.id, over).where(*held, sa.or_(over, resting))
    return {row.id: bool(row.over) for row in tx.execute(rows)}


def had(tx: Tx, origin: str, persons: Collection[int]) -> set[int]:
    """Those of these persons for whom an origin wanted a message, whatever became of it."""
    mine = message.c.origin == origin, message.c.person.in_(_numbers(tx, persons))
    return {*tx.scalars(sa.select(message.c.person).where(*mine))}


def lately(tx: Tx, channel: str, since: Micros) -> list[tuple[int, Micros]]:
    """Whom marketing reached on a channel after an instant, and when: `person` and `left`, however many."""
    rows = sa.select(message.c.person, message.c.left).where(message.c.channel == channel, *_marketing(since))
    found: Any = tx.execute(rows)
    told: list[tuple[int, Micros]] = found.cursor.fetchall()
    found.close()
    return told


def left(tx: Tx, channel: str, since: Micros, but: str) -> list[tuple[int, Micros, int]]:
    """Marketing that left by a channel after an instant, of all origins but one: to whom, when, priority."""
    columns = message.c.person, message.c.left, message.c.priority
    rows = sa.select(*columns).where(
        message.c.channel == channel, message.c.origin != but, *_marketing(since)
    )
    found: Any = tx.execute(rows)
    told: list[tuple[int, Micros, int]] = found.cursor.fetchall()
    found.close()
    return told


def billed(tx: Tx, channel: str, since: Micros, but: str) -> list[tuple[int, int]]:
    """What left by a channel after an instant and cost something, of all origins but one: when, how much."""
    mine = message.c.channel == channel, message.c.origin != but, message.c.left > since, message.c.cost > 0
    found: Any = tx.execute(sa.select(message.c.left, message.c.cost).where(*mine))
    told: list[tuple[int, int]] = found.cursor.fetchall()
    found.close()
    return told


def spent(tx: Tx, since: Micros, until: Micros) -> dict[str, tuple[int, int]]:
    """By channel, of what left in a time and had a price: how many, and what they cost together."""
    what = message.c.channel, sa.func.count(), sa.func.sum(message.c.cost)
    mine = message.c.left >= since, message.c.left < until, message.c.cost.is_not(None)
    rows = tx.execute(sa.select(*what).where(*mine).group_by(message.c.channel))
    return {channel: (int(n), int(cost)) for channel, n, cost in rows}


def reached(tx: Tx, origin: str) -> list[tuple[str, int, Micros]]:
    """Whom an origin reached, as far as is known, by which step, and when; however many."""
    rows = sa.select(message.c.step, message.c.person, message.c.left)
    there = message.c.origin == origin, message.c.state.in_(("sent", "unknown"))
    found: Any = tx.execute(rows.where(*there))
    told: list[tuple[str, int, Micros]] = found.cursor.fetchall()
    found.close()
    return told


def met(tx: Tx, persons: Collection[int], origins: Collection[str]) -> list[Row]:
    """The `person` and `origin` of what these origins brought to these persons, or may have."""
    what = message.c.person, message.c.origin
    mine = message.c.origin.in_(origins), *_marketing(0)
    return list(tx.execute(sa.select(*what).where(*mine, message.c.person.in_(_numbers(tx, persons)))))


def stopped(tx: Tx, origin: str, state: str, reason: str | None, most: int) -> list[int]:
    """Some of those whose message of an origin is in a state, for a reason."""
    mine = message.c.origin == origin, message.c.state == state, message.c.reason == reason
    return [*tx.scalars(sa.select(message.c.person).where(*mine).order_by(message.c.id).limit(most))]


_AFTER_CHANCE: Final = ("twin", "collision", "cap", "quiet", "budget")
"""The guards that judge whom chance did not leave alone."""


def assigned(tx: Tx, origin: str, since: Micros, until: Micros) -> list[tuple[Any, ...]]:
    """Whom chance had its say about, of an origin's marketing, by when: person, whether left alone, when.

    Who was stopped before (no address, no consent) is in neither group; who was to get it is in theirs
    whatever became of it after.
    """
    alone = sa.and_(message.c.state == "skipped", message.c.reason == "holdout")
    when = sa.func.coalesce(message.c.left, message.c.changed)
    judged = sa.or_(alone, message.c.left.is_not(None), message.c.reason.in_(_AFTER_CHANCE))
    columns = message.c.person, sa.case((alone, 1), else_=0), when.label("when")
    mine = message.c.origin == origin, message.c.lane == 1, judged, when > since, when <= until
    found: Any = tx.execute(sa.select(*columns).where(*mine).order_by(when, message.c.id))
    told: list[tuple[Any, ...]] = found.cursor.fetchall()
    found.close()
    return told


def _marketing(since: Micros) -> tuple[sa.ColumnElement[bool], ...]:
    return message.c.lane == 1, message.c.left > since, message.c.state.in_(COUNTED)


def _numbers(tx: Tx, numbers: Collection[int]) -> sa.Select[Any]:
    value = given(tx.dialect.name, [str(n) for n in sorted(set(numbers))]).c.value
    return sa.select(sa.cast(value, sa.BigInteger))

"""Ways of journeys tried against each other: who was sent down which, and which one was chosen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from habitue.kernel.clock import Micros
from habitue.store.ops import Tx
from habitue.store.travels import arm, run, verdict


class Verdict(NamedTuple):
    """A way that was chosen: when, by whom, and on what figures."""

    trial: str
    step: str
    way: int
    at: Micros
    by: str
    figures: Mapping[str, Any]


def note(tx: Tx, rows: Sequence[tuple[int, str, int, Micros]]) -> None:
    """Which run went which way of which trial, and when; the first time counts."""
    insert = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(arm).on_conflict_do_nothing()
    if rows:
        tx.execute(insert, [dict(zip(("run", "trial", "way", "at"), one, strict=True)) for one in rows])


def sent(tx: Tx, trial: str) -> list[tuple[int, int, Micros, Micros | None]]:
    """The runs of a trial: their way, when they took it, and when they reached the goal."""
    rows = (
        sa.select(arm.c.run, arm.c.way, arm.c.at, run.c.converted)
        .join(run, run.c.id == arm.c.run)
        .where(arm.c.trial == trial)
    )
    return [tuple(row) for row in tx.execute(rows)]


def verdicts(tx: Tx, trials: Collection[str] | None = None) -> dict[str, Verdict]:
    """What was chosen, by trial: in these trials, or in all."""
    columns = (verdict.c.trial, verdict.c.step, verdict.c.way, verdict.c.at, verdict.c.by, verdict.c.figures)
    rows = sa.select(*columns)
    if trials is not None:
        rows = rows.where(verdict.c.trial.in_(trials))
    return {row.trial: Verdict(*row) for row in tx.execute(rows)}


def choose(tx: Tx, journey: str, one: Verdict) -> bool:
    """Keep a choice; False where one was made before, which stays."""
    insert = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(verdict).on_conflict_do_nothing()
    return tx.execute(insert.values(one._asdict() | {"journey": journey})).rowcount == 1

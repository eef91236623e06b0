"""What was so in the time that a journey is tried on, beside the log: addresses, messages, other journeys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from habitue.engine.sweep import NEVER, Ints
from habitue.kernel.clock import Micros
from habitue.messaging import crowd
from habitue.messaging.crowd import Reached
from habitue.people.identities import canonical
from habitue.store import runs, traffic
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse


class Left(NamedTuple):
    """Marketing that did leave, of other origins: to whom, when, and of what priority."""

    person: Ints
    at: Ints
    priority: Ints


class Bill(NamedTuple):
    """What left, of other origins, had its price: when, and how much (hundredths of a cent)."""

    at: Ints
    cost: Ints


class Stays(NamedTuple):
    """Who was in another journey, from when to when (NEVER: still is)."""

    journey: str
    person: Ints
    entered: Ints
    ended: Ints


class Past(NamedTuple):
    """How it is asked: where a channel reaches these people (each once), what left by it and what that cost,
    who was where, and of how many parts a template's text messages are.
    """

    reached: Callable[[str, Ints], Reached]
    left: Callable[[str], Left]
    spent: Callable[[str], Bill]
    stays: Callable[[], list[Stays]]
    parts: Callable[[str], int]


def past(
    ops: Ops,
    warehouse: Warehouse,
    region: str | None,
    slug: str,
    since: Micros,
    parts: Callable[[str], int] = lambda _template: 1,
) -> Past:
    """The past from an instant on, as it was without the journey of that name."""

    def reached(channel: str, persons: Ints) -> Reached:
        with ops.read() as tx:
            return crowd.reached(tx, warehouse, persons, channel, region)

    def left(channel: str) -> Left:
        with ops.read() as tx:
            person, at, priority = _columns(traffic.left(tx, channel, since, f"journey:{slug}"), 3)
        return Left(canonical(warehouse, person), at, priority)

    def spent(channel: str) -> Bill:
        with ops.read() as tx:
            return Bill(*_columns(traffic.billed(tx, channel, since, f"journey:{slug}"), 2))

    def stays() -> list[Stays]:
        with ops.read() as tx:
            found = runs.elsewhere(tx, slug, since)
        told = []
        for name, rows in found.items():
            person, entered, ended = _columns(rows, 3)
            told.append(Stays(name, canonical(warehouse, person), entered, ended))
        return told

    return Past(reached, left, spent, stays, parts)


def _columns(rows: Sequence[tuple[Any, ...]], n: int) -> list[Ints]:
    columns = zip(*rows, strict=True) if rows else [()] * n
    return [np.array([NEVER if cell is None else cell for cell in one], np.int64) for one in columns]

"""Who is on which journey: by journey, and by customer."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from habitue.app.shelf import Shelf
from habitue.journeys import kept
from habitue.journeys.graph import Journey, Step
from habitue.journeys.news import numbers
from habitue.journeys.plan import Plan, plan
from habitue.journeys.walk import OUTCOMES
from habitue.kernel.clock import Micros
from habitue.people.identities import canonical
from habitue.store import runs


class Travel(Struct, frozen=True):
    """One time that a customer is or was in a journey: at which step, and when they go on."""

    journey: Journey
    entered: Micros
    step: Step | None
    on: Micros | None
    ended: Micros | None
    outcome: str | None
    converted: Micros | None


class Travelled(Shelf):
    """The part of a shop that tells who is on which journey."""

    def insiders(self) -> dict[str, int]:
        """How many are inside each journey."""
        with self.ops.read() as tx:
            return runs.insiders(tx)

    def runs_of(
        self, name: str, most: int, before: int | None = None, inside: bool | None = None
    ) -> list[tuple[int, int, Travel]]:
        """Who is or was in a journey, the latest first: number of the run, of the customer, how it went."""
        kept.numbered(self.ops, name)
        plans = {one.version: plan(one.journey) for one in kept.versions(self.ops, name)}
        with self.ops.read() as tx:
            found = runs.listed(tx, name, most, before, inside)
        whose = canonical(self.warehouse, np.array([row.person for row in found], np.int64)).tolist()
        return [
            (row.id, person, _travel(row, plans[row.version]))
            for row, person in zip(found, whose, strict=True)
            if row.version in plans
        ]

    def travels(self, person: int, most: int = 20) -> list[Travel]:
        """The journeys that a customer is or was in, the latest first."""
        with self.ops.read() as tx:
            found = runs.of(tx, sorted(numbers(self.warehouse, [person])))[:most]
        plans = {
            one.version: plan(one.journey)
            for slug in {row.journey for row in found}
            for one in kept.versions(self.ops, slug)
        }
        return [_travel(row, plans[row.version]) for row in found if row.version in plans]


def _travel(row: Any, way: Plan) -> Travel:
    over = row.ended is not None
    inside = not over and 0 <= row.node < len(way.nodes)
    return Travel(
        way.journey,
        row.entered,
        way.nodes[row.node].step if inside else None,
        row.look if inside else None,
        row.ended,
        OUTCOMES[row.outcome] if over and row.outcome is not None else None,
        row.converted,
    )

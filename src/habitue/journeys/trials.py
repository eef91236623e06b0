"""Ways of a journey tried against each other: what each came to, and which one everybody takes in the end.

Chance sent each customer down a way, so that the ways differ in nothing else: of those who took one, how many
reached the goal, or clicked, after that. Once as many or as much time have passed as the step says, the way
that leads is taken by all, if enough people took each to say anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct

from habitue.journeys.graph import Journey
from habitue.journeys.plan import Node, Plan
from habitue.journeys.roles import Fork, Test
from habitue.kernel.clock import Micros, duration
from habitue.metrics.named import ending
from habitue.metrics.uplift import Group, Interval, compare, wilson
from habitue.store import arms
from habitue.store.arms import Verdict
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse

BY: Final = "habitue"
"""Who chooses where nobody does."""


class Way(Struct, frozen=True):
    """One of the ways: how many took it, how many of them did what counts, between what the share lies."""

    id: str
    people: int
    reached: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        return self.reached / self.people if self.people else 0.0


class Trial(Struct, frozen=True):
    """How a trial stands. `lead` is the way that leads, `gap` by how much before the next one, with its
    interval; until `lacking` more have taken the way that the fewest took, neither is told. `due`: whether
    the step's own measure is full.
    """

    step: str
    name: str
    measure: str
    ways: list[Way]
    lead: int | None
    gap: Interval | None
    lacking: int
    due: bool
    began: Micros | None
    verdict: Verdict | None = None

    @property
    def people(self) -> int:
        return sum(way.people for way in self.ways)


def trials(way: Plan) -> Iterator[tuple[Node, Test]]:
    """The steps of a plan at which ways are tried, and how."""
    for node in way.nodes:
        if node.trial and isinstance(node.step.does, Fork) and node.step.does.test:
            yield node, node.step.does.test


def settled(ops: Ops) -> dict[str, int]:
    """The ways that were chosen, by trial."""
    with ops.read() as tx:
        return {name: one.way for name, one in arms.verdicts(tx).items()}


def stand(ops: Ops, warehouse: Warehouse, way: Plan, now: Micros) -> list[Trial]:
    """How each trial of a journey stands."""
    found = [*trials(way)]
    if not found:
        return []
    with ops.read() as tx:
        known = arms.verdicts(tx, [node.trial for node, _ in found])
        sent = {node.trial: arms.sent(tx, node.trial) for node, _ in found}
    return [
        _trial(warehouse, way.journey, node, test, sent[node.trial], known.get(node.trial), now)
        for node, test in found
    ]


def choose(ops: Ops, journey: str, trial: Trial, way: int, by: str, now: Micros) -> bool:
    """Let everybody take this way from now on; False where another was chosen before."""
    figures = msgspec.to_builtins({"measure": trial.measure, "ways": trial.ways, "gap": trial.gap})
    with ops.begin() as tx:
        return arms.choose(tx, journey, Verdict(trial.name, trial.step, way, now, by, figures))


def decide(ops: Ops, warehouse: Warehouse, way: Plan, now: Micros) -> list[Trial]:
    """Choose the better way where it is time and enough is known; the trials that were decided."""
    return [
        one
        for one in stand(ops, warehouse, way, now)
        if one.due
        and one.lead is not None
        and one.verdict is None
        and choose(ops, way.journey.id, one, one.lead, BY, now)
    ]


def _trial(
    warehouse: Warehouse,
    journey: Journey,
    node: Node,
    test: Test,
    sent: Sequence[tuple[int, int, Micros, Micros | None]],
    verdict: Verdict | None,
    now: Micros,
) -> Trial:
    reached = (
        _clicked(warehouse, journey.id, sent)
        if test.by == "click"
        else {run for run, _, at, converted in sent if converted is not None and converted >= at}
    )
    n = len(node.step.branches)
    ways = np.array([way for _, way, _, _ in sent if way >= 0], np.int64)
    hits = np.array([way for run, way, _, _ in sent if way >= 0 and run in reached], np.int64)
    people, scored = (np.bincount(one, minlength=n).tolist() for one in (ways, hits))
    groups = [Group(each, hit) for each, hit in zip(people, scored, strict=True)]
    lead, gap, lacking = leader(groups)
    told = [
        Way(branch.id, one.n, one.converted, *(wilson(one.converted, one.n) if one.n else (0.0, 1.0)))
        for branch, one in zip(node.step.branches, groups, strict=True)
    ]
    began = min((at for _, _, at, _ in sent), default=None)
    enough = bool(test.people) and len(ways) >= test.people
    over = bool(test.after) and began is not None and now - began >= duration(test.after)
    return Trial(node.step.id, node.trial, test.by, told, lead, gap, lacking, enough or over, began, verdict)


def leader(groups: Sequence[Group]) -> tuple[int | None, Interval | None, int]:
    """Which of the groups leads, by how much before the next; or how many people are lacking until then."""
    order = sorted(range(len(groups)), key=lambda n: (-groups[n].rate, n))
    first = groups[order[0]]
    lacking = max((compare(first, groups[n]).lacking for n in order[1:]), default=0)
    if lacking:
        return None, None, lacking
    return order[0], compare(first, groups[order[1]]).rate, 0


_CLICKED: Final = """
    SELECT try_cast(props ->> '$.run' AS BIGINT) AS run, max(epoch_us(ts)) AS at FROM event
    WHERE code IN ({codes}) AND ts >= make_timestamp(?) AND props ->> '$.origin' = ?
        AND coalesce(props ->> '$.machine', '') <> 'true'
    GROUP BY run
"""


def _clicked(
    warehouse: Warehouse, slug: str, sent: Sequence[tuple[int, int, Micros, Micros | None]]
) -> set[int]:
    """The runs of whose messages one was clicked since they took their way."""
    if not sent:
        return set()
    sql = _CLICKED.format(codes=ending(warehouse, "Clicked"))
    rows = warehouse.read(sql, (min(at for _, _, at, _ in sent), f"journey:{slug}"))
    clicked: Mapping[int, Micros] = dict(zip(rows["run"].to_pylist(), rows["at"].to_pylist(), strict=True))
    return {run for run, _, at, _ in sent if clicked.get(run, -1) >= at}

"""A journey laid out for walking: its steps in one row, each knowing where it leads."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec

from habitue.journeys.graph import Goal, Journey, Step
from habitue.journeys.roles import Act, Fork, Message, Watch

OVER: Final = -1
"""Where nothing follows any more."""


class Node(NamedTuple):
    """A step in its place; `then` is what follows it, `ways` are the first steps of its branches.

    `trial` names what its branches are tried for against each other, `settled` is the one that was chosen.
    """

    step: Step
    then: int
    ways: tuple[int, ...]
    trial: str = ""
    settled: int | None = None

    def way(self, outlet: str) -> int:
        """Where the branch of that id leads; on, where there is none."""
        for number, branch in enumerate(self.step.branches):
            if branch.id == outlet:
                return self.ways[number]
        return self.then


class Plan(NamedTuple):
    """The nodes stand in the order of the document: every way leads further down, so nobody comes twice."""

    journey: Journey
    nodes: tuple[Node, ...]
    exits: tuple[Watch, ...]
    goal: Goal | None

    @property
    def sends(self) -> bool:
        """Whether any of its steps puts something into the outbox."""
        acts = (one.step.does for one in self.nodes)
        return any(isinstance(act, Act) and isinstance(act.deed(), Message) for act in acts)

    def node(self, step: str) -> int | None:
        """The place of the step of that id."""
        return next((n for n, one in enumerate(self.nodes) if one.step.id == step), None)


def plan(journey: Journey, settled: Mapping[str, int] | None = None) -> Plan:
    """The journey's plan; `settled` are the branches that were chosen, by trial."""
    nodes: list[Node] = []
    _lay(journey.steps, OVER, nodes)
    known = settled or {}
    laid = (
        one._replace(trial=(name := trial(journey.id, one.step)), settled=known.get(name))
        if isinstance(one.step.does, Fork) and one.step.does.test
        else one
        for one in nodes
    )
    return Plan(journey, tuple(laid), tuple(one.watch for one in journey.exits), journey.goal)


def trial(journey: str, step: Step) -> str:
    """What tells one trial from another: a step whose branches are changed begins a new one."""
    said = msgspec.json.encode([journey, step.id, msgspec.to_builtins(step.branches)])
    return blake2b(said, digest_size=12).hexdigest()


def _lay(steps: tuple[Step, ...], after: int, nodes: list[Node]) -> None:
    """Append these steps; what follows the last of them is `after`."""
    for number, step in enumerate(steps):
        place = len(nodes)
        last = number == len(steps) - 1
        then = after if last else place + 1 + sum(_size(branch.steps) for branch in step.branches)
        nodes.append(Node(step, then, ()))
        ways = []
        for branch in step.branches:
            ways.append(len(nodes) if branch.steps else then)
            _lay(branch.steps, then, nodes)
        nodes[place] = Node(step, then, tuple(ways))


def _size(steps: tuple[Step, ...]) -> int:
    return sum(1 + sum(_size(branch.steps) for branch in step.branches) for step in steps)

"""Walking many customers through a journey at once, as far as an instant: the one meaning of a journey.

Live runs, replays of the past and dry runs all call `walk`. It goes over the steps once, in the order of the
document; since every way leads further down, each customer passes each step at most once.

At every step, and when a wait is over, who has met a condition for leaving by then leaves, as of when they
met it. What is done is handed back as data: nothing happens in here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from habitue.engine.sweep import NEVER, Ints
from habitue.journeys.plan import OVER, Node, Plan
from habitue.journeys.roles import Act, Deed, End, Facts, Fork, Here, Pause
from habitue.kernel.clock import MINUTE, Micros, duration
from habitue.kernel.i18n import N_

GRACE: Final = 5 * MINUTE
"""Who is later than this goes on from now: after an outage the next steps keep their distances."""

OUTCOMES: Final = ("done", "exit", "goal", "held", "moved", "stopped", "undone")
WHY: Final = {
    "done": N_("went all the way"),
    "exit": N_("condition for leaving"),
    "goal": N_("reached the goal"),
    "held": N_("control group"),
    "moved": N_("its step is gone"),
    "stopped": N_("taken out"),
    "undone": N_("its import was undone"),
}
DONE, EXIT, GOAL, HELD, MOVED, STOPPED, UNDONE = range(7)

IN, OUT, LEFT = "in", "out", "left"


@dataclass
class Crowd:
    """Those on their way, one element each.

    `node` is where they are, `since` when they came there, `at` when they are to be there or go on from there
    (if they have `begun` to wait), `due` when the present chain of steps was to begin. `ended`, `wake` and
    `converted` are NEVER where they are not.
    """

    person: Ints
    entered: Ints
    node: Ints
    at: Ints
    due: Ints
    since: Ints
    begun: NDArray[np.bool_]
    ended: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    outcome: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    converted: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        for name, empty in (("ended", NEVER), ("outcome", -1), ("converted", NEVER)):
            if len(getattr(self, name)) != len(self.person):
                setattr(self, name, np.full(len(self.person), empty, np.int64))

    def __len__(self) -> int:
        return len(self.person)

    def picked(self, which: NDArray[np.int64]) -> Crowd:
        """Some of them."""
        return Crowd(*(getattr(self, one.name)[which] for one in fields(self)))


def arriving(person: Ints, at: Ints) -> Crowd:
    """Those who enter at these instants."""
    n = len(person)
    zero, no = np.zeros(n, np.int64), np.zeros(n, np.bool_)
    return Crowd(person.astype(np.int64), at, zero, at.copy(), at.copy(), at.copy(), no)


class Done(NamedTuple):
    """A deed for some of the crowd, when it was to be done for each and when it is; by the node's place."""

    node: int
    deed: Deed
    rows: Ints
    due: Ints
    at: Ints


class Passed(NamedTuple):
    """Some came to a node, went on from it, or left the journey there; `what` says which."""

    node: int
    what: str
    rows: Ints
    at: Ints


class Taken(NamedTuple):
    """Which of a node's branches some were sent down by chance, -1 for none, and when."""

    node: int
    rows: Ints
    way: Ints
    at: Ints


class Walked(NamedTuple):
    """What is to be done, who passed where, and what chance decided where that is watched; the crowd itself
    is where it got to.
    """

    done: list[Done]
    passed: list[Passed]
    taken: list[Taken]


def walk(plan: Plan, crowd: Crowd, facts: Facts, now: Micros, grace: Micros | None = None) -> Walked:
    """Bring the crowd as far as it gets by `now`."""
    return _Walk(plan, crowd, facts, now, grace).run()


def leaving(plan: Plan, person: Ints, entered: Ints, facts: Facts) -> Ints:
    """When each first meets a condition for leaving, from entering on; NEVER."""
    found = np.full(len(person), NEVER, np.int64)
    for watch in plan.exits:
        found = np.minimum(found, facts.next(watch, person, entered))
    return found


class _Walk:
    def __init__(self, plan: Plan, crowd: Crowd, facts: Facts, now: Micros, grace: Micros | None) -> None:
        self.plan, self.crowd, self.facts = plan, crowd, facts
        self.now, self.grace = now, grace
        self.parked = np.zeros(len(crowd), np.bool_)
        self.walked = Walked([], [], [])
        self.out = leaving(plan, crowd.person, crowd.entered, facts)
        self.why = np.full(len(crowd), EXIT, np.int64)
        self._goal()

    def run(self) -> Walked:
        if not self.plan.nodes:
            self._end(np.flatnonzero(self.crowd.ended == NEVER), self.crowd.at, DONE)
        for place, node in enumerate(self.plan.nodes):
            here = np.flatnonzero((self.crowd.node == place) & (self.crowd.ended == NEVER) & ~self.parked)
            if len(here):
                self._pass(place, node, here)
        return self.walked

    def _goal(self) -> None:
        """Who reached the goal in time, and whether that takes them out."""
        goal, crowd = self.plan.goal, self.crowd
        if goal is None or not len(crowd):
            return
        reached = self.facts.turns(goal.watch, crowd.person, crowd.entered)
        reached[reached - crowd.entered > duration(goal.within)] = NEVER
        mine = (reached <= self.now) & (crowd.converted == NEVER)
        crowd.converted[mine] = reached[mine]
        if goal.leaves:
            sooner = reached <= self.out
            self.out = np.minimum(self.out, reached)
            self.why[sooner & (reached != NEVER)] = GOAL

    def _pass(self, place: int, node: Node, here: Ints) -> None:
        fresh = here[~self.crowd.begun[here]]
        self._note(place, IN, fresh, self.crowd.at[fresh])
        gone = self.out[fresh] <= self.crowd.at[fresh]
        self._leave(place, fresh[gone])
        fresh = fresh[~gone]
        match node.step.does:
            case Fork() as fork:
                self._fork(place, node, fork, fresh)
            case Act() as act:
                due, at = self.crowd.due[fresh], self.crowd.at[fresh].copy()
                self.walked.done.append(Done(place, act.deed(), fresh, due, at))
                if isinstance(act, Pause) and act.waits:
                    self._pause(place, node, act, fresh, here[self.crowd.begun[here]])
                else:
                    self._on(place, fresh, np.full(len(fresh), node.then))
            case Pause() as pause:
                self._pause(place, node, pause, fresh, here[self.crowd.begun[here]])
            case End(outcome=outcome):
                self._end(fresh, self.crowd.at, OUTCOMES.index(outcome), place)

    def _here(self, node: Node, rows: Ints, at: Ints) -> Here:
        crowd = self.crowd
        return Here(
            self.plan.journey.id, node.step.id, crowd.person[rows], at[rows], crowd.entered[rows], self.facts
        )

    def _pause(self, place: int, node: Node, pause: Pause, fresh: Ints, waiting: Ints) -> None:
        crowd = self.crowd
        if len(fresh):
            crowd.since[fresh] = crowd.at[fresh]
            crowd.at[fresh] = np.maximum(pause.until(self._here(node, fresh, crowd.at)), crowd.at[fresh])
            crowd.begun[fresh] = True
        rows = np.concatenate([fresh, waiting])
        if not len(rows):
            return
        sooner = pause.sooner(self._here(node, rows, crowd.since))
        met = np.full(len(rows), NEVER) if sooner is None else sooner
        early = met <= crowd.at[rows]
        on = np.where(early, met, crowd.at[rows])
        gone = self.out[rows] <= np.minimum(on, self.now)
        self._leave(place, rows[gone])
        ready = ~gone & (on <= self.now)
        self.parked[rows[~gone & ~ready]] = True
        free, when = rows[ready], on[ready]
        to = np.where(early[ready], node.way("met"), node.way("late")) if sooner is not None else node.then
        crowd.begun[free] = False
        crowd.due[free] = when
        late = np.zeros(len(free), np.bool_) if self.grace is None else self.now - when > self.grace
        crowd.at[free] = np.where(late, self.now, when)
        self._on(place, free, np.broadcast_to(np.asarray(to, np.int64), len(free)))

    def _fork(self, place: int, node: Node, fork: Fork, rows: Ints) -> None:
        if not len(rows):
            return
        if node.settled is not None:
            self._on(place, rows, np.full(len(rows), node.ways[node.settled], np.int64))
            return
        taken = fork.choose(
            self._here(node, rows, self.crowd.at),
            [branch.settings for branch in node.step.branches if branch.settings is not None],
        )
        if node.trial:
            self.walked.taken.append(Taken(place, rows, taken, self.crowd.at[rows].copy()))
        alone = taken == -2
        self._end(rows[alone], self.crowd.at, HELD, place)
        ways = np.array([*node.ways, node.then], np.int64)
        self._on(place, rows[~alone], ways[taken[~alone]])

    def _on(self, place: int, rows: Ints, to: Ints) -> None:
        self._note(place, OUT, rows, self.crowd.at[rows])
        self.crowd.node[rows] = to
        self._end(rows[to == OVER], self.crowd.at, DONE)

    def _leave(self, place: int, rows: Ints) -> None:
        """Out as of the instant at which they met the condition."""
        self.crowd.ended[rows] = self.out[rows]
        self.crowd.outcome[rows] = self.why[rows]
        self._note(place, LEFT, rows, self.out[rows])

    def _end(self, rows: Ints, at: Ints, outcome: int, place: int | None = None) -> None:
        self.crowd.ended[rows] = at[rows]
        self.crowd.outcome[rows] = outcome
        if place is not None:
            self._note(place, LEFT, rows, at[rows])

    def _note(self, place: int, what: str, rows: Ints, at: Ints) -> None:
        if len(rows):
            self.walked.passed.append(Passed(place, what, rows, at))

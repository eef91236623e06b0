"""Walking many at once does what following one customer at a time would, however often it is looked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.engine.sweep import NEVER, Ints
from habitue.journeys.entries import Manual
from habitue.journeys.graph import Branch, Goal, Head, Journey, Leave, Step
from habitue.journeys.kinds.exit import Exit
from habitue.journeys.kinds.split import Split, When
from habitue.journeys.kinds.tag import Tag
from habitue.journeys.kinds.until import Until
from habitue.journeys.kinds.wait import Wait
from habitue.journeys.plan import plan
from habitue.journeys.roles import Kind, Watch
from habitue.journeys.walk import OUTCOMES, Crowd, arriving, walk
from habitue.kernel.clock import HOUR, MINUTE, duration

PEOPLE = 4
RULES = ("r0", "r1", "r2")
EVENTS = ("e0", "e1")
END = 60 * HOUR


@dataclass
class World:
    """What happens to whom: when rules hold, as stretches, and events, as instants; told up to `now`."""

    held: dict[tuple[str, int], list[tuple[int, int]]]
    told: dict[tuple[str, int], list[int]]
    now: int = NEVER

    def one(self, watch: Watch, person: int, after: int) -> int:
        if watch.event:
            return self.turn(watch, person, after)
        for start, stop in self.held.get((watch.rule, person), []):
            if stop > after and start <= self.now:
                return max(start, after)
        return NEVER

    def turn(self, watch: Watch, person: int, after: int) -> int:
        times = self.told.get((watch.event, person), [])
        starts = times if watch.event else [start for start, _ in self.held.get((watch.rule, person), [])]
        place = bisect_right(starts, after)
        return starts[place] if place < len(starts) and starts[place] <= self.now else NEVER

    def next(self, watch: Watch, persons: Ints, after: Ints) -> Ints:
        return np.array([self.one(watch, *pair) for pair in _pairs(persons, after)], np.int64)

    def turns(self, watch: Watch, persons: Ints, after: Ints) -> Ints:
        return np.array([self.turn(watch, *pair) for pair in _pairs(persons, after)], np.int64)

    def traits(self, _: str, persons: Ints) -> Sequence[Any]:
        return [None] * len(persons)

    def zones(self, persons: Ints) -> tuple[Sequence[str], Ints]:
        return ["UTC"], np.zeros(len(persons), np.int64)


def _pairs(persons: Ints, after: Ints) -> list[tuple[int, int]]:
    return list(zip(persons.tolist(), after.tolist(), strict=True))


class Left(Exception):
    """Out of the journey, when and why."""


class Stuck(Exception):
    """Still waiting."""


def plain(journey: Journey, world: World, person: int, entered: int, now: int) -> tuple[Any, ...]:  # noqa: C901  one case for each kind
    """One customer, one step after the other: what was done when, and how it ended."""
    done: list[tuple[str, int]] = []
    at = entered
    out = min([world.one(one.watch, person, entered) for one in journey.exits], default=NEVER)
    why, goal = "exit", journey.goal
    if goal:
        reached = world.turn(goal.watch, person, entered)
        if reached - entered <= duration(goal.within) and goal.leaves and reached <= out and reached != NEVER:
            out, why = reached, "goal"

    def go(steps: Sequence[Step], at: int) -> int:
        for step in steps:
            if out <= at:
                raise Left(why, out)
            at = visit(step, at)
        return at

    def wait(until: int) -> int:
        if out <= min(until, now):
            raise Left(why, out)
        if until > now:
            raise Stuck
        return until

    def visit(step: Step, at: int) -> int:
        branch: Branch | None = None
        match step.does:
            case Wait(length=length):
                at = wait(at + duration(length))
            case Until(within=within):
                met = world.one(step.does.watches()[0], person, at)
                late = at + duration(within)
                named = {one.id: one for one in step.branches}
                branch = named.get("met" if met <= late else "late")
                at = wait(min(met, late))
            case Split():
                for one in step.branches:
                    when = getattr(one.settings, "when", "")
                    if not when or world.one(Watch(when), person, at) == at:
                        branch = one
                        break
            case Tag():
                done.append((step.id, at))
            case Exit():
                raise Left("exit", at)
        return go(branch.steps, at) if branch else at

    try:
        at = go(journey.steps, at)
    except Left as left:
        return done, *left.args
    except Stuck:
        return done, None, None
    return done, "done", at


# --- any journey, any history ---------------------------------------------------------------------

lengths = st.sampled_from(["10m", "1h", "5h", "24h"])
watched = st.sampled_from(RULES).map(lambda name: {"rule": name}) | st.sampled_from(EVENTS).map(
    lambda name: {"event": name}
)


def steps(depth: int) -> st.SearchStrategy[tuple[tuple[Any, ...], ...]]:
    plainly = st.tuples(st.just("wait"), lengths) | st.just(("tag",)) | st.just(("tag",)) | st.just(("exit",))
    if not depth:
        return st.lists(plainly, max_size=3).map(tuple)
    inner = steps(depth - 1)
    split = st.tuples(
        st.just("split"),
        st.lists(st.tuples(st.sampled_from(RULES), inner), min_size=1, max_size=2),
        inner | st.none(),
    )
    until = st.tuples(st.just("until"), watched, lengths, inner | st.none(), inner | st.none())
    return st.lists(plainly | split | until, max_size=4).map(tuple)


def built(sketch: Sequence[Any], names: list[int]) -> tuple[Step, ...]:
    found = []
    for one in sketch:
        names.append(len(names))
        name = f"s{len(names)}"
        branches: tuple[Branch, ...] = ()
        does: Kind | None = None
        match one:
            case ("wait", length):
                does = Wait(length=length)
            case ("tag",):
                does = Tag(tag="t")
            case ("exit",):
                does = Exit()
            case ("split", ways, rest):
                does = Split()
                made = [
                    Branch(f"b{n}", When(when=rule), built(below, names))
                    for n, (rule, below) in enumerate(ways)
                ]
                branches = (
                    *made,
                    *([Branch("rest", When(), built(rest, names))] if rest is not None else []),
                )
            case ("until", watch, within, met, late):
                does = Until(**watch, within=within)
                pairs = [("met", met), ("late", late)]
                branches = tuple(
                    Branch(n, None, built(below, names)) for n, below in pairs if below is not None
                )
        assert does is not None
        found.append(Step(name, does, branches))
    return tuple(found)


@st.composite
def journeys(draw: st.DrawFn) -> Journey:
    exits = tuple(Leave(**one) for one in draw(st.lists(watched, max_size=2)))
    goal = draw(
        st.none()
        | st.builds(lambda w, t, out: Goal(**w, within=t, leaves=out), watched, lengths, st.booleans())
    )
    return Journey("j", Head(), Manual(), built(draw(steps(2)), []), exits, goal)


instants = st.integers(0, 60).map(lambda n: n * HOUR)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    held, told = {}, {}
    for person in range(PEOPLE):
        for name in RULES:
            edges = sorted(draw(st.sets(instants, max_size=4)))
            held[name, person] = list(zip(edges[::2], [*edges[1::2], NEVER], strict=False))
        for name in EVENTS:
            told[name, person] = sorted(draw(st.sets(instants, max_size=3)))
    return World(held, told)


def outcome(crowd: Crowd, n: int) -> tuple[str | None, int | None]:
    if crowd.ended[n] == NEVER:
        return None, None
    return OUTCOMES[int(crowd.outcome[n])], int(crowd.ended[n])


@settings(max_examples=250, deadline=None)
@given(
    journeys(), worlds(), st.lists(instants, min_size=PEOPLE, max_size=PEOPLE), st.integers(0, END // MINUTE)
)
def test_many_at_once_do_what_each_alone_would(
    journey: Journey, world: World, entered: list[int], minutes: int
) -> None:
    way, now = plan(journey), minutes * MINUTE
    entered = [min(one, now) for one in entered]
    world.now = now
    crowd = arriving(np.arange(PEOPLE), np.array(entered, np.int64))
    walked = walk(way, crowd, world, now)
    for person in range(PEOPLE):
        done = [
            (way.nodes[one.node].step.id, int(one.at[at]))
            for one in walked.done
            for at in np.flatnonzero(one.rows == person)
        ]
        assert (done, *outcome(crowd, person)) == plain(journey, world, person, entered[person], now)


@settings(max_examples=80, deadline=None)
@given(journeys(), worlds(), st.sets(st.integers(0, 4 * 60), max_size=6))
def test_looking_often_gives_what_looking_once_does(journey: Journey, world: World, looks: set[int]) -> None:
    """Told no more each time than what has happened by then."""
    way = plan(journey)
    often, once = (arriving(np.arange(PEOPLE), np.zeros(PEOPLE, np.int64)) for _ in range(2))
    deeds: list[tuple[int, int, int]] = []
    for now in [*(15 * MINUTE * one for one in sorted(looks)), END]:
        world.now = now
        deeds += _done(walk(way, often, world, now))
    assert sorted(deeds) == sorted(_done(walk(way, once, world, END)))
    assert [outcome(often, n) for n in range(PEOPLE)] == [outcome(once, n) for n in range(PEOPLE)]
    assert often.converted.tolist() == once.converted.tolist()


def _done(walked: Any) -> list[tuple[int, int, int]]:
    return [
        (one.node, int(row), int(at))
        for one in walked.done
        for row, at in zip(one.rows.tolist(), one.at.tolist(), strict=True)
    ]


def test_who_was_kept_waiting_by_an_outage_goes_on_from_now() -> None:
    journey = Journey(
        "j",
        Head(),
        Manual(),
        (Step("a", Wait(length="1h")), Step("b", Tag(tag="x")), Step("c", Wait(length="1h"))),
    )
    crowd, world = arriving(np.array([1]), np.array([0])), World({}, {})
    walk(plan(journey), crowd, world, 1 * MINUTE, 5 * MINUTE)
    (deed,) = walk(plan(journey), crowd, world, 24 * HOUR, 5 * MINUTE).done
    assert (deed.due.tolist(), deed.at.tolist()) == ([HOUR], [24 * HOUR])
    assert crowd.at.tolist() == [25 * HOUR]

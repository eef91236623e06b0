"""One customer's ways through a journey, step by step: what they would have met, and why."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from habitue.engine.sweep import NEVER
from habitue.journeys.entering import Comers, comers
from habitue.journeys.facts import Ground, Told
from habitue.journeys.graph import Branch, Journey
from habitue.journeys.past import Past
from habitue.journeys.plan import plan
from habitue.journeys.replay import walked
from habitue.journeys.sends import judged
from habitue.journeys.walk import IN, LEFT, OUT, OUTCOMES, leaving
from habitue.kernel.clock import DAY, Micros
from habitue.messaging.rules import Rules


class Stop(Struct, frozen=True):
    """A step that was reached: when, when it was left (None: not yet), and what became of its message.

    `branch` is the way that was taken, None where there is none to be taken.
    """

    step: str
    came: Micros
    went: Micros | None
    branch: str | None
    message: str | None


class Trip(Struct, frozen=True):
    """One time that the customer wants in: `barred` says that they may not, and why; else the steps."""

    entered: Micros
    barred: bool
    stops: list[Stop]
    ended: Micros | None
    outcome: str | None
    converted: Micros | None


def trips(
    journey: Journey, ground: Ground, rules: Rules, life: Past, person: int, now: Micros, days: int
) -> list[Trip]:
    """All of the last days, the latest first."""
    since = now - days * DAY
    facts = Told(ground, now, np.array([person]), None, since)
    found = comers(journey.entry, facts, since, now)
    mine = found.person == person
    wanting = Comers(found.person[mine], found.at[mine])
    way = plan(journey)
    out = leaving(way, wanting.person, wanting.at, facts) <= wanting.at
    barred = [Trip(at, True, [], at, "exit", None) for at in wanting.at[out].tolist()]
    run = walked(journey, way, Comers(wanting.person[~out], wanting.at[~out]), facts, now)
    sends = judged(way, run.crowd, run.walked, facts, rules, life)
    became = {
        (int(row), int(node)): sends.names[why]
        for row, node, why in zip(sends.row.tolist(), sends.node.tolist(), sends.why.tolist(), strict=True)
    }
    made = []
    for row in range(len(run.crowd)):
        times: dict[tuple[int, str], Micros] = {
            (one.node, one.what): int(one.at[one.rows == row][0])
            for one in run.walked.passed
            if (one.rows == row).any()
        }
        places = sorted({place for place, what in times if what == IN})
        stops = [
            Stop(
                way.nodes[place].step.id,
                times[place, IN],
                times.get((place, OUT), times.get((place, LEFT))),
                _branch(places, place, way.nodes[place].ways, way.nodes[place].step.branches),
                became.get((row, place)),
            )
            for place in places
        ]
        crowd = run.crowd
        over = int(crowd.ended[row]) != NEVER
        made.append(
            Trip(
                int(crowd.entered[row]),
                False,
                stops,
                int(crowd.ended[row]) if over else None,
                OUTCOMES[int(crowd.outcome[row])] if over else None,
                int(crowd.converted[row]) if int(crowd.converted[row]) != NEVER else None,
            )
        )
    return sorted([*barred, *made], key=lambda one: -one.entered)


def _branch(places: list[int], place: int, ways: tuple[int, ...], branches: tuple[Branch, ...]) -> str | None:
    """Which way was taken: the one whose first step came next."""
    following = next((one for one in places if one > place), None)
    for way, branch in zip(ways, branches, strict=True):
        if way == following and branch.steps:
            return branch.id
    return None

"""What a journey would have done: run over real history as if it had been live. Nothing is sent or kept.

It asks the same `walk` as live runs do, with a whole year of facts at once, and judges the messages as the
guards would have, beside what did leave then (`sends`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from habitue.engine.order import numbered, ordered
from habitue.engine.sweep import NEVER, Ints, compiled
from habitue.journeys.entering import Comers, comers, keyed
from habitue.journeys.facts import Ground, Told
from habitue.journeys.graph import Journey
from habitue.journeys.overlap import Overlap, overlaps, same_day
from habitue.journeys.past import Past
from habitue.journeys.plan import Plan, plan
from habitue.journeys.roles import Act, Message
from habitue.journeys.sends import Sends, judged
from habitue.journeys.walk import OUTCOMES, Crowd, Done, Passed, Walked, arriving, leaving, walk
from habitue.kernel.clock import DAY, Micros, duration
from habitue.messaging.holdout import held
from habitue.messaging.rules import TRANSACTIONAL, Rules

DAYS: Final = 365
_SAMPLE: Final = 20


class Step(Struct, frozen=True):
    """Of one step: how many came, went on, left there, and are there still; what became of its messages."""

    id: str
    came: int
    on: int
    left: int
    waiting: int
    sends: Mapping[str, int]


class Replayed(Struct, frozen=True):
    """What would have been from `since` (µs) up to `until`, by day: who came in, and what became of messages.

    `waited` of those sent went later than they were due, after quiet hours or a cap. `overlaps` are other
    journeys that people were in meanwhile, `same_day` how many messages would have come on a day with others.
    `cost` is about what those sent would have cost (hundredths of a cent), None where they have no price.

    `wanted` all who met the condition for coming in; of those `barred` met one for leaving at once, `again`
    were in already or had been too lately, `alone` are the control group. `daily` is by guard, "sent" for
    what would have gone.
    """

    since: Micros
    until: Micros
    wanted: int
    barred: int
    again: int
    alone: int
    entered: int
    people: int
    converted: int
    outcomes: Mapping[str, int]
    arrivals: list[int]
    daily: Mapping[str, list[int]]
    steps: list[Step]
    sample: list[tuple[int, Micros]]
    waited: int = 0
    cost: int | None = None
    overlaps: list[Overlap] = []
    same_day: int = 0

    @property
    def sent(self) -> int:
        return sum(self.daily.get("sent", ()))

    @property
    def stopped(self) -> dict[str, int]:
        """How many messages each guard would have stopped."""
        return {guard: sum(days) for guard, days in self.daily.items() if guard != "sent"}


class Run(Struct, frozen=True):
    """All that was walked: the crowd, of each what was done and where it passed."""

    plan: Plan
    crowd: Crowd
    walked: Walked


def replay(
    journey: Journey,
    ground: Ground,
    rules: Rules,
    now: Micros,
    life: Past,
    days: int = DAYS,
    fresh: Mapping[str, int] | None = None,
) -> Replayed:
    """The journey over the last days until now, for everybody."""
    since = now - days * DAY
    facts = Told(ground, now, None, fresh, since)
    found = comers(journey.entry, facts, since, now)
    way = plan(journey)
    barred = leaving(way, found.person, found.at, facts) <= found.at
    wanting = Comers(found.person[~barred], found.at[~barred])
    alone = held(journey.id, journey.head.holdout, wanting.person)
    inside = Comers(wanting.person[~alone], wanting.at[~alone])
    run = walked(journey, way, inside, facts, now)
    sends = judged(run.plan, run.crowd, run.walked, facts, rules, life)
    again = len(inside.person) - len(run.crowd)
    told = _told(run, sends, since, now, len(found.person), int(barred.sum()), again, int(alone.sum()))
    gone = sends.go != NEVER
    left = [life.left(one) for one in _channels(way)] if gone.any() else []
    return replace(
        told,
        waited=int((gone & (sends.go > sends.at)).sum()),
        cost=int(sends.cost[gone].sum()) if rules.budgets.keys() & {*_channels(way, ())} else None,
        overlaps=overlaps(run.crowd, life.stays()),
        same_day=same_day(sends.person[gone], sends.go[gone], left, ground.zone),
    )


def _channels(way: Plan, but: Collection[str] = (TRANSACTIONAL,)) -> list[str]:
    """The channels by which messages leave, but for these purposes."""
    deeds = (one.step.does.deed() for one in way.nodes if isinstance(one.step.does, Act))
    messages = (one for one in deeds if isinstance(one, Message) and one.purpose not in but)
    return [*dict.fromkeys(one.channel for one in messages)]


def walked(journey: Journey, way: Plan, found: Comers, facts: Told, now: Micros) -> Run:
    """Let everybody in whom the journey lets in again, one run after the other, and walk them."""
    again = journey.head.again
    apart = 0 if again in ("never", "always") else duration(again)
    order = ordered(found.person, found.at)
    person, at = found.person[order], found.at[order]
    if keyed(journey.entry) and again == "always":
        crowd = arriving(person, at)
        return Run(way, crowd, walk(way, crowd, facts, now))
    first = np.flatnonzero(np.r_[True, person[1:] != person[:-1]]) if len(person) else np.empty(0, np.int64)
    last = np.append(first[1:], len(person))
    parts: list[tuple[Crowd, Walked]] = []
    while len(first):
        crowd = arriving(person[first], at[first])
        parts.append((crowd, walk(way, crowd, facts, now)))
        if again == "never":
            break
        free = np.maximum(crowd.ended, crowd.entered + max(apart, 1))
        first = _later(at, first, last, free)
        more = first < last
        first, last = first[more], last[more]
    return _joined(way, parts)


@compiled
def _later(at: Ints, first: Ints, last: Ints, free: Ints) -> Ints:
    """The first place in each stretch whose instant is not before `free`."""
    found = np.empty(len(first), np.int64)
    for i in range(len(first)):
        j = first[i]
        while j < last[i] and at[j] < free[i]:
            j += 1
        found[i] = j
    return found


def _joined(way: Plan, parts: list[tuple[Crowd, Walked]]) -> Run:
    """One crowd of all of them."""
    whole = arriving(np.empty(0, np.int64), np.empty(0, np.int64))
    names = list(vars(whole))
    joined = [
        np.concatenate([getattr(one, name) for one, _ in parts] or [getattr(whole, name)]) for name in names
    ]
    starts = np.cumsum([0, *(len(crowd) for crowd, _ in parts)]).tolist()
    done: dict[int, list[Done]] = defaultdict(list)
    passed: dict[tuple[int, str], list[Passed]] = defaultdict(list)
    for (_, told), start in zip(parts, starts, strict=False):
        for one in told.done:
            done[one.node].append(one._replace(rows=one.rows + start))
        for one_ in told.passed:
            passed[one_.node, one_.what].append(one_._replace(rows=one_.rows + start))
    every = Walked(
        [Done(*some[0][:2], *_columns(some, 2)) for some in done.values()],
        [Passed(*some[0][:2], *_columns(some, 2)) for some in passed.values()],
        [],
    )
    return Run(way, Crowd(*joined), every)


def _columns(some: Sequence[Any], first: int) -> list[Any]:
    """The arrays of several rows, each after the other's."""
    return [np.concatenate(column) for column in zip(*(one[first:] for one in some), strict=True)]


def _told(
    run: Run, sends: Sends, since: Micros, now: Micros, wanted: int, barred: int, again: int, alone: int
) -> Replayed:
    crowd, days = run.crowd, (now - since) // DAY
    ends = np.bincount(crowd.outcome[crowd.outcome >= 0], minlength=len(OUTCOMES))
    latest = _latest(crowd.entered)
    return Replayed(
        since,
        now,
        wanted,
        barred,
        again,
        alone,
        len(crowd),
        len(numbered(crowd.person)[0]),
        int((crowd.converted != NEVER).sum()),
        {name: int(n) for name, n in zip(OUTCOMES, ends, strict=True) if n},
        _by_day(crowd.entered, since, days),
        {
            name: _by_day((sends.at if n else sends.go)[sends.why == n], since, days)
            for n, name in enumerate(sends.names)
        },
        [_step(run, sends, place) for place in range(len(run.plan.nodes))],
        list(zip(crowd.person[latest].tolist(), crowd.entered[latest].tolist(), strict=True)),
    )


def _latest(entered: Ints) -> Ints:
    """Some of those who came last, the last one first."""
    first = max(0, len(entered) - _SAMPLE)
    last = np.argpartition(entered, first)[first:] if first else np.arange(len(entered))
    found: Ints = last[np.lexsort((last, entered[last]))][::-1]
    return found


def _step(run: Run, sends: Sends, place: int) -> Step:
    counts = dict.fromkeys(("in", "out", "left"), 0)
    for one in run.walked.passed:
        if one.node == place:
            counts[one.what] += len(one.rows)
    mine = sends.node == place
    told = np.bincount(sends.why[mine], minlength=len(sends.names))
    waiting = int(((run.crowd.node == place) & (run.crowd.ended == NEVER)).sum())
    named = {name: int(n) for name, n in zip(sends.names, told, strict=True) if n}
    return Step(run.plan.nodes[place].step.id, counts["in"], counts["out"], counts["left"], waiting, named)


def _by_day(at: Ints, since: Micros, days: int) -> list[int]:
    place = np.clip((at - since) // DAY, 0, days - 1)
    found: list[int] = np.bincount(place, minlength=days).tolist()
    return found

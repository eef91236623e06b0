"""T4: no guard is passed that shouldn't be, on 10,000 random messages, against a plain implementation."""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random

import numpy as np
import pytest

from habitue.kernel.clock import DAY, HOUR, MINUTE
from habitue.messaging import guards, holdout
from habitue.messaging.guards import Case, Facts, Rival
from habitue.messaging.quiet import Quiet
from habitue.messaging.rules import Budget, Cap, Rules
from tests.messaging.plain import Door, length, over
from tests.messaging.test_quiet import ZONES, silent
from tests.messaging.wanted import NOW

PERSONS = range(6)
ORIGINS = ("journey:a", "journey:b", "broadcast:1")
CHANNELS = ("email", "sms")


def some_rules(dice: Random) -> Rules:
    def limits() -> tuple[Cap, ...]:
        return tuple(
            Cap(dice.randint(0, 3), dice.choice(("2h", "16h", "24h", "3d", "7d")))
            for _ in range(dice.randint(0, 2))
        )

    return Rules(
        caps={name: limits() for name in CHANNELS},
        quiet={"sms": Quiet("21:00", "08:00", (7,))} if dice.random() < 0.4 else {},
        budgets={"sms": Budget(dice.choice((None, dice.randint(0, 40))), 7)} if dice.random() < 0.3 else {},
        holdouts={"journey:a": dice.choice((0.0, 0.3))},
        holdout=dice.choice((0.0, 0.0, 0.2)),
        salt=str(dice.random()),
        late=dice.choice(("24h", "2h")),
    )


def some_cases(dice: Random, n: int, now: int) -> list[Case]:
    return [
        Case(
            number,
            dice.choice(PERSONS),
            dice.choice(CHANNELS),
            dice.choice(("marketing", "marketing", "news", "transactional")),
            dice.choice(ORIGINS),
            dice.choice("st"),
            dice.randint(0, 2),
            now - dice.choice((0, 0, MINUTE, HOUR, 23 * HOUR, 25 * HOUR)),
            dice.choice((None, None, now + HOUR, now + 30 * HOUR, now - 1)),
            dice.choice((None, *["x1", "x2", "x3"] * 4)),
            dice.choice(ZONES),
            7 * dice.randint(0, 3),
        )
        for number in range(n)
    ]


def some_facts(dice: Random, cases: list[Case], now: int) -> Facts:
    ways = [(channel, purpose) for channel in CHANNELS for purpose in ("marketing", "news")]
    rivals: dict[tuple[int, str], list[Rival]] = defaultdict(list)
    for one in cases:
        if one.marketing:
            rivals[one.person, one.channel].append(Rival(one.id, one.origin, one.priority))
    rivals[0, "email"] += [Rival(1000, "journey:later", dice.randint(0, 3))] * (dice.random() < 0.3)
    return Facts(
        agreed={way: {one for one in PERSONS if dice.random() < 0.85} for way in ways},
        suppressed={
            (channel, "x1"): {dice.choice(("unsubscribed", "bounce", "manual"))}
            for channel in CHANNELS
            if dice.random() < 0.3
        },
        sent={
            (person, channel): [now - dice.randrange(8 * DAY) for _ in range(dice.randint(0, 4))]
            for person in PERSONS
            for channel in CHANNELS
        },
        copies={("x2", "journey:a", "s")} if dice.random() < 0.3 else set(),
        met={(1, "broadcast:1")} if dice.random() < 0.3 else set(),
        rivals=rivals,
        spent={"sms": 7 * dice.randint(0, 3)},
    )


def test_every_verdict_is_that_of_the_plain_door() -> None:
    dice, seen = Random(7), Counter[str]()
    for _ in range(1_000):
        now = NOW + dice.randrange(300 * DAY)
        rules, cases = some_rules(dice), some_cases(dice, 10, now)
        facts = some_facts(dice, cases, now)
        door = Door(facts, rules, now)
        plain = door.judge(cases)
        for case, verdict in zip(cases, guards.judge(cases, facts, rules, now), strict=True):
            assert (verdict.act, verdict.guard) == plain[case.id], (case, verdict)
            assert verdict.until == (door.until[case.id] if verdict.act == "hold" else None)
            seen[f"{verdict.act} {verdict.guard}"] += 1
    assert {one.split()[1] for one in seen} == {*guards.ORDER, "None"}, seen


def test_over_a_month_nobody_gets_more_than_the_caps_allow_nor_is_disturbed() -> None:
    """A thousand messages that come at random and are held and looked at again, as the sender does it."""
    dice = Random(8)
    rules = Rules(
        caps={"sms": (Cap(1, "16h"), Cap(3, "7d"))}, quiet={"sms": Quiet("21:00", "08:00", (7,))}, late="24h"
    )
    sent: dict[tuple[int, str], list[int]] = defaultdict(list)
    waiting = [
        (
            NOW + dice.randrange(30 * DAY),
            Case(n, n % 40, "sms", "marketing", "api", str(n), 0, 0, None, f"a{n % 40}", dice.choice(ZONES)),
        )
        for n in range(1_000)
    ]
    planned = {case.id: at for at, case in waiting}
    acts = Counter[str]()
    for now in range(NOW, NOW + 34 * DAY, 20 * MINUTE):
        due = [case._replace(planned=planned[case.id]) for at, case in waiting if at <= now]
        waiting = [one for one in waiting if one[0] > now]
        facts = Facts(agreed={("sms", "marketing"): range(40)}, sent=sent)
        for case, verdict in zip(due, guards.judge(due, facts, rules, now), strict=True):
            acts[f"{verdict.act} {verdict.guard}"] += 1
            if verdict.act == "go":
                times = sent[case.person, "sms"]
                assert not any(over(times, now, cap) for cap in rules.caps["sms"])
                assert not silent(now, case.zone, rules.quiet["sms"])
                assert now - planned[case.id] <= length(rules.late)
                times.append(now)
            elif verdict.act == "hold":
                assert verdict.until is not None
                waiting.append((verdict.until, case))
                planned[case.id] = verdict.until if verdict.guard == "quiet" else planned[case.id]
    assert waiting == []
    assert acts["go None"] > 200
    assert min(acts[one] for one in ("hold quiet", "hold cap", "skip cap")) > 20, acts


def test_control_groups_are_even_stay_when_they_grow_and_do_not_overlap_more_than_by_chance() -> None:
    persons = np.arange(200_000, dtype=np.int64)
    ten, twenty = (holdout.held("journey:a", share, persons) for share in (0.1, 0.2))
    other = holdout.held("journey:b", 0.1, persons)
    assert abs(ten.mean() - 0.1) < 0.003
    assert not (ten & ~twenty).any()
    assert abs((ten & other).mean() - 0.01) < 0.001
    assert not holdout.held("journey:a", 0.0, persons).any()
    places = holdout.places("x", persons)
    assert len(np.unique(places)) == len(places)
    assert 0 <= places.min() < places.max() < 1
    assert abs(np.corrcoef(places[:-1], places[1:])[0, 1]) < 0.01
    assert holdout.place("x", 17) == places[17]


def test_a_place_is_the_same_in_every_version_of_the_program() -> None:
    """Who was left alone stays so: written down once, with what it was then."""
    assert [round(holdout.place("journey:welcome", n), 6) for n in (0, 1, 2, 1_000_000)] == PLACES


PLACES = [0.852644, 0.219626, 0.054619, 0.219157]


@pytest.mark.parametrize("purpose", ["marketing", "transactional"])
def test_a_webhook_needs_no_address_and_no_consent(purpose: str) -> None:
    case = Case(1, 1, "webhook", purpose, "journey:a", "s", 0, NOW, None, None, "UTC")
    (verdict,) = guards.judge([case], Facts(), Rules(), NOW)
    assert verdict.act == "go"

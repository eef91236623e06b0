"""What becomes of many messages at once is what the door makes of them one at a time, as each comes due."""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import Final

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.engine.sweep import NEVER
from habitue.kernel.clock import DAY, HOUR, duration, instant
from habitue.messaging import guards
from habitue.messaging.guards import Case, Facts
from habitue.messaging.quiet import Quiet
from habitue.messaging.rules import Cap, Rules
from habitue.messaging.spacing import CAPPED, LATE, SILENT, spaced

NOW: Final = instant("2026-03-25T10:00Z")  # the clocks change four days later
ZONES: Final = ["Europe/Paris", "America/New_York", "Pacific/Apia"]
GUARDS: Final = {"late": LATE, "cap": CAPPED, "quiet": SILENT}


def door(cases: list[Case], had: dict[int, list[int]], rules: Rules) -> dict[int, tuple[int, int]]:
    """When each goes and why not, followed through the guards in the order in which they come due."""
    queue: list[tuple[int, int, int, int, Case]] = []
    for case in cases:
        heappush(queue, (case.planned, 1, case.planned, case.id, case))
    for person, times in had.items():
        for n, at in enumerate(times):
            heappush(queue, (at, 0, at, -1 - n - 100 * person, cases[0]._replace(person=person)))
    sent: dict[tuple[int, str], list[int]] = {}
    found: dict[int, tuple[int, int]] = {}
    while queue:
        now, wanted, _, number, case = heappop(queue)
        if not wanted:
            sent.setdefault((case.person, "sms"), []).append(now)
            continue
        facts = Facts(agreed={("sms", "marketing"): {case.person}}, sent=sent)
        (verdict,) = guards.judge([case], facts, rules, now)
        if verdict.act == "go":
            found[number] = now, 0
            sent.setdefault((case.person, "sms"), []).append(now)
        elif verdict.act == "hold":
            assert verdict.until is not None
            planned = verdict.until if verdict.guard == "quiet" else case.planned
            heappush(queue, (verdict.until, 1, planned, number, case._replace(planned=planned)))
        else:
            found[number] = NEVER, GUARDS[verdict.guard or ""]
    return found


@settings(max_examples=60)
@given(st.integers(0, 1 << 40))
def test_many_at_once_go_when_the_door_lets_them_one_at_a_time(seed: int) -> None:
    dice = Random(seed)
    silence = Quiet("21:00", "08:00", (7,), holidays=dice.random() < 0.5) if dice.random() < 0.7 else Quiet()
    caps = tuple(Cap(dice.randint(0, 3), dice.choice(("2h", "16h", "7d"))) for _ in range(dice.randint(0, 2)))
    rules = Rules(caps={"sms": caps}, quiet={"sms": silence}, late=dice.choice(("2h", "24h", "3d")))
    n = dice.randint(1, 25)
    person = np.array([dice.randint(3, 6) for _ in range(n)], np.int64)
    due = np.sort(np.array([NOW + dice.randrange(6 * DAY) // HOUR * HOUR for _ in range(n)], np.int64))
    expires = due + dice.choice((HOUR, duration("24h"), 10 * DAY))
    zone = person % 3
    had = {
        who: [NOW + dice.randrange(-7 * DAY, 5 * DAY) for _ in range(dice.randint(0, 3))] for who in range(8)
    }
    before = [(who, at) for who, times in had.items() for at in times]
    whose, times = (
        (np.array(column, np.int64) for column in zip(*before, strict=True)) if before else ([], [])
    )
    found = spaced(
        *(person, due, expires, "sms", rules, (ZONES, zone)),
        (np.array(whose, np.int64), np.array(times, np.int64)),
    )
    cases = [
        Case(
            i, int(p), "sms", "marketing", "journey:a", "v1:s", 0, int(at), int(end), f"a{p}{i}", ZONES[p % 3]
        )
        for i, (p, at, end) in enumerate(zip(person, due, expires, strict=True))
    ]
    mine = {who: times for who, times in had.items() if who in person}
    assert door(cases, mine, rules) == {i: (int(found.go[i]), int(found.why[i])) for i in range(n)}

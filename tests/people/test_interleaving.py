"""In whatever order identify, alias, merge and split arrive, and in whatever portions: the same customers.

A case is one small world of keys with what is said and decided about them, told twice in two orders. What
people decide keeps its order, all else is shuffled. A hundred worlds share a shop, each with keys of its own.
`HABITUE_CASES=10000` tells as many; two hundred are told otherwise.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.ingest import inbox
from habitue.kernel.clock import DAY
from tests.ingest.stores import opened, parcel

CASES: Final = int(os.environ.get("HABITUE_CASES", "200"))
WORLDS: Final = 100
PORTIONS: Final = 5
KEYS: Final = (
    "user:a",
    "user:b",
    "user:c",
    "user:0",
    "anon:a",
    "anon:1",
    "anon:2",
    "email:{}@b.fr",
    "phone:{}",
)

Event: TypeAlias = dict[str, Any]
World: TypeAlias = list[Event]


def world(dice: Random, number: int) -> World:
    """Up to twelve happenings at different instants; keys are this world's own, but junk is everybody's."""
    keys = [f"{key}-{number}" if "{" not in key and key != "user:0" else key.format(number) for key in KEYS]
    instants = dice.sample(range(30), 12)
    told = [_event(dice, keys, ts * DAY) for ts in instants[: dice.randint(2, 12)]]
    return [{**event, "id": f"{number}.{n}"} for n, event in enumerate(told)]


def _event(dice: Random, keys: list[str], ts: int) -> Event:
    one, other, third = dice.sample(keys, 3)
    event: Event = {"key": one, "ts": ts, "also": dice.choice(([other], [other], [other, third], None))}
    match dice.choice(
        ("order", "order", "identify", "identify", "alias", "alias", "consent", "merge", "split")
    ):
        case "identify":
            traits = {dice.choice("xy"): dice.randint(0, 9)}
            return event | {"name": "$identify", "revenue": None, "props": json.dumps(traits)}
        case "alias":
            old = dice.choice("abc12") + "-" + keys[0].rpartition("-")[2]
            return (
                event
                | {"name": "$alias", "revenue": None, "props": "{}"}
                | {
                    "key": keys[dice.randrange(3)],
                    "also": [f"user:{old}", f"anon:{old}"],
                }
            )
        case "consent":
            said = json.dumps({"email": dice.random() < 0.5})
            return event | {"name": "$consent", "revenue": None, "props": said, "also": None}
        case "merge" | "split" as act:
            props = '{"by": "ada", "why": "she said so"}'
            return event | {"name": f"${act}", "revenue": None, "props": props, "also": [other]}
    return event


def shuffled(dice: Random, told: World) -> World:
    """In another order, but for what people decided, which keeps its own."""
    rulings = iter([event for event in told if ruling(event)])
    mixed = dice.sample(told, len(told))
    return [next(rulings) if ruling(event) else event for event in mixed]


def ruling(event: Event) -> bool:
    return event.get("name") in ("$merge", "$split")


def kept(worlds: list[World], dice: Random) -> dict[str, list[object]]:
    """What is known of each world's keys in the end, without numbers that depend on who came first."""
    told = [event for each in worlds for event in each]
    size = -(-len(told) // PORTIONS)
    with TemporaryDirectory() as folder, opened(Path(folder)) as stores:
        for start in range(0, len(told), size):
            inbox.put(stores.ops, [parcel(f"{start}", *told[start : start + size], history=False)], 0)
            stores.load()
            if dice.random() < 0.3:
                stores.warehouse.compact()
        found: dict[str, list[object]] = defaultdict(list)
        for sql in _KEPT:
            for name, *rest in stores.rows(sql):
                found[str(name)].append(rest)
    return found


_NAMED: Final = """
    WITH whose AS (
        SELECT node, key, coalesce(person, node) AS person FROM node LEFT JOIN merged USING (node)
    ), named AS (SELECT person, string_agg(key, ' ' ORDER BY key) AS name FROM whose GROUP BY ALL)
"""
_KEPT: Final = (
    f"{_NAMED} SELECT name, key, birth FROM person JOIN named USING (person) ORDER BY ALL",
    f"{_NAMED} SELECT name, id::VARCHAR, ts, revenue FROM event JOIN named USING (person) ORDER BY ALL",
    f"{_NAMED} SELECT named.name, t.name, t.value, t.ts FROM trait t JOIN named USING (person) ORDER BY ALL",
)


@settings(max_examples=max(1, CASES // WORLDS), deadline=None)
@given(st.integers(0, 1 << 62))
def test_any_order_of_what_is_said_and_decided_gives_the_same_customers(seed: int) -> None:
    dice = Random(seed)
    worlds = [world(dice, n) for n in range(WORLDS)]
    once = kept(worlds, dice)
    again = kept(_interleaved(dice, [shuffled(dice, each) for each in worlds]), dice)
    differing = {name: (once.get(name), again.get(name)) for name in once.keys() | again.keys()}
    assert {name: pair for name, pair in differing.items() if pair[0] != pair[1]} == {}


def _interleaved(dice: Random, worlds: list[World]) -> list[World]:
    """All the worlds' happenings among one another, each world's in its order."""
    turns = [n for n, each in enumerate(worlds) for _ in each]
    dice.shuffle(turns)
    waiting = [iter(each) for each in worlds]
    return [[next(waiting[n]) for n in turns]]

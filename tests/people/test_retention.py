from __future__ import annotations

from random import Random

import pyarrow as pa

from habitue.kernel.clock import DAY, YEAR, instant
from habitue.people.retention import silent
from habitue.store.warehouse import Warehouse

NOW = instant("2026-11-22")
ACTS = {"Page Viewed": True, "Email Clicked": True, "Order Completed": True, "Survey Answered": True}
NAMES = list(ACTS | {"Email Sent": False, "Email Opened": False, "$identify": False})


def test_prospects_go_three_years_after_their_last_own_act_and_nobody_else_does() -> None:
    dice, events, traits = Random(20261122), [], []
    wanted = {}
    for person in range(10_000):
        birth = NOW - dice.randint(0, 3000) * DAY
        since, ordered = birth, False
        for _ in range(dice.randint(0, 4)):
            code, ts = dice.randrange(len(NAMES)), dice.randint(birth // DAY, NOW // DAY) * DAY
            if NAMES[code] == "Order Completed" and dice.random() < 0.5:
                continue
            events.append((person, ts, code))
            ordered |= NAMES[code] == "Order Completed"
            since = max(since, ts) if ACTS.get(NAMES[code]) else since
        if dice.random() < 0.2:
            source, ts = (
                dice.choice(("import:crm.csv", "website")),
                dice.randint(birth // DAY, NOW // DAY) * DAY,
            )
            traits.append((person, ts, source))
            since = max(since, ts) if source == "website" else since
        events.append((person, birth, NAMES.index("$identify")))
        if not ordered and since <= NOW - 3 * YEAR:
            wanted[person] = since
    warehouse = _filled(events, traits)
    found = silent(warehouse, False, NOW - 3 * YEAR)
    assert {one.person: one.since for one in found} == wanted
    assert len(wanted) > 1000
    assert [one.since for one in found] == sorted(wanted.values())
    customers = silent(warehouse, True, NOW - 3 * YEAR)
    assert customers
    assert {one.person for one in customers}.isdisjoint(wanted)


def _filled(events: list[tuple[int, int, int]], traits: list[tuple[int, int, str]]) -> Warehouse:
    warehouse = Warehouse.open(None)
    people, ts, codes = zip(*events, strict=True)
    moments = pa.array(ts, pa.int64()).cast(pa.timestamp("us"))
    rows = pa.table(
        {"person": pa.array(people, pa.int32()), "ts": moments, "code": pa.array(codes, pa.int32())}
    )
    said, when, source = zip(*traits, strict=True)
    told = pa.table(
        {
            "person": pa.array(said, pa.int32()),
            "name": ["trait.city"] * len(said),
            "ts": pa.array(when, pa.int64()).cast(pa.timestamp("us")),
            "source": list(source),
        }
    )
    with warehouse.write() as writer:
        names = pa.table({"code": pa.array(range(len(NAMES)), pa.int32()), "name": NAMES})
        writer.append("event_name", names)
        writer.append("event_tail", rows)
        writer.append("trait_tail", told)
        writer.run("INSERT INTO person SELECT person, 'user:' || person, min(ts) FROM event GROUP BY person")
        writer.run("INSERT INTO person VALUES (10001, 'erased:x', '2000-01-01')")
    return warehouse

"""A journey that has been live for a while: who came in, what they were sent, what they did with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa

from habitue.app import Shop
from habitue.ingest.inbox import Parcel
from habitue.journeys.graph import Journey
from habitue.journeys.kept import Saved
from habitue.journeys.plan import plan
from habitue.journeys.roles import Act, Message
from habitue.journeys.walk import DONE, GOAL, HELD
from habitue.kernel.clock import DAY, HOUR, MINUTE
from habitue.messaging import outbox
from habitue.messaging.holdout import held
from habitue.messaging.outbox import Wanted
from habitue.store import messages, runs
from habitue.store.log import PARCEL
from habitue.store.messages import Change
from habitue.store.runs import Entered
from habitue.store.tables import message
from habitue.store.travels import run

WHY = (("skipped", "consent"), ("skipped", "address"), ("failed", "template"), ("expired", "late"))
FIELDS: dict[str, dict[str, Any]] = {
    "consent": {"channel": "email", "purpose": "marketing"},
    "template": {"why": "“customer.first_name” is missing or empty."},
    "late": {"due": 1_790_000_000_000_000},
}


def live(shop: Shop, saved: Saved, keys: list[str], now: int) -> None:
    """Let these customers have come into it over the last three weeks."""
    dice, journey = Random(5), saved.journey
    persons = [shop.person(key) for key in keys]
    alone = held(journey.id, journey.head.holdout, np.array(persons, np.int64)).tolist()
    rows, told, buyers = [], list[dict[str, Any]](), list[int]()
    for key, person, left in zip(keys, persons, alone, strict=True):
        at = now - dice.randrange(8, 21) * DAY - dice.randrange(24) * HOUR
        bought = dice.random() < (0.16 if left else 0.24)
        rows.append(Entered(journey.id, saved.version, person, f"event:{person}", at, None, None, at, HELD))
        if bought:
            buyers.append(person)
            order = {"order_id": f"lived-{person}"}
            told.append(_event(key, "Order Completed", at + 30 * HOUR, order, dice.randrange(2_000, 9_000)))
        if not left:
            rows[-1] = rows[-1]._replace(ended=at + DAY, outcome=GOAL if bought else DONE)
            told += _sent(dice, journey, key, person, at + HOUR)
    with shop.ops.begin() as tx:
        runs.enter(tx, rows)
        reached = run.c.journey == journey.id, run.c.person.in_(buyers)
        tx.execute(run.update().where(*reached).values(converted=run.c.entered + DAY))
        runs.count(tx, _passages(saved, sum(not one for one in alone), now))
    _wanted(shop, saved, [one for one, left in zip(persons, alone, strict=True) if not left], now)
    shop.put([Parcel(f"lived:{now}", "shop", False, pa.Table.from_pylist(told, schema=PARCEL))], now)
    shop.refresh(now)


def _passages(saved: Saved, n: int, now: int) -> Iterator[tuple[int, int, str, int, int]]:
    for place, _ in enumerate(plan(saved.journey).nodes):
        yield saved.version, place, "in", now // DAY - 5, n
        yield saved.version, place, "left", now // DAY - 5, n // 5
        n -= n // 5
        yield saved.version, place, "out", now // DAY - 5, n


def _wanted(shop: Shop, saved: Saved, persons: list[int], now: int) -> None:
    """Messages of each sending step: most were sent, some stopped."""
    with shop.ops.begin() as tx:
        for step in saved.journey.every():
            deed = step.does.deed() if isinstance(step.does, Act) else None
            if not isinstance(deed, Message) or not deed.template:
                continue
            like = Wanted(
                origin=f"journey:{saved.journey.id}",
                step=f"v{saved.number}:{step.id}",
                run="-",
                person=0,
                channel="email",
                due=now - 5 * DAY,
                template=1,
            )
            outbox.put_many(tx, like, persons, [f"{step.id}{one}" for one in persons], now)
        rows = [one for one in messages.of(tx, persons, 99_999) if one.origin == like.origin]
        changes = []
        for n, one in enumerate(rows):
            state, reason = WHY[n % 9] if n % 9 < len(WHY) else ("sent", None)
            changes.append(Change(one.id, state, reason, FIELDS.get(reason or "", {})))
        messages.change(tx, {one.id: one.trail for one in rows}, changes, now - 5 * DAY)
        left = [one.id for one, change in zip(rows, changes, strict=True) if change.state == "sent"]
        for n, number in enumerate(left):
            at, whose = now - (n % 20) * DAY, ("gmail", "orange", "other")[n % 3]
            mine = message.update().where(message.c.id == number)
            tx.execute(mine.values(left=at, provider=whose, cost=90, complained=at if n % 400 == 7 else None))


def _sent(dice: Random, journey: Journey, key: str, person: int, at: int) -> list[dict[str, Any]]:
    found = []
    for n, step in enumerate(journey.every()):
        deed = step.does.deed() if isinstance(step.does, Act) else None
        if not isinstance(deed, Message) or not deed.template:
            continue
        about = {"message": f"{person}:{n}", "origin": f"journey:{journey.id}", "step": f"v1:{step.id}"}
        found.append(_event(key, "Email Sent", at, {**about, "purpose": "marketing"}))
        met = [("Email Clicked", 0.3), ("Email Link Scanned", 0.2), ("Email Opened", 0.3)]
        met += [("Email Proxy Opened", 0.5), ("Email Unsubscribed", 0.02)]
        for m, (name, share) in enumerate(met, 1):
            if dice.random() < share:
                found.append(_event(key, name, at + m * 10 * MINUTE, about))
    return found


def _event(key: str, name: str, at: int, props: dict[str, Any], revenue: int | None = None) -> dict[str, Any]:
    own = f"lived:{key}:{name}:{at}:{props.get('message')}"
    return {
        "id": blake2b(own.encode(), digest_size=16).digest(),
        "key": key,
        "account": None,
        "ts": at,
        "name": name,
        "revenue": revenue,
        "props": json.dumps(props),
        "also": None,
    }

"""A journey and what happens to a few customers on it, for tests that let time go on in a workspace."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import pyarrow as pa

from habitue.app import Shop
from habitue.ingest.inbox import Parcel
from habitue.kernel.clock import DAY, MINUTE, instant
from habitue.messaging import outbox
from habitue.store import notes, runs
from habitue.store.log import PARCEL
from habitue.templates.shape import Template, Text

T = instant("2026-11-02T10:00Z")
CART = """
id = "cart"
name = "Cart"
entry = { is = "event", event = "Checkout Started", key = "cart", where = 'props.total > 10' }
goal = { event = "Order Completed", within = "7d" }

[[steps]]
id = "pause"
is = "wait"
length = "1h"

[[steps]]
id = "mail"
is = "send"
template = "cart"

[[steps]]
id = "seen"
is = "until"
rule = 'ever("Mail Opened")'
within = "2d"

[[steps.branches]]
id = "met"
[[steps.branches.steps]]
id = "opened"
is = "trait"
trait = "opened"
value = true

[[steps.branches]]
id = "late"
[[steps.branches.steps]]
id = "call"
is = "task"
text = "Call them"
"""

Told = tuple[str, str, int, dict[str, Any]]


def tell(shop: Shop, now: int, *told: Told) -> None:
    rows = [
        {
            "id": blake2b(repr(one).encode(), digest_size=16).digest(),
            "key": one[0],
            "name": one[1],
            "ts": one[2],
            "props": json.dumps(one[3]),
            **dict.fromkeys(("account", "revenue", "also")),
        }
        for one in told
    ]
    key = str(told)
    shop.put([Parcel(key, "shop", False, pa.Table.from_pylist(rows, schema=PARCEL))], now)


def write(shop: Shop, *slugs: str) -> None:
    """Let there be templates of these names."""
    for slug in slugs:
        text = Text("Your cart {{ links.unsubscribe }}", subject="Your cart", form="text")
        shop.publish_template(Template(slug, {"en": text}))


def go(shop: Shop, now: int, *told: Told) -> None:
    """Time goes on to this instant, at which all that is told has happened."""
    if told:
        tell(shop, now, *told)
    shop.refresh(now)
    shop.advance(now)


def at(minutes: int) -> int:
    return T + minutes * MINUTE


def state(shop: Shop) -> dict[str, list[Any]]:
    """All that journeys have brought about, without numbers that are given out anew."""
    with shop.ops.read() as tx:
        travels = sorted(
            (row.person, row.cause, row.entered, row.node, row.ended, row.outcome, row.converted)
            for row in runs.of(tx, range(100))
        )
        sent = sorted((one.origin, one.step, one.planned) for one in outbox.history(tx, range(100)))
        counted = sorted((*row[:3], int(row.n)) for row in runs.passed(tx, range(1, 9), 0))
    told = shop.warehouse.read("SELECT person, name, value FROM trait WHERE name LIKE 'trait.%' ORDER BY ALL")
    tasks = sorted((one.node, one.text, one.due) for one in notes.every(shop.ops))
    return {"runs": travels, "sent": sent, "counted": counted, "told": told.to_pylist(), "tasks": tasks}


def checkouts(*people: int) -> list[Told]:
    return [(f"user:{n}", "Checkout Started", at(1), {"cart": n, "total": 20 if n else 5}) for n in people]


HAPPENINGS: Final[Sequence[tuple[int, list[Told]]]] = (
    (at(1), checkouts(0, 1, 2, 3)),
    (at(62), [("user:1", "Order Completed", at(61), {})]),
    (at(90), [("user:2", "Mail Opened", at(80), {})]),
    (at(62) + 2 * DAY, []),
)

"""What was sent to a customer, or wasn't, stands in their history with every decision about it."""

from __future__ import annotations

import httpx

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.clock import HOUR
from habitue.messaging import outbox
from habitue.messaging.outbox import Wanted
from habitue.store import messages
from habitue.store.messages import Change
from tests.inside import session
from tests.web.conftest import PAYLOADS


def test_each_decision_about_a_message_is_told_in_the_readers_language(shop: Shop, site: str) -> None:
    person, now = shop.person(f"user:{PAYLOADS[0]}0"), clock.now()
    with shop.ops.begin() as tx:
        same = {"origin": f"api:{PAYLOADS[0]}", "channel": "email", "person": person, "due": now + HOUR}
        outbox.put(tx, [Wanted(run=run, **same) for run in "ab"], now)  # type: ignore[arg-type]  # of many types
        first, second = (row.id for row in messages.of(tx, [person], 2)[::-1])
        held = Change(first, "held", "busy", {"answer": PAYLOADS[1], "until": now + HOUR}, due=now + HOUR)
        messages.change(tx, {first: "[]"}, [held], now)
        trails = {row.id: row.trail for row in messages.of(tx, [person], 9)}
        capped = Change(first, "skipped", "cap", {"most": 2, "within": "7d"})
        messages.change(tx, trails, [capped], now)
    for language, told in (
        (
            "en",
            ("Put off until", "has had 2 messages within 7 days", "Planned for", "planned"),
        ),
        ("fr", ("Remis au", "c’est assez pour ce client", "Prévu pour le", "non envoyé")),
    ):
        asked = {"Accept-Language": language, "Cookie": f"habitue_{shop.ops.name[:8]}={session(shop)}"}
        page = httpx.get(f"{site}/customers/{person}?kind=messages", headers=asked).text
        assert [one for one in told if one not in page] == []
        assert PAYLOADS[0] not in page
    with shop.ops.begin() as tx:
        messages.forget(tx, [person])
    assert second

"""What a journey came to, on its page: nothing said too early, each number with who it was."""

from __future__ import annotations

import html
import re

import httpx

from habitue.app import Shop
from habitue.journeys.reading import from_text
from habitue.kernel import clock
from habitue.kernel.clock import DAY, HOUR
from habitue.messaging import outbox
from habitue.messaging.outbox import Wanted
from habitue.store import messages
from habitue.store.messages import Change
from tests.inside import BEARER

JOURNEY = """
id = "tried"
entry = { is = "event", event = "Order Completed" }
goal = { event = "Order Completed" }

[[steps]]
id = "rest"
is = "wait"
length = "1d"
"""


def test_a_page_tells_what_is_known_and_what_is_missing(shop: Shop, site: str) -> None:
    person, now = int(shop.warehouse.read("SELECT max(person) FROM person").column(0)[0].as_py()), clock.now()
    shop.publish_journey(from_text(JOURNEY)[0], "ada")
    with shop.ops.begin() as tx:
        same = {"origin": "journey:tried", "channel": "email", "person": person, "due": now - HOUR}
        outbox.put(tx, [Wanted(run=run, step="v1:rest", **same) for run in "ab"], now)  # type: ignore[arg-type]  # of many types
        mine = [row for row in messages.of(tx, [person], 9) if row.origin == "journey:tried"]
        why = {"why": "“customer.first_name” is missing."}
        changes = [Change(mine[0].id, "failed", "template", why), Change(mine[1].id, "sent")]
        messages.change(tx, {row.id: row.trail for row in mine}, changes, now)
    headers = BEARER | {"accept-language": "en"}
    with httpx.Client(base_url=site, timeout=30, headers=headers) as client:
        page = client.get("/journeys/tried/results?days=90").text
        plain = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
        for told in (
            "Nobody is left alone",
            "Text could not be made",
            "Messages sent 1",
            "after a message €0.00",
        ):
            assert told in plain, told
        (to,) = re.findall(r'href="(/journeys/tried/results/customers[^"]+)"', page)
        listed = client.get(html.unescape(to)).text
        assert f'href="/customers/{person}"' in listed
        assert "Not sent: its text could not be made. “customer.first_name” is missing." in listed
        assert client.get("/journeys/nothing/results").status_code == 404
        assert client.get("/journeys/tried/results/customers?step=x&became=flown").status_code == 404
        body = client.get("/api/v1/journeys/tried/results?days=7").json()
        assert (body["incremental"], body["unsent"][0]["reason"]) == (None, "template")
        assert client.get("/api/v1/journeys/nothing/results").status_code == 400
    with shop.ops.begin() as tx:
        messages.forget(tx, [person])
    shop.stop_journey("tried", "ada", "exit", now + DAY)

"""The pages of alerts: settled with what they would have told beside them, and told by the bell."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.clock import HOUR
from tests.inside import session

FORM = {
    "is": "stage",
    "watch.stage": "transactional.active",
    "watch.measure": "share",
    "rule": "above",
    "limit": "0,5 %",
    "every": "day",
    "at": "08:00",
    "name": "Nobody is active!",
    "quiet.start": "20:00",
    "quiet.stop": "08:00",
}


@pytest.fixture(scope="module")
def client(shop: Shop, site: str) -> Iterator[httpx.Client]:
    cookies = {f"habitue_{shop.ops.name[:8]}": session(shop)}
    with httpx.Client(base_url=site, timeout=60, cookies=cookies, headers={"origin": site}) as made:
        yield made


def test_an_alert_is_settled_tried_looked_at_and_told_of(shop: Shop, client: httpx.Client) -> None:
    assert "Active customer" in client.get("/alerts/new?kind=stage").text
    tried = client.post("/alerts/-/preview", data=FORM)
    assert "What it would have told" in tried.text
    assert "Your limit is 0.5%." in tried.text
    made = client.post("/alerts/new", data=FORM)
    assert (made.status_code, made.headers["location"]) == (303, "/alerts/nobody-is-active")
    kept = shop.alert("nobody-is-active").alert
    assert (kept.when.limit, kept.quiet, kept.every) == (0.005, "20:00-08:00", "day")
    assert 'value="0.5"' in client.get("/alerts/nobody-is-active/edit").text
    shop.watch(clock.now())
    bell = 'aria-label="1 alert not read"'
    assert bell in client.get("/stages").text
    assert "Nobody is active!" in client.get("/alerts").text
    assert bell not in client.get("/stages").text
    number = shop.alert("nobody-is-active").incident
    assert number
    client.post(f"/alerts/-/incidents/{number.id}", data={"for": "hour"})
    after = shop.alert("nobody-is-active").incident
    assert after
    assert clock.now() < (after.snoozed or 0) <= clock.now() + HOUR
    client.post("/alerts/nobody-is-active", data={"do": "mute"})
    assert shop.alert("nobody-is-active").state.muted
    client.post("/alerts/nobody-is-active", data={"do": "remove"})
    assert client.get("/alerts/nobody-is-active").status_code == 400


def test_what_is_wrong_is_said_beside_what_was_written(client: httpx.Client) -> None:
    answer = client.post("/alerts/new", data=FORM | {"limit": "many", "quiet.stop": ""})
    assert answer.status_code == 400
    assert "Write the limit as a number" in answer.text
    assert "Write from when to when nobody is disturbed" in answer.text
    assert 'value="many"' in answer.text
    assert "Nobody is active!" in answer.text

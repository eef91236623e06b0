"""Journeys in the browser: begun with a recipe, changed, tried on the past, published, paused, stopped."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import pytest

from habitue.app import Shop
from habitue.app.templates import Brand
from habitue.journeys import seeds
from habitue.journeys.reading import read as read_journey
from habitue.kernel import clock
from habitue.kernel.clock import DAY
from tests.inside import BEARER


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    headers = BEARER | {"accept-language": "en"}
    with httpx.Client(base_url=site, timeout=30, headers=headers, follow_redirects=True) as client:
        yield client


def read(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text[:500]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_a_recipe_is_changed_tried_published_and_stopped(shop: Shop, client: httpx.Client) -> None:
    named = shop.brand
    shop.name_brand(Brand(), "ada", clock.now())
    assert "Begin with a recipe" in read(client.get("/journeys"))
    begun = client.post("/journeys/new", data={"recipe": "winback"})
    assert begun.url.path == "/journeys/winback/edit"
    assert "customers who placed their last order more than 90 days ago" in read(begun)
    assert "not settled (Name of the shop" in html.unescape(read(begun))
    shop.name_brand(named, "ada", clock.now())
    edit = "/journeys/winback/edit"
    # A step put in, and one that lacks something.
    assert "What is said, by the name of a template." in read(
        client.post(edit, data={"do": "insert:send", "at": "0"})
    )
    page = read(client.get(edit))
    assert "1 thing to mend before it can be published" in page
    assert "This is missing: Template." in page
    refused = client.post(edit, data={"do": "publish"})
    assert refused.status_code == 400
    told = {"do": "settle", "at": "0", "id": "first", "s.template": "winback", "s.channel": "email"}
    assert "to mend" not in read(client.post(edit, data=told))
    # A wait whose length is none is refused where it stands.
    assert "“soon” is not a duration" in read(
        client.post(edit, data={"do": "settle", "at": "3", "s.length": "soon"})
    )
    client.post(edit, data={"do": "settle", "at": "3", "s.length": "5d", "id": "week"})
    tried = read(client.get("/journeys/winback/replay"))
    assert re.search(r"Would have come in [1-9]\d* ", tried)
    assert "Step by step" in tried
    live = client.post(edit, data={"do": "publish"})
    assert live.url.path == "/journeys/winback"
    assert "Version 1 is live" in read(live)
    assert [step.id for step in shop.journey("winback").journey.every()][:2] == ["first", "hello"]
    assert [one.slug for one in shop.running()] == ["winback"]
    customer = int(shop.warehouse.read("SELECT max(person) FROM person").column(0)[0].as_py())
    assert shop.enter_journey("winback", [customer], "ada") == 1
    assert "Win back since" in read(client.get(f"/customers/{customer}"))
    assert "paused" in read(client.post("/journeys/winback", data={"do": "pause"}))
    assert "live" in read(client.post("/journeys/winback", data={"do": "resume"}))
    assert 'id = "winback"' in client.get("/journeys/winback/export").text
    assert "stopped" in read(client.post("/journeys/winback", data={"do": "stop"}))
    shop.stop_journey("winback", "ada", "exit")
    assert [one.slug for one in shop.running()] == []


@pytest.mark.parametrize("path", ["/journeys/nothing", "/journeys/nothing/edit", "/journeys/nothing/replay"])
def test_a_journey_that_is_not_there_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "told", [{}, {"do": "insert:nothing", "at": "0"}, {"do": "fly"}, {"do": "settle:x", "at": "9.9"}]
)
def test_no_form_breaks_the_editor(client: httpx.Client, shop: Shop, told: dict[str, str]) -> None:
    shop.draft_journey(
        "odd",
        {"id": "odd", "steps": [{"id": "x", "is": "fly"}], "entry": {"is": "fly"}, "exits": [{}]},
        "ada",
    )
    assert client.post("/journeys/odd/edit", data=told).status_code in (200, 400)
    assert client.get("/journeys/odd/edit?at=0").status_code == 200
    shop.discard_journey("odd")


def test_a_segment_and_a_change_of_stage_are_one_click_from_a_journey(
    shop: Shop, client: httpx.Client
) -> None:
    begun = client.post("/journeys/new", data={"segment": "buyers", "way": "leaves"})
    assert (begun.url.path, begun.url.query) == ("/journeys/buyers-webhook/edit", b"at=0")
    assert "This is missing: Address." in read(begun)
    body = shop.journey_draft("buyers-webhook")
    assert body is not None
    assert body.body["entry"] == {"is": "leaves", "rule": 'segment("buyers")'}
    assert body.body["steps"][0]["body"] == {"segment": "buyers", "change": "left"}
    assert 'href="/journeys/buyers-webhook/edit"' in client.get("/segments/buyers").text
    shop.discard_journey("buyers-webhook")
    flow = client.get("/customers?from=active&to=dormant&against=2026-01-01")
    fields = dict(re.findall(r'type="hidden" name="(model|from|to)" value="([^"]*)"', flow.text))
    assert fields == {"model": "transactional", "from": "active", "to": "dormant"}
    begun = client.post("/journeys/new", data=fields)
    assert (begun.url.path, begun.url.query) == ("/journeys/active-dormant/edit", b"at=1")
    assert 'href="/journeys/active-dormant/edit"' in client.get("/stages/transactional/dormant").text
    assert "Journey for this change" not in client.get("/customers?from=active").text
    wrong = ({"segment": "byers", "way": "leaves"}, {"segment": "buyers", "way": "x"}, {**fields, "to": "x"})
    assert [client.post("/journeys/new", data=one).status_code for one in wrong] == [400] * 3
    shop.discard_journey("active-dormant")


def test_who_takes_another_way_out_of_a_stage_goes_no_further(shop: Shop) -> None:
    now = clock.now()
    body = {"id": "x", **seeds.flowing("transactional", "active", "new")}
    body["steps"] = body["steps"][:1]
    found = shop.replay_journey(read_journey(body)[0], now, 365)
    stages = shop.model("transactional")
    sql = """SELECT value, lead(value) OVER (PARTITION BY subject ORDER BY start) AS next, stop FROM intervals
        WHERE version = ?"""
    moved = f"""SELECT next, count(*) AS n FROM ({sql}) WHERE value = ? AND stop > make_timestamp(?)
        AND stop <= make_timestamp(?) GROUP BY next"""
    asked = (stages.version, stages.value("active"), now - 365 * DAY, now)
    rows = {row["next"]: row["n"] for row in shop.warehouse.read(moved, asked).to_pylist()}
    assert found.entered == sum(rows.values())
    assert found.outcomes.get("exit", 0) == sum(rows.values()) - rows.get(stages.value("new"), 0)
    assert found.outcomes["exit"] > 0

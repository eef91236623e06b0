"""The ways to begin: what an empty workspace shows first, how a program is connected, what is passed over."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from habitue.app import Shop
from habitue.demo.shop import parcels
from habitue.kernel import clock
from habitue.stages.drafts import to_text
from habitue.stages.rhythm import rhythm
from tests.api.door import Served, served, track
from tests.inside import BEARER, enter
from tests.web.conftest import served as served_site

__all__ = ["served"]


@pytest.fixture
def client(bare: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=bare, headers=BEARER | {"accept-language": "en"}) as client:
        yield client


def test_an_empty_workspace_begins_here_until_that_is_passed_over(client: httpx.Client) -> None:
    assert client.get("/").headers["location"] == "/welcome"
    page = client.get("/welcome").text
    assert page.count('action="/welcome/skip"') == 1
    for way in ("Import a file", "Connect a shop or a program", "habitue demo"):
        assert way in page
    assert client.post("/welcome/skip").headers["location"] == "/"
    empty = client.get("/")
    assert empty.status_code == 200
    assert 'href="/welcome"' in empty.text


def test_a_program_gets_one_key_and_is_told_when_its_first_event_arrives(served: Served) -> None:
    headers = {"accept-language": "en"}
    served.shop.close_source("b")
    for _ in range(2):
        answer = served.press("/welcome/source", data={"kind": "browser"})
        assert answer.headers["location"] == "/welcome?kind=browser#connect"
    (source,) = (one for one in served.shop.sources() if one.kind == "browser")
    assert source.id == "site"
    page = html.unescape(served.get("/welcome?kind=browser", headers=headers).text)
    assert f'src="{served.url}/habitue.js" data-key="{source.write_key}"' in page
    ask = "/welcome/arrived?kind=browser"
    assert "Waiting for the first event" in served.get(ask, headers=headers).text
    served.post("track", {"userId": "u1", "event": ""}, auth=(source.write_key, ""))
    assert "not taken" in served.get(ask, headers=headers).text
    served.post("track", track(event="<b>Seen</b>"), auth=(source.write_key, ""))
    told = served.get(ask, headers=headers).text
    assert "The first event has arrived: &lt;b&gt;Seen" in told
    assert "hx-trigger" not in told
    assert [one.act for one in served.shop.deeds()].count("add source") == 1


def visit(browser: Browser, shop: Shop, url: str) -> Page:
    context = browser.new_context(locale="en-US")
    enter(context, shop, url)
    page = context.new_page()
    page.goto(url)
    return page


def wait_for(holds: Callable[[], bool]) -> bool:
    for _ in range(200):
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_windows_are_counted_before_they_are_published_as_they_are_after(
    tmp_path: Path, browser: Browser
) -> None:
    now = clock.now()
    with Shop.create(tmp_path / "shop") as shop:
        shop.put(parcels(3, 300, until=now), now)
        shop.refresh(now)
        (model,) = shop.models()
        found = rhythm(shop.warehouse, model, shop.known(), now)
        for dormant, lost in ((90, 365), (45, 120), (200, 201), (30, 900)):
            settings = {"dormant": f"{dormant}d", "lost": f"{lost}d"}
            shop.publish(to_text(replace(model, settings=settings)), now=now)
            counts = shop.warehouse.read(
                f"SELECT value, count(*) AS n FROM intervals WHERE version = {shop.models()[0].version} "
                f"AND start <= make_timestamp({now}) AND (stop IS NULL OR stop > make_timestamp({now})) "
                "GROUP BY value"
            ).to_pylist()
            told = {value: n for value, n in enumerate(found.stand(dormant, lost)) if n}
            assert told == {one["value"]: one["n"] for one in counts}, (dormant, lost)
        for url in served_site(shop):
            page = visit(browser, shop, f"{url}/welcome/stages")
            page.locator("#dormant").fill("50")
            expect(page.locator("#seen")).to_contain_text("within 50 days")
            assert "dormant=50" in page.url
            assert page.locator('[type="range"][data-mirror="dormant"]').input_value() == "50"
            page.get_by_role("button", name="Publish these windows").press("Enter")
            assert wait_for(lambda: shop.models()[0].settings.get("dormant") == "50d")
            page.context.close()


def test_a_source_gets_its_key_another_one_and_is_ended(served: Served) -> None:
    def key(name: str) -> str | None:
        return next((one.write_key for one in served.shop.sources() if one.id == name), None)

    assert served.press("/data/sources", data={"name": " Mobile-app ", "kind": "server"}).status_code == 303
    first = key("mobile-app")
    assert first
    assert first in served.get("/data").text
    for name, kind in (("mobile-app", "server"), ("<b>", "server"), ("x", "y"), ("", "")):
        refused = served.press("/data/sources", data={"name": name, "kind": kind})
        assert (refused.status_code, "<b>" in refused.text.partition("<main")[2]) == (400, False), name
    assert served.press("/data/sources/mobile-app/rotate").status_code == 303
    assert key("mobile-app") not in (first, None)
    assert served.post("track", track(), auth=(first, "")).status_code == 401
    assert served.press("/data/sources/mobile-app/end").status_code == 303
    assert key("mobile-app") is None
    assert served.press("/data/sources/nobody/rotate").status_code == 400
    assert [one.act for one in served.shop.deeds()][:3] == ["end source", "rotate source", "add source"]

"""What stands around every page: its look by day and by night, and what was just done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from habitue.app import Shop
from habitue.web import flash
from tests.inside import BEARER, enter


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, headers=BEARER, timeout=30) as client:
        yield client


def told(text: str, **fields: Any) -> dict[str, str]:
    (cookie,) = flash.done("/stages", text, **fields).cookies
    return {"cookie": f"{cookie.key}={cookie.value}"}


def test_the_look_is_remembered_and_leads_back(client: httpx.Client) -> None:
    assert 'data-theme="system"' in client.get("/stages").text
    answer = client.post("/look", data={"theme": "dark", "back": "/stages?x=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/stages?x=1")
    assert 'data-theme="dark"' in client.get("/stages").text
    assert client.post("/look", data={"theme": "<b>"}).status_code == 400


@pytest.mark.parametrize(
    "back", ["//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example", "/\n"]
)
def test_the_look_leads_nowhere_else(client: httpx.Client, back: str) -> None:
    answer = client.post("/look", data={"theme": "dark", "back": back})
    assert answer.headers["location"] == "/"


def test_what_was_done_is_said_once_in_the_readers_language(client: httpx.Client) -> None:
    done = told("Ever in {stage}", stage="<b>VIP</b>")
    first = client.get("/stages", headers={**done, "accept-language": "fr"})
    assert "&lt;b&gt;VIP&lt;/b&gt;" in first.text
    assert 'class="toast good"' in first.text
    assert "habitue_done=" in first.headers["set-cookie"]
    assert "toast good" not in client.get("/stages").text
    many = told("{n} notes were taken back.", n=32001)
    assert "32,001 notes" in client.get("/stages", headers={**many, "accept-language": "en"}).text


@pytest.mark.parametrize(
    "cookie", ["", "zz", "7b7d", b"{}".hex(), b'{"text":"{n:>9}","fields":{"n":1}}'.hex()]
)
def test_a_cookie_says_nothing_that_is_not_ours(client: httpx.Client, cookie: str) -> None:
    answer = client.get("/stages", headers={"cookie": f"habitue_done={cookie}"})
    assert answer.status_code == 200
    assert 'class="toast ' not in answer.text


def test_a_phone_has_the_whole_menu_without_javascript(browser: Browser, shop: Shop, site: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    enter(context, shop, site)
    page = context.new_page()
    page.goto(f"{site}/customers")
    expect(page.locator("#menu")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.locator("#menu").get_by_role("link", name="Stages").click()
    page.wait_for_url("**/stages")
    page.locator(".self").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.url == f"{site}/stages"
    context.close()


def test_where_a_part_of_a_page_fails_no_page_stands_inside_the_page(client: httpx.Client) -> None:
    part = client.get("/segments/none/why?customer=1", headers={"hx-request-type": "partial"})
    assert part.status_code == 404
    assert 'class="notice bad"' in part.text
    assert "<main" not in part.text
    whole = client.get("/segments/none/why?customer=1", headers={"hx-request-type": "full"})
    assert (whole.status_code, "<main" in whole.text) == (404, True)

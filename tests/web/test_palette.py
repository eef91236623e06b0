"""Everything by its name: what is found for whom, and the way there with the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from habitue import server
from habitue.app import Shop
from habitue.kernel.i18n import Language
from habitue.team.rights import RIGHTS, Act, Actor
from habitue.web.places import PAGES, meant, open_to
from tests.inside import BEARER, enter

PART = {"hx-request": "true"}


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, headers=BEARER, timeout=30) as client:
        yield client


def found(client: httpx.Client, words: str, **more: str) -> list[str]:
    """What the options say."""
    html = client.get("/palette", params={"q": words, **more}, headers=PART).text
    return re.findall(r'role="option".*?</svg><span>([^<]+)</span>', html, re.DOTALL)


def test_it_offers_pages_acts_and_the_other_language_before_anything_is_typed(client: httpx.Client) -> None:
    offered = found(client, "")
    assert {"Lifecycle", "Catalogue", "Dark look", "Speak Français"} <= set(offered)
    assert len(offered) == len(set(offered))


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("lifec", "Lifecycle"),
        ("events LIVE", "Live events"),
        ("theme night", "Dark look"),
        ("buyers", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("dormant", "Dormant customer"),
    ],
)
def test_words_find_pages_acts_segments_and_stages(client: httpx.Client, words: str, first: str) -> None:
    assert found(client, words)[0] == first


def test_a_customer_is_found_and_their_words_are_only_words(client: httpx.Client) -> None:
    html = client.get("/palette", params={"q": "alert"}, headers=PART).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html
    assert "All customers for “alert”" in html


def test_nothing_is_found_for_nothing(client: httpx.Client) -> None:
    assert found(client, "qzxqzx") == []
    assert "Nothing is called so." in client.get("/palette?q=qzxqzx").text


def test_the_other_language_leads_back_to_where_one_is(client: httpx.Client) -> None:
    html = client.get("/palette", params={"back": "/stages?a=1&lang=en"}, headers=PART).text
    assert 'href="/stages?a=1&amp;lang=fr"' in html
    assert "elsewhere" not in client.get("/palette?back=//elsewhere.example", headers=PART).text


def test_nobody_is_offered_what_they_may_not(shop: Shop) -> None:
    app = server.create(shop)
    agent = open_to(app, Actor("member", "a", RIGHTS["agent"], "agent"))
    assert ("get", "/customers") in agent
    assert {("get", "/"), ("get", "/customers.csv"), ("get", "/data")}.isdisjoint(agent)
    assert ("get", "/data") in open_to(app, Actor("member", "o", frozenset(Act), "owner"))


@pytest.mark.parametrize(("language", "words"), [("fr", "etap"), ("fr", "stages"), ("en", "stag")])
def test_a_page_is_meant_by_its_name_in_either_language(language: Language, words: str) -> None:
    assert [one.path for one in PAGES if meant(one, words, language)] == ["/stages"]


def test_it_is_used_with_the_keyboard_alone(browser: Browser, shop: Shop, site: str) -> None:
    context = browser.new_context(locale="fr-FR", viewport={"width": 390, "height": 800})
    enter(context, shop, site)
    page = context.new_page()
    page.goto(f"{site}/data/catalogue")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox")
    expect(field).to_be_focused()
    page.keyboard.type("clients")
    expect(page.get_by_role("option", selected=True)).to_have_text("Clients")
    page.keyboard.press("ArrowDown")
    chosen = page.get_by_role("option", selected=True)
    expect(chosen).not_to_have_text("Clients")
    expect(field).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "none")
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("sombre")
    expect(page.get_by_role("option", selected=True)).to_have_text("Apparence sombre")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Control+k")
    page.keyboard.type("etapes")
    expect(page.get_by_role("option", selected=True)).to_have_text("Étapes")
    page.keyboard.press("Enter")
    page.wait_for_url("**/stages")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    context.close()

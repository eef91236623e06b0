"""A message on a shop's own page, in a real browser under a strict policy: seen, used, and told of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from habitue.api import greeting
from habitue.kernel import clock
from habitue.messaging import outbox
from habitue.messaging.outbox import Wanted
from habitue.templates.shape import Place, Template, Text
from tests.sdk.conftest import Desk
from tests.sdk.storefront import Storefront

WORDS: Final = "<b>Camille</b>,\nle thé est arrivé."
TEXT: Final = Text(WORDS, "Du nouveau", form="text", button="Voir les thés", link="/thes?de=habitue")
BOX: Final = "habitue-message .box"


class Site:
    """The shop's pages, in browsers to which nothing bad may happen."""

    def __init__(self, desk: Desk, front: Storefront) -> None:
        self.desk, self.front, self.wrong = desk, front, list[str]()
        desk.shop.set_channel("site", {}, "test")

    def visit(self, context: BrowserContext, user: str = "ada") -> Page:
        """A page of the shop, once it has asked whether anything waits for whoever has signed in there."""
        page = context.new_page()
        page.on("console", lambda said: self.wrong.append(said.text))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        source, key = f"{self.desk.url}/habitue.js", self.desk.key
        tag = f'<script async src="{source}" data-key="{key}" data-messages></script>'
        self.front.show(tag, "<main><a href='/a' id=first>Thés</a></main>")
        self.front.files["/shop.js"] = (
            f"(window.habitue ||= []).push(['consent', {{ analytics: true }}], ['identify', '{user}'])"
        )
        with page.expect_response("**/v1/messages"):
            page.goto(self.front.url)
        return page

    def write(self, place: Place) -> None:
        """A message to Ada, which waits from now on."""
        shop, now = self.desk.shop, clock.now()
        template = shop.publish_template(
            Template(place, {"fr": TEXT}, channel="inapp", place=place)
        ).kept.version
        one = Wanted(
            origin="api",
            step=place,
            run="r",
            person=shop.person("user:ada"),
            channel="inapp",
            due=now,
            template=template,
        )
        with shop.ops.begin() as tx:
            outbox.put(tx, [one], now)
        sender = shop.outgoing(1)
        sender.round()
        sender.close()

    def told(self, enough: int) -> list[str]:
        """What is told of messages, as soon as there is so much of it."""
        found = self.desk.events(lambda told: sum("In-App" in one.name for one in told) >= enough)
        return [f"{one.name} {one.props['step']}" for one in found if "In-App" in one.name]


@pytest.fixture
def site(desk: Desk, front: Storefront) -> Iterator[Site]:
    made = Site(desk, front)
    yield made
    assert made.wrong == []


def test_a_message_is_shown_to_its_customer_once_and_what_they_did_is_told(
    browser: Browser, site: Site
) -> None:
    with browser.new_context(reduced_motion="reduce") as context, browser.new_context() as other:
        site.visit(context).close()
        site.desk.events(lambda told: any(one.key == "user:ada" for one in told))
        site.write("dialog")
        page = site.visit(context)
        dialog = page.get_by_role("dialog", name="Du nouveau")
        expect(dialog).to_be_visible()
        expect(dialog.get_by_text(WORDS)).to_be_visible()  # a text is only ever a text
        assert dialog.evaluate("one => getComputedStyle(one).position") == "fixed"  # the sheet may be
        assert page.evaluate("document.activeElement.localName") == "habitue-message"
        site.told(1)
        expect(site.visit(context).locator(BOX)).to_have_count(0)  # another tab
        page.keyboard.press("Escape")
        expect(page.locator(BOX)).to_have_count(0)
        assert site.told(2) == ["In-App Opened dialog", "In-App Dismissed dialog"]

        site.write("bar")
        expect(site.visit(other, "bob").locator(BOX)).to_have_count(0)
        page = site.visit(context)
        region = page.get_by_role("region", name="Du nouveau")
        expect(region).to_be_visible()
        assert page.evaluate("document.activeElement.localName") == "body"  # who reads on is not disturbed
        region.get_by_role("link", name="Voir les thés").click()
        page.wait_for_url("**/thes?de=habitue")
        assert site.told(4)[2:] == ["In-App Opened bar", "In-App Clicked bar"]


ASKED: Final[list[tuple[Any, int]]] = [
    ({}, 401),
    ({"writeKey": "of-another-workspace", "anonymousId": "0" * 32}, 401),
    ({"writeKey": 1}, 400),
    ({"anonymousId": "x" * 5000}, 400),
    ({"message": "1.abcdefghijkl", "did": "stolen"}, 400),
    ("[" * 3000, 400),
    ("null", 400),
    (b"\xff\xfe", 400),
]


def test_who_has_no_key_or_asks_nothing_is_told_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(what: Any) -> httpx.Response:
        body = what if isinstance(what, bytes | str) else json.dumps(what)
        return httpx.post(f"{desk.url}/v1/messages", content=body)

    for what, status in ASKED:
        answer = asked(what)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, "*")
    known = {"writeKey": desk.key, "anonymousId": "7" * 32}
    assert asked(known).status_code == 204  # nothing is set up
    desk.shop.set_channel("site", {}, "test")
    for did in ("shown", "clicked", "dismissed"):  # of what nobody was given
        assert asked({**known, "message": "1.abcdefghijkl", "did": did}).status_code == 204
    assert httpx.get(f"{desk.url}/v1/messages").status_code == 405
    monkeypatch.setattr(greeting, "OFTEN", 3)
    answer = asked(known)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")

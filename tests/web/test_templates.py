"""The editor of templates: what is wrong is told while one writes; a text is seen as customers see it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from email import message_from_bytes, policy

import httpx
import pytest
from playwright.sync_api import Browser, expect

from habitue.app import Shop
from habitue.messaging.kinds.email_smtp import Settings
from tests.inside import enter, session
from tests.messaging.sink import sink
from tests.web.conftest import PAYLOADS


@pytest.fixture
def client(shop: Shop, site: str) -> Iterator[httpx.Client]:
    cookies = {f"habitue_{shop.ops.name[:8]}": session(shop)}
    headers = {"origin": site, "accept-language": "en"}
    with httpx.Client(base_url=site, cookies=cookies, headers=headers, timeout=30) as made:
        yield made


def form(page: str) -> dict[str, str]:
    """What the editor's form holds."""
    fields = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page))
    fields |= dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>', page, re.DOTALL))
    return {
        name: html.unescape(value) for name, value in fields.items() if name not in ("q", "width", "back")
    }


def test_a_starter_becomes_a_template_that_is_kept_and_then_sent(shop: Shop, client: httpx.Client) -> None:
    page = client.get("/templates/new?starter=cart").text
    given = form(page) | {"name": "Forgotten cart", "purpose": "marketing"}
    assert given["languages"] == "en,fr"
    assert (
        client.post("/templates/new", data=given | {"do": "save"}).headers["location"]
        == "/templates/forgotten-cart"
    )
    kept = shop.template("forgotten-cart")
    assert (kept.number, kept.live, list(kept.template.texts)) == (1, False, ["en", "fr"])
    answer = client.post("/templates/forgotten-cart", data=given | {"own": "forgotten-cart", "do": "publish"})
    assert answer.status_code == 303
    assert shop.template("forgotten-cart").live
    broken = given | {"own": "forgotten-cart", "do": "publish", "en.body": "<mjml><mj-body></mj-body></mjml>"}
    refused = client.post("/templates/forgotten-cart", data=broken)
    assert (refused.status_code, "no way to unsubscribe" in refused.text) == (400, True)
    assert client.post("/templates/forgotten-cart", data=broken | {"do": "save"}).status_code == 303
    assert [one.live for one in shop.template_versions("forgotten-cart")] == [True, False]
    behind = form(client.get("/templates/forgotten-cart").text) | {"own": "forgotten-cart", "do": "save"}
    assert behind["number"] == "2"
    assert client.post("/templates/forgotten-cart", data=behind | {"en.subject": "A"}).status_code == 303
    late = client.post("/templates/forgotten-cart", data=behind | {"en.subject": "B"})
    assert (late.status_code, "Somebody else saved version 3" in late.text) == (400, True)
    assert 'value="B"' in late.text
    again = behind | {"number": form(late.text)["number"], "en.subject": "B"}
    assert client.post("/templates/forgotten-cart", data=again).status_code == 303
    taken = client.post("/templates/new", data=given | {"do": "save"})
    assert (taken.status_code, "already" in taken.text) == (400, True)
    client.post("/templates/forgotten-cart", data={"do": "retire"})
    assert not any(one.live for one in shop.template_versions("forgotten-cart"))


def test_a_preview_is_a_page_of_its_own_that_runs_nothing(client: httpx.Client) -> None:
    page = client.get("/templates/hello").text
    frame = re.search(r'<iframe[^>]* src="([^"]+)"[^>]*>', page)
    assert frame is not None
    assert 'sandbox="allow-popups"' in frame[0]
    shown = client.get(frame[1])
    policy = shown.headers["content-security-policy"]
    assert "frame-ancestors 'self'" in policy
    assert "sandbox allow-popups" in policy
    assert "script-src" not in policy
    assert "frame-src 'self'" in client.get("/templates/hello").headers["content-security-policy"]
    assert "frame-src" not in client.get("/templates").headers["content-security-policy"]


def test_what_a_customer_is_called_stays_text_in_the_preview(client: httpx.Client) -> None:
    given = form(client.get("/templates/hello").text)
    for n, payload in enumerate(PAYLOADS):
        page = client.post("/templates/-/draft", data=given | {"customer": f"user:{payload}{n}"}).text
        assert payload.replace("\u202e", "") not in page or "<" not in payload
        frame = re.search(r'<iframe[^>]* src="([^"]+)"', page)
        if frame:
            shown = client.get(frame[1]).text
            assert "<script" not in shown
            assert "<img" not in shown
            assert "<svg" not in shown


def test_a_customer_of_whom_too_little_is_known_is_told(client: httpx.Client) -> None:
    given = form(client.get("/templates/hello").text)
    given["en.body"] = given["en.body"].replace(
        "customer.name | default: customer.first_name", "customer.no_such_thing"
    )
    page = client.post("/templates/-/draft", data=given).text
    assert "This customer would not get it" in page
    assert "customer.no_such_thing" in page
    unknown = client.post("/templates/-/draft", data=given | {"customer": "nobody@example.com"})
    assert (unknown.status_code, "There is no customer" in unknown.text) == (200, True)


def test_a_language_is_added_and_a_block_put_in_without_a_script(client: httpx.Client) -> None:
    given = form(client.get("/templates/hello").text)
    page = client.post("/templates/-/draft", data=given | {"do": "add fr"}).text
    assert form(page)["languages"] == "en,fr"
    more = form(client.post("/templates/-/draft", data=form(page) | {"do": "block coupon fr"}).text)
    assert "{{ coupon.code }}" in more["fr.body"]
    assert form(client.post("/templates/-/draft", data=more | {"do": "drop en"}).text)["languages"] == "fr"


def test_what_is_wrong_and_how_it_looks_follow_what_is_typed(browser: Browser, shop: Shop, site: str) -> None:
    context = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 1000})
    enter(context, shop, site)
    page, wrong = context.new_page(), list[str]()
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{site}/templates/new?starter=welcome")
    frame = page.frame_locator("iframe").first
    expect(frame.locator("body")).to_contain_text("A warm welcome")
    body = page.locator("#body-en")
    body.fill(body.input_value().replace("A warm welcome", "Come in").replace("shop.website", "shop.websitt"))
    expect(page.locator("#said-en")).to_contain_text("Did you mean “shop.website”?")
    page.locator("#said-en button").first.click()
    expect(body).to_be_focused()
    body.fill(body.input_value().replace("shop.websitt", "shop.name"))
    page.get_by_role("button", name="Products").first.click()
    expect(body).to_have_value(re.compile("product.name"))
    assert wrong == []
    context.close()


def test_a_test_goes_to_an_address_and_its_links_are_nobodys(shop: Shop, client: httpx.Client) -> None:
    assert "Send a test" not in client.get("/templates/hello").text
    given = form(client.get("/templates/hello").text) | {"do": "test en", "to": "ada@shop.fr"}
    with sink() as server:
        shop.set_mail(Settings("127.0.0.1", "Shop <hello@shop.fr>", server.port, "none"), "test")
        assert "Send a test" in client.get("/templates/hello").text
        assert "Sent to ada@shop.fr" in client.post("/templates/-/test", data=given).text
        nowhere = client.post("/templates/-/test", data=given | {"to": "a@b\r\nBcc: c@d.fr"})
        assert "is no e-mail address" in nowhere.text
        shop.end_mail("test")
    [(_, _, mail)] = server.taken
    read = message_from_bytes(mail, policy=policy.default)
    assert str(read["subject"]).startswith("[Test] Hello")
    assert read["list-unsubscribe"] is None
    html = read.get_body(("html",))
    secret = re.search(r"/u/([\w-]+)", html.get_content() if html else "")
    assert secret is not None
    one = shop.letter("u", secret[1])
    assert one is not None
    assert shop.holder(one).key is None


def test_a_pool_of_codes_is_made_and_ended_on_its_page(shop: Shop, client: httpx.Client) -> None:
    made = client.post(
        "/coupons", data={"name": "Été 2026", "value": "10 %", "prefix": "ete", "most": "1 000"}
    )
    assert (made.status_code, made.headers["location"]) == (303, "/coupons")
    own = client.post("/coupons", data={"name": "Partner", "codes": "a-1\r\na-2\r\n", "until": "2030-01-31"})
    assert own.status_code == 303
    pools = {one.slug: one for one in shop.coupon_pools()}
    assert (pools["ete-2026"].prefix, pools["ete-2026"].left) == ("ETE", 1000)
    assert (pools["partner"].prefix, pools["partner"].left) == (None, 2)
    wrong = client.post("/coupons", data={"name": "Partner"})
    assert (wrong.status_code, "already" in wrong.text) == (400, True)
    for bad in (
        {"name": ""},
        {"name": "x", "most": "-1"},
        {"name": "x", "days": "9" * 30},
        {"name": "x", "until": "no"},
    ):
        assert client.post("/coupons", data=bad).status_code == 400
    client.post("/coupons", data={"end": "partner"})
    assert {one.slug: one.left for one in shop.coupon_pools()} == {"ete-2026": 1000, "partner": 0}
    assert "Partner" in client.get("/coupons").text


def test_a_message_for_the_site_is_written_seen_and_left_for_somebody(
    shop: Shop, client: httpx.Client
) -> None:
    page = client.get("/templates/new?channel=inapp").text
    given = form(page) | {"name": "Spring", "purpose": "marketing", "place": "bar", "customer": ""}
    given |= {
        "en.subject": "New",
        "en.body": "<i>Teas</i>\r\nof spring",
        "en.button": "See",
        "en.link": "/new",
    }
    assert (given["channel"], given["en.form"]) == ("inapp", "text")
    page = client.post("/templates/-/draft", data=given).text
    frame = re.search(r'<iframe[^>]* src="([^"]+)"', page)
    assert frame is not None
    shown = client.get(frame[1]).text
    assert 'class="box bar"' in shown
    assert "&lt;i&gt;Teas&lt;/i&gt;\nof spring" in shown
    assert client.post("/templates/new", data=given | {"do": "publish"}).status_code == 303
    kept = shop.template("spring").template
    assert (kept.channel, kept.place, kept.texts["en"].link) == ("inapp", "bar", "/new")
    person = shop.warehouse.read("SELECT person, key FROM person LIMIT 1").to_pylist()[0]
    asked = given | {"own": "spring", "do": "test en", "customer": person["key"]}
    assert "Nothing is set up for messages on your site" in client.post("/templates/-/test", data=asked).text
    shop.set_channel("site", {}, "test")
    try:
        nobody = client.post("/templates/-/test", data=asked | {"customer": ""}).text
        assert "Write which customer it is for" in nobody
        assert "It waits for" in client.post("/templates/-/test", data=asked).text
        found = shop.customer_messages(person["person"], 1)[0]
        assert (found.channel, found.origin, found.state) == ("inapp", "test", "sent")
    finally:
        shop.end_channel("inapp", "test")

"""What comes in, on pages and in the API: the last calls, what was refused, sources, the catalogue."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from habitue.ingest.calls.recent import KEPT, LONGEST, STRANGERS, Recent, Seen
from habitue.store import refused
from tests.api.door import NOW, Served, served, track
from tests.inside import enter
from tests.web.conftest import PAYLOADS

__all__ = ["served"]

PAGES = ("/data", "/data/events", "/data/events?call=1", "/data/refused", "/data/catalogue")


def page(served: Served, path: str, status: int = 200, **options: Any) -> str:
    options.setdefault("headers", {"accept-language": "en"})
    answer = served.get(path, **options)
    assert answer.status_code == status, answer.text
    return answer.text


def calls(served: Served, **asked: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = served.get("/api/v1/calls", params=asked).json()
    return found


def send(served: Served) -> None:
    """One of each: taken, refused in part, whole, unreadable, without a known key."""
    served.post("batch", {"batch": [track(), track(messageId="m2", event="Order Completed")]})
    served.post("batch", {"batch": [track(messageId="m3"), track(userId="undefined")]})
    served.post("track", {"userId": "u1", "event": ""})
    served.post("batch", b'{"batch":[{"type":"tra')
    served.post("identify", {"userId": "u9"}, auth=("nonsense", ""))


# --- the last calls -------------------------------------------------------------------------------


def test_every_call_is_told_with_what_became_of_it(served: Served) -> None:
    send(served)
    found = calls(served)[::-1]
    keys = ("source", "path", "outcome", "status", "taken", "refused", "names")
    assert [tuple(one[key] for key in keys) for one in found] == [
        ("s", "/v1/batch", "accepted", 200, 2, 0, ["Seen", "Order Completed"]),
        ("s", "/v1/batch", "partly", 200, 1, 1, ["Seen"]),
        ("s", "/v1/track", "refused", 400, 0, 1, []),
        ("s", "/v1/batch", "refused", 400, 0, 0, []),
        (None, "/v1/identify", "refused", 401, 0, 1, ["identify"]),
    ]
    assert found[1]["reasons"][0]["event"] == 1
    assert found[1]["reasons"][0]["code"] == "nobody"
    assert found[4]["reasons"][0]["message"]["fr"].startswith("Cette clé")
    assert [one["number"] for one in calls(served, source="-")] == [5]
    assert [one["number"] for one in calls(served, outcome="accepted")] == [1]
    assert [one["number"] for one in calls(served, outcome="refused", source="s", size=2)] == [4, 3]


def test_of_a_long_body_only_the_beginning_is_kept(served: Served) -> None:
    served.post("track", track(properties={"text": "é" * LONGEST}))
    (found,) = calls(served)
    assert (len(found["body"].encode()), found["size"] > LONGEST) == (LONGEST, True)
    assert "Only the beginning is kept." in page(served, "/data/events?call=1")


def test_whoever_sends_junk_drives_no_other_call_out() -> None:
    recent = Recent()
    for n in range(KEPT + 1):
        recent.add(Seen(NOW, "/v1/track", source="s", taken=n))
    for _ in range(2 * KEPT):
        recent.add(Seen(NOW, "/v1/track"))
    assert [one.taken for one in recent.latest(2 * KEPT, "s")] == list(range(KEPT, 0, -1))
    assert len(recent.latest(2 * KEPT, "")) == STRANGERS
    assert recent.numbered(1) is None


def test_calls_are_told_while_the_working_copy_can_t_be_read(served: Served) -> None:
    send(served)
    served.shop.refresh(NOW)
    with served.shop.warehouse.write() as writer:
        writer.run("DELETE FROM meta WHERE starts_with(key, 'told:')")
    page(served, "/data", 503)
    assert len(calls(served)) == 5
    assert page(served, "/data/events").count("<time ") == 5
    assert "The event has no name." in page(served, "/data/refused")


def test_after_an_erasure_no_body_is_kept_in_memory(served: Served) -> None:
    served.post("track", track(userId="ada"))
    served.shop.refresh(NOW)
    page(served, "/data/catalogue")
    served.shop.erase(["user:ada"], "test", now=NOW)
    assert calls(served) == []
    assert "is not kept any more" in page(served, "/data/events?call=1")


def test_the_calls_page_filters_and_opens_one(served: Served) -> None:
    send(served)
    everything, refused = page(served, "/data/events"), page(served, "/data/events?outcome=refused")
    assert (everything.count("<time "), refused.count("<time ")) == (5, 4)
    assert page(served, "/data/events?source=-").count("<time ") == 1
    opened = page(served, "/data/events?call=2")
    assert "Event 2: Nobody is named" in html.unescape(opened)
    assert "&#34;userId&#34;: &#34;undefined&#34;" in opened
    assert "every 2s" in everything
    assert "every 2s" not in page(served, "/data/events?still=1")


def test_nothing_that_was_sent_is_markup(served: Served) -> None:
    for payload in PAYLOADS:
        properties = {payload: payload, "list": [{payload: 1}]}
        served.post("track", track(event=payload, messageId=payload, properties=properties))
        served.post("track", track(event=payload, userId=payload, timestamp=payload))
    served.shop.refresh(NOW)
    paths = [*PAGES, *(f"/data/events?call={n}" for n in range(1, 21)), "/data/refused?number=1"]
    for path in paths:
        text = page(served, path)
        assert re.findall(r"<script(?! (?:type=\"module\" )?src=\"/static)", text) == [], path
        assert not re.search(r"<(?:img|svg) (?:src=x|onload)", text), path
    catalogue = page(served, "/data/catalogue")
    for link in set(re.findall(r'href="(/data/catalogue\?[^"]+)"', catalogue)):
        assert "<script>alert" not in page(served, html.unescape(link))


# --- refused --------------------------------------------------------------------------------------


def test_a_refused_event_is_mended_and_taken(served: Served) -> None:
    served.post("track", {"userId": "u1", "event": "", "properties": {"price": 3}})
    opened = html.unescape(page(served, "/data/refused?number=1"))
    body = re.search(r"<textarea[^>]*>(.*?)</textarea>", opened, re.DOTALL)
    assert body
    assert json.loads(body[1]) == {
        "type": "track",
        "userId": "u1",
        "event": "",
        "properties": {"price": 3},
    }
    form = {"number": "1", "act": "replay", "body": body[1]}
    wrong = served.press("/data/refused", data=form)
    assert (wrong.status_code, "The event has no name." in wrong.text) == (400, True)
    form["body"] = body[1].replace('"event": ""', '"event": "Mended"')
    done = served.press("/data/refused", data=form)
    assert (done.status_code, done.headers["location"]) == (303, "/data/refused?done=replayed")
    assert [one["name"] for one in served.events()] == ["Mended"]
    assert "Nothing waits" in page(served, "/data/refused?done=replayed")
    page(served, "/data/refused?number=1", 404)


def test_what_was_refused_with_the_parser_s_own_words_is_said_in_ours(served: Served) -> None:
    told = ("JSON is malformed: invalid character (byte 5)", "Input data was truncated")
    with served.shop.ops.begin() as tx:
        refused.bury(tx, [refused.Lost("s", NOW, "no-json", {"reason": one}, b"{" * 9) for one in told])
    text = page(served, "/data/refused")
    assert all(words in text for words in ("after 5 bytes", "after 9 bytes"))


def test_a_refused_event_is_dropped(served: Served) -> None:
    served.post("track", {"userId": "u1", "event": ""})
    done = served.press("/data/refused", data={"number": "1", "act": "drop", "body": "{"})
    assert done.headers["location"] == "/data/refused?done=dropped"
    assert served.shop.refused() == []


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}],
)
def test_no_other_site_decides(served: Served, headers: dict[str, str]) -> None:
    served.post("track", {"userId": "u1", "event": ""})
    form = {"number": "1", "act": "drop", "body": ""}
    assert served.press("/data/refused", data=form, headers=headers).status_code == 403
    assert len(served.shop.refused()) == 1


@pytest.mark.parametrize(
    "form",
    [{}, {"number": "x", "act": "drop"}, {"number": "1", "act": "eat"}, {"number": "99", "act": "drop"}],
)
def test_a_decision_that_is_none_is_refused(served: Served, form: dict[str, str]) -> None:
    assert served.press("/data/refused", data=form).status_code == 400


# --- sources and the catalogue --------------------------------------------------------------------


def test_sources_show_what_they_sent_and_what_to_paste(served: Served, tmp_path: Path) -> None:
    send(served)
    served.shop.refresh(NOW)
    file = tmp_path / "orders.csv"
    file.write_text("customer,date,amount\nc-1,2026-01-31,12.50\nc-2,2026-02-30,5.00\n")
    served.shop.import_file(file, now=NOW)
    text = page(served, "/data")
    shown = html.unescape(text)
    assert f'Client("{served.key}", host="{served.url}")' in shown
    assert f'data-key="{served.public}"' in shown
    assert re.findall(r"<script(?! (?:type=\"module\" )?src=\"/static)", text) == []
    assert f"key …{served.key[-4:]}" in shown
    row = re.search(r"orders(?:<wbr>)?\.csv.*?</tr>", text.split("Imported files", 1)[1], re.DOTALL)
    assert row
    assert re.findall(r'class="num[^"]*">(?:<a[^>]*>)?([^<]+)<', row[0]) == ["2", "1", "0", "1"]
    assert re.search(r'href="/data/refused">3<', text)


def test_the_catalogue_tells_each_name_and_opens_it(served: Served) -> None:
    events = [
        track(event="Order Completed", messageId=f"o{n}", properties={"price": n, "email": "ada@example.com"})
        for n in range(3)
    ]
    served.post("batch", {"batch": events})
    served.post("identify", {"userId": "u1", "traits": {"city": "Lyon", "phone": "+33612345678"}})
    served.shop.refresh(NOW)
    found = served.get("/api/v1/catalogue").json()
    assert [(one["kind"], one["name"], one["events"], one["persons"]) for one in found] == [
        ("event", "Order Completed", 3, 1),
        ("event", "$identify", 1, 1),
        ("trait", "city", 1, 1),
        ("trait", "phone", 1, 1),
    ]
    properties = {one["path"]: one for one in found[0]["properties"]}
    assert properties["email"]["examples"] == []
    assert properties["email"]["personal"] == "email"
    assert (properties["price"]["types"], properties["price"]["share"]) == (["number"], 1.0)
    one = page(served, "/data/catalogue?event=Order%20Completed")
    assert "personal: e-mail address" in one
    assert "ada@example.com" not in one
    assert "Lyon" in page(served, "/data/catalogue?trait=city")
    page(served, "/data/catalogue?event=Nothing", 404)


def test_every_page_says_the_same_in_french(served: Served) -> None:
    send(served)
    served.shop.refresh(NOW)
    for path in PAGES:
        french = page(served, path, headers={"accept-language": "fr"})
        assert '<html lang="fr"' in french
        assert not re.search(r">(?:Sources and|Refused|Accepted|Catalog |In all|To mend)<", french)


@pytest.mark.parametrize("width", [390, 1360])
def test_calls_appear_by_themselves_and_stay_where_they_are_held(
    served: Served, browser: Browser, width: int
) -> None:
    wrong: list[str] = []
    context = browser.new_context(locale="en-GB", viewport={"width": width, "height": 900})
    enter(context, served.shop, served.url)
    seen = context.new_page()
    seen.on("pageerror", lambda error: wrong.append(str(error)))
    seen.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    seen.goto(f"{served.url}/data/events")
    expect(seen.get_by_role("heading", name="No call yet")).to_be_visible()
    send(served)
    expect(seen.locator(".calls > li")).to_have_count(5)
    seen.locator(".calls a").nth(3).click()
    expect(seen.locator("#opened pre")).to_contain_text('"userId": "undefined"')
    for path in PAGES:
        seen.goto(served.url + path)
        assert seen.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    seen.goto(f"{served.url}/data/refused?number=1")
    seen.get_by_role("button", name="Drop it").click()
    expect(seen.get_by_text("It was dropped.")).to_be_visible()
    context.close()
    assert wrong == []

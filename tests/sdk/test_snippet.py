"""Our script in a shop's pages, in a real browser: what it tells, and when it holds its tongue."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route

from habitue.web.snippet import script
from tests.sdk.conftest import Desk
from tests.sdk.storefront import Storefront

NOON: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHOWN: Final = {"access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After"}
"""What lets a page read an answer of another origin, and its Retry-After."""


class Visitor:
    """A browser at the shop's site: what it sent to Habitué, and what went wrong. Its time stands still."""

    def __init__(self, context: BrowserContext, desk: Desk, front: Storefront) -> None:
        self.context, self.desk, self.front = context, desk, front
        self.sent: list[Request] = []
        self.wrong: list[str] = []
        self.failing = False
        context.clock.install(time=NOON)
        context.clock.pause_at(NOON)
        context.on("request", self._ask)
        context.on("console", self._hear)
        context.on("weberror", lambda raised: self.wrong.append(str(raised.error)))

    def _ask(self, request: Request) -> None:
        if request.url.startswith(self.desk.url) and not request.url.endswith((".js", ".json")):
            self.sent.append(request)

    def _hear(self, said: ConsoleMessage) -> None:
        if not (self.failing and said.text.startswith("Failed to load resource")):
            self.wrong.append(said.text)

    def visit(
        self, path: str = "/", consent: str = "required", before: str = "", tags: int = 1, more: str = ""
    ) -> Page:
        """A page of the shop with our tag, or several, and `before` in the script that comes ahead of it."""
        source, key = f"{self.desk.url}/habitue.js", self.desk.key
        tag = f'<script async src="{source}" data-key="{key}" data-consent="{consent}" {more}></script>'
        self.front.show(*[tag] * tags, script=before)
        page = self.context.new_page()
        page.goto(self.front.url + path)
        return page

    def later(self, page: Page, seconds: int = 1) -> None:
        """Let time pass in the page; every request of that time has been asked for when this returns."""
        page.clock.run_for(seconds * 1000)

    def until(self, page: Page, events: int) -> None:
        """Let time pass until so many events were sent: a request waits for the answer to the one before."""
        self.desk.events(lambda _: len(self.told) >= events, lambda: self.later(page))

    def silent(self, page: Page) -> None:
        """It sent nothing, not even on leaving the page: the next one that may speak is the first."""
        page.goto("about:blank")
        assert self.sent == []
        self.later(self.visit("/next", consent="granted"))
        assert [event.props["path"] for event in self.desk.events(bool)] == ["/next"]

    def answers(self, page: Page, enough: int) -> list[tuple[str, str, str]]:
        """What the shop's record says of the device that sent first, the latest first: so many answers."""
        self.desk.events(
            lambda told: sum(event.name == "$consent" for event in told) >= enough, lambda: self.later(page)
        )
        key = f"anon:{self.told[0]['anonymousId']}"
        return [(one.channel, one.purpose, one.status) for one in self.desk.shop.consents(key)]

    @property
    def batches(self) -> list[dict[str, Any]]:
        """The bodies of what was sent."""
        return [json.loads(request.post_data or "") for request in self.sent]

    @property
    def told(self) -> list[dict[str, Any]]:
        """The events in what was sent."""
        return [event for batch in self.batches for event in batch["batch"]]

    def kept(self, page: Page) -> tuple[dict[str, str], dict[str, str]]:
        """The shop's cookies and storage in this browser."""
        cookies = {cookie["name"]: cookie["value"] for cookie in self.context.cookies()}
        return cookies, page.evaluate("Object.fromEntries(Object.entries(localStorage))")


@pytest.fixture
def visitor(browser: Browser, desk: Desk, front: Storefront) -> Iterator[Visitor]:
    """A new browser, to whose pages nothing bad may have happened."""
    with browser.new_context(locale="fr-FR", timezone_id="Europe/Paris") as context:
        one = Visitor(context, desk, front)
        yield one
        assert one.wrong == []


def test_the_script_is_for_every_site_and_under_every_name(desk: Desk) -> None:
    headers = {"host": "events.teapots.example", "sec-fetch-site": "cross-site"}
    answer = httpx.get(f"{desk.url}/habitue.js", headers=headers)
    assert answer.content == script()
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age" in answer.headers["cache-control"]


def test_before_consent_nothing_is_kept_and_nothing_leaves(visitor: Visitor) -> None:
    page = visitor.visit("/?utm_source=letter")
    page.evaluate("habitue.track('Product Viewed', { product_id: 'p-1' })")
    page.evaluate("habitue.identify('u-1')")
    visitor.later(page, 3600)
    assert visitor.kept(page) == ({}, {})
    page.goto(visitor.front.url + "/teapots")
    assert visitor.kept(page) == ({}, {})
    visitor.silent(page)


def test_whether_a_message_waits_is_asked_once_the_visitor_agrees_and_not_before(visitor: Visitor) -> None:
    page = visitor.visit(more="data-messages")
    visitor.later(page, 3600)
    assert visitor.sent == []
    with page.expect_response("**/v1/messages") as asked:
        page.evaluate("habitue.consent({ analytics: true })")
        visitor.later(page)
    (view, question) = visitor.batches
    assert question == {"writeKey": visitor.desk.key, "anonymousId": view["batch"][0]["anonymousId"]}
    assert asked.value.status == 204


def test_what_was_held_goes_when_the_visitor_agrees(visitor: Visitor) -> None:
    page = visitor.visit("/?utm_source=letter")
    page.evaluate("habitue.track('Product Viewed', { product_id: 'p-1' })")
    visitor.later(page, 60)
    page.evaluate("habitue.consent({ analytics: true, email: false })")
    visitor.later(page)
    view, act = visitor.told
    assert (view["type"], view["context"]["campaign"]) == ("page", {"source": "letter"})
    assert (act["event"], act["properties"]) == ("Product Viewed", {"product_id": "p-1"})
    assert act["timestamp"] < visitor.batches[0]["sentAt"]
    cookies, storage = visitor.kept(page)
    assert list(storage) == ["habitue"]
    assert cookies == {"habitue": view["anonymousId"]}


@pytest.mark.parametrize("consent", ["required", "granted"])
def test_a_refusal_sends_nothing_and_leaves_nothing(visitor: Visitor, consent: str) -> None:
    page = visitor.visit(consent=consent)
    page.evaluate("habitue.consent({ analytics: false })")
    page.evaluate("habitue.track('Product Viewed')")
    visitor.later(page, 3600)
    page.goto(visitor.front.url + "/elsewhere")
    page.evaluate("habitue.consent({ analytics: false })")
    assert visitor.context.storage_state() == {"cookies": [], "origins": []}
    visitor.silent(page)


AGREED: Final = "window.habitue = [['consent', { analytics: true }]]"


def test_a_yes_is_in_the_record_at_once(visitor: Visitor) -> None:
    page = visitor.visit()
    page.evaluate("habitue.consent({ analytics: true })")
    assert visitor.answers(page, 1) == [("web", "analytics", "granted")]
    (view,) = visitor.told
    assert view["type"] == "page"
    assert view["context"]["consent"] == {"categoryPreferences": {"analytics": True}}
    assert view["context"]["page"]["path"] == "/"


def test_a_yes_after_which_nothing_happens_goes_by_itself_and_once(visitor: Visitor) -> None:
    page = visitor.visit(before=AGREED)
    visitor.until(page, 1)
    for _ in range(2):
        page.evaluate("habitue.consent({ marketing: true })")
        visitor.until(page, 2)
    visitor.later(page)
    assert visitor.answers(page, 2) == [("web", "marketing", "granted"), ("web", "analytics", "granted")]
    _, choice = visitor.told
    assert choice["context"] == {"consent": {"categoryPreferences": {"analytics": True, "marketing": True}}}


def test_consent_can_be_taken_back_and_that_is_told_last(visitor: Visitor) -> None:
    page = visitor.visit(before=AGREED)
    visitor.until(page, 1)
    page.evaluate("habitue.track('Product Added'); habitue.consent({ analytics: false })")
    assert visitor.kept(page) == ({}, {})
    page.evaluate("habitue.track('Product Viewed')")
    visitor.later(page, 3600)
    page.evaluate("habitue.consent({ analytics: false })")
    visitor.later(page, 3600)
    visitor.until(page, 2)
    view, last = visitor.told
    assert (view["type"], last["type"]) == ("page", "identify")
    assert last["anonymousId"] == view["anonymousId"]
    assert last["context"] == {"consent": {"categoryPreferences": {"analytics": False}}}
    assert view["timestamp"] < last["timestamp"]
    assert sorted(visitor.answers(page, 2)) == [
        ("web", "analytics", "denied"),
        ("web", "analytics", "granted"),
    ]


@pytest.mark.parametrize(
    "leaving", ["location.href = 'about:blank'", "location.reload()"], ids=["gone", "again"]
)
def test_a_withdrawal_arrives_when_the_page_is_left_at_once(visitor: Visitor, leaving: str) -> None:
    page = visitor.visit(before=AGREED)
    visitor.until(page, 1)
    visitor.front.show()
    page.evaluate(f"habitue.consent({{ analytics: false }}); {leaving}")
    told = visitor.desk.events(lambda told: sum(event.name == "$consent" for event in told) == 2)
    said = sorted((event.ts, event.props["status"]) for event in told if event.name == "$consent")
    assert [status for _, status in said] == ["granted", "denied"]  # in whatever order they arrived


@pytest.mark.parametrize("answers", [[False], [False, False], [False, True, False]], ids=str)
def test_a_withdrawal_is_sent_again_when_it_fails_and_nothing_else_is(
    visitor: Visitor, answers: list[bool]
) -> None:
    visitor.failing = True
    page = visitor.visit(before=AGREED)
    page.route("**/v1/b", lambda route: route.fulfill(status=503, headers=SHOWN))
    with page.expect_event("response"):
        visitor.later(page)
    for analytics in answers:
        page.evaluate("analytics => habitue.consent({ analytics })", analytics)
    with page.expect_event("response"):
        visitor.later(page, 60)
    page.unroute("**/v1/b")
    enough = 2 * (1 + answers.count(True))
    told = visitor.desk.events(lambda told: len(told) == enough, lambda: visitor.later(page, 60))
    assert sorted(event.name for event in told) == sorted(["$identify", "$consent"] * (enough // 2))
    assert {event.props.get("status", "denied") for event in told} == {"denied"}
    assert visitor.kept(page) == ({}, {})


def test_who_agrees_again_is_another_visitor(visitor: Visitor) -> None:
    page = visitor.visit(before=AGREED)
    visitor.until(page, 1)
    page.evaluate("habitue.consent({ analytics: false }); habitue.consent({ analytics: true })")
    visitor.until(page, 3)
    first, last, again = visitor.told
    assert first["anonymousId"] == last["anonymousId"] != again["anonymousId"]
    assert [event["context"]["consent"]["categoryPreferences"]["analytics"] for event in visitor.told] == [
        True,
        False,
        True,
    ]


def test_a_browser_that_begins_to_object_takes_back_what_was_agreed(visitor: Visitor) -> None:
    visitor.later(visitor.visit(before=AGREED))
    visitor.context.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })"
    )
    page = visitor.visit("/next", before=AGREED)
    visitor.later(page, 3600)
    assert visitor.kept(page) == ({}, {})
    assert visitor.answers(page, 2) == [("web", "analytics", "denied"), ("web", "analytics", "granted")]
    assert len(visitor.told) == 2


def test_consent_is_remembered_and_the_visitor_too(visitor: Visitor) -> None:
    first = visitor.visit()
    first.evaluate("habitue.consent({ analytics: true })")
    visitor.later(first)
    visitor.later(visitor.visit("/teapots"))
    one, two = visitor.told
    assert one["anonymousId"] == two["anonymousId"]
    assert two["context"]["consent"] == {"categoryPreferences": {"analytics": True}}


@pytest.mark.parametrize("signal", ["globalPrivacyControl: true", "doNotTrack: '1'"])
def test_a_browser_that_objects_is_never_followed(visitor: Visitor, signal: str) -> None:
    name, value = signal.split(": ")
    visitor.context.add_init_script(
        f"Object.defineProperty(Navigator.prototype, '{name}', {{ get: () => {value} }})"
    )
    page = visitor.visit(consent="granted")
    page.evaluate("habitue.consent({ analytics: true })")
    page.evaluate("habitue.track('Product Viewed')")
    visitor.later(page, 3600)
    assert visitor.sent == []
    assert visitor.kept(page) == ({}, {})


def test_how_they_came_and_where_they_are_arrives_in_the_shop(visitor: Visitor) -> None:
    page = visitor.visit("/?q=1")
    page.evaluate("habitue.consent({ analytics: true })")
    visitor.later(page)
    landing = (
        "/spring?utm_source=letter&utm_medium=email&utm_campaign=Th%C3%A9&utm_term=a&utm_content=b&gclid=g"
    )
    page.evaluate(f"location.href = '{landing}'")
    page.wait_for_url("**/spring**")
    visitor.later(page)
    told = visitor.desk.events(lambda told: len(told) == 3)
    one, two = (event for event in told if event.name == "Page Viewed")
    assert two.context["campaign"] == {
        "source": "letter",
        "medium": "email",
        "name": "Thé",
        "term": "a",
        "content": "b",
        "gclid": "g",
    }
    assert (two.context["locale"], two.context["timezone"]) == ("fr-FR", "Europe/Paris")
    assert "campaign" not in one.context
    front = visitor.front.url
    assert (
        two.props
        == two.context["page"]
        == {
            "url": f"{front}{landing}",
            "path": "/spring",
            "search": landing.removeprefix("/spring"),
            "title": "Teapots",
            "referrer": f"{front}/?q=1",
        }
    )


def test_calls_made_before_the_script_has_come_are_kept(visitor: Visitor) -> None:
    early = """
        window.habitue = window.habitue || [];
        habitue.push(["identify", "u-1", { city: "Lyon" }]);
        habitue.push(["track", "Product Viewed", { product_id: "p-1" }]);
    """
    page = visitor.visit(consent="granted", before=early)
    page.evaluate("habitue.push(['track', 'Product Added'])")
    visitor.later(page)
    assert [event.get("event", event["type"]) for event in visitor.told] == [
        "identify",
        "Product Viewed",
        "page",
        "Product Added",
    ]
    assert {event["userId"] for event in visitor.told} == {"u-1"}
    assert len(visitor.sent) == 1


@pytest.mark.parametrize(
    "leaving",
    [
        "location.href = 'about:blank'",
        "Object.defineProperty(document, 'hidden', { value: true });"
        "document.dispatchEvent(new Event('visibilitychange'))",
    ],
    ids=["gone", "hidden"],
)
def test_what_waits_when_the_page_is_left_arrives(visitor: Visitor, leaving: str) -> None:
    page = visitor.visit(consent="granted")
    page.evaluate(f"habitue.track('Product Added'); {leaving}")
    told = visitor.desk.events(lambda told: len(told) == 2)
    assert [event.name for event in told] == ["Page Viewed", "Product Added"]


def test_the_browser_need_not_ask_first(visitor: Visitor) -> None:
    page = visitor.visit(consent="granted")
    visitor.later(page)
    (request,) = visitor.sent
    assert (request.method, request.url) == ("POST", f"{visitor.desk.url}/v1/b")
    assert request.headers["content-type"] == "text/plain;charset=UTF-8"
    assert "cookie" not in request.all_headers()


def test_a_library_in_a_page_may_name_itself_and_count_its_tries(visitor: Visitor) -> None:
    page = visitor.visit()
    headers = {
        "Authorization": "Basic " + b64encode(f"{visitor.desk.key}:".encode()).decode(),
        "X-Retry-Count": "1",
    }
    event = {"event": "Product Viewed", "userId": "u-1", "type": "track"}
    sending = {"method": "POST", "headers": headers, "body": json.dumps(event)}
    url = f"{visitor.desk.url}/v1/t"
    assert (
        page.evaluate("async ([url, sending]) => (await fetch(url, sending)).status", [url, sending]) == 200
    )


def failing(visitor: Visitor, *statuses: int, **headers: str) -> Page:
    """A page whose first sending has failed with the first status, 0 for none; the next get the others."""
    visitor.failing = True
    left = iter(statuses)

    def answer(route: Route) -> None:
        status = next(left)
        if status:
            route.fulfill(status=status, headers=SHOWN | headers)
        else:
            route.abort()

    page = visitor.visit(consent="granted")
    page.route("**/v1/b", answer)
    with page.expect_event("response" if statuses[0] else "requestfailed"):
        visitor.later(page)
    return page


def passing(visitor: Visitor, page: Page) -> None:
    """Let up to a hundred seconds pass, until it has sent a second time.

    In many steps, because the page sees the answer to the first only after the test does.
    """
    for _ in range(100):
        visitor.later(page)
        if len(visitor.sent) == 2:
            break


def again(visitor: Visitor, page: Page) -> float:
    """Let time pass until it has sent a second time; the seconds since the first."""
    passing(visitor, page)
    one, two = (datetime.fromisoformat(batch["sentAt"]) for batch in visitor.batches)
    return (two - one).total_seconds()


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_what_fails_is_sent_again_later(visitor: Visitor, status: int) -> None:
    page = failing(visitor, status, 200)
    assert len(visitor.sent) == 1
    assert again(visitor, page) >= 1
    one, two = visitor.batches
    assert one["batch"] == two["batch"]
    visitor.later(page, 3600)
    assert len(visitor.sent) == 2


def test_an_answer_that_gets_lost_counts_once(visitor: Visitor) -> None:
    visitor.failing = True
    lost: list[int] = []

    def answer(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    page = visitor.visit(consent="granted")
    page.route("**/v1/b", answer)
    with page.expect_event("requestfailed"):
        visitor.later(page)
    again(visitor, page)
    page.evaluate("habitue.track('Product Added')")
    told = visitor.desk.events(lambda told: len(told) == 2, lambda: visitor.later(page))
    assert [event.name for event in told] == ["Page Viewed", "Product Added"]
    assert lost == [200]
    assert visitor.batches[0]["batch"] == visitor.batches[1]["batch"]


def test_it_waits_as_long_as_it_is_told(visitor: Visitor) -> None:
    page = failing(visitor, 429, 200, **{"retry-after": "40"})
    assert again(visitor, page) >= 40


def test_what_is_refused_for_good_is_not_sent_again(visitor: Visitor) -> None:
    page = failing(visitor, 400, 200)
    passing(visitor, page)
    assert len(visitor.sent) == 1


def test_the_last_hundred_events_wait(visitor: Visitor) -> None:
    page = visitor.visit()
    page.evaluate("for (let n = 0; n < 150; n++) habitue.track('Tick', { n, text: 'é'.repeat(1000) })")
    page.evaluate("habitue.consent({ analytics: true })")
    told = visitor.desk.events(lambda told: len(told) == 100, lambda: visitor.later(page))
    assert [event.props["n"] for event in told] == list(range(50, 150))
    assert all(len((request.post_data or "").encode()) < 32_768 for request in visitor.sent)


def test_an_event_that_no_server_takes_is_told_to_the_developer(visitor: Visitor) -> None:
    page = visitor.visit(consent="granted")
    page.evaluate("habitue.track('Novel', { text: 'x'.repeat(40000) })")
    visitor.later(page)
    assert [event["type"] for event in visitor.told] == ["page"]
    assert visitor.wrong == ["habitue: an event of more than 32 KB was not sent"]
    visitor.wrong.clear()


def test_two_people_at_one_browser_are_two_visitors(visitor: Visitor) -> None:
    page = visitor.visit(consent="granted")
    for call in ("identify('u-1')", "page()", "identify('u-2')", "identify(null)", "page('Home')"):
        page.evaluate(f"habitue.{call}")
    visitor.later(page)
    who = [(event["anonymousId"], event.get("userId")) for event in visitor.told]
    assert [user for _, user in who] == [None, "u-1", "u-1", "u-2", None]
    ids = [anonymous for anonymous, _ in who]
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids)) == 3


def test_traits_of_somebody_unknown_need_no_id(visitor: Visitor) -> None:
    page = visitor.visit(consent="granted")
    page.evaluate("habitue.identify({ city: 'Lyon' })")
    visitor.later(page)
    _, told = visitor.told
    assert told["traits"] == {"city": "Lyon"}
    assert "userId" not in told


def test_a_second_tag_changes_nothing(visitor: Visitor) -> None:
    page = visitor.visit(consent="granted", tags=2)
    visitor.later(page)
    assert [event["type"] for event in visitor.told] == ["page"]


def test_the_hosts_of_a_shop_share_a_visitor(browser: Browser) -> None:
    ids: list[str] = []

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path == "/v1/b":
            ids.extend(event["anonymousId"] for event in json.loads(route.request.post_data or "")["batch"])
        page = '<script src="/habitue.js" data-key="k" data-consent="granted"></script>'
        body = script().decode() if path == "/habitue.js" else page
        route.fulfill(body=body, content_type="text/javascript" if path == "/habitue.js" else "text/html")

    with browser.new_context() as context:
        context.route("**/*", answer)
        page = context.new_page()
        for host in ("www", "pay"):
            page.goto(f"https://{host}.teapots.co.uk/")
            with page.expect_response("**/v1/b"):
                pass
        (cookie,) = context.cookies()
    assert (cookie["domain"], cookie["secure"], cookie["sameSite"]) == (".teapots.co.uk", True, "Lax")
    assert len(ids) == 2
    assert set(ids) == {cookie["value"]}


SERVICE: Final = """
    Notification.requestPermission = async () => window.answer;
    navigator.serviceWorker.register = async (path) => {
        const keys = { p256dh: "P", auth: "A" };
        const subscribe = async ({ applicationServerKey: key }) =>
            ({ toJSON: () => ({ endpoint: `https://push.example/${path}/${key.length}`, keys }) });
        return { pushManager: { getSubscription: async () => null, subscribe } };
    };
    Object.defineProperty(navigator.serviceWorker, "ready", { value: Promise.resolve() });
"""
"""A browser whose push service is far away, and who answers as the test says."""


def test_a_visitor_who_may_be_pushed_to_says_where_and_that_they_agree(visitor: Visitor) -> None:
    visitor.desk.shop.set_channel("webpush", {"contact": "eva@shop.fr"}, "test")
    page = visitor.visit(consent="granted", before=SERVICE)
    page.evaluate("window.answer = 'denied'")
    assert page.evaluate("habitue.notify()") is False
    page.evaluate("window.answer = 'granted'")
    assert page.evaluate("habitue.notify('/sw.js')") is True
    visitor.until(page, 3)
    told = [event["traits"] for event in visitor.told if event["type"] == "identify"]
    where = {"endpoint": "https://push.example//sw.js/87", "keys": {"p256dh": "P", "auth": "A"}}
    assert told[0] == {"consent": {"push": False}}
    assert told[1]["consent"] == {"push": True}
    assert json.loads(told[1]["push_subscription"]) == where
    assert visitor.answers(page, 2)[0] == ("push", "marketing", "granted")

"""A hundred texts that would run, in every field that can hold what a customer or a colleague writes: on no
page is any of them more than text.

Each page's markup is read by the browser's own parser; a few pages are also opened, where nothing may run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, Final

import httpx
import pyarrow as pa
import pytest
from playwright.sync_api import Browser, Dialog, Page

from habitue.app import Settings, Shop
from habitue.ingest.inbox import Parcel
from habitue.kernel import clock
from habitue.kernel.clock import DAY
from habitue.store.log import PARCEL
from tests.inside import BEARER, enter
from tests.web.conftest import served
from tests.web.payloads import PAYLOADS
from tests.web.test_pages import routes

WRONG: Final = """(pages) => pages.flatMap(([path, html]) => {
    const found = [], page = new DOMParser().parseFromString(html, "text/html");
    const ours = /^(\\/|#|\\?|https?:\\/\\/127\\.0\\.0\\.1[:/]|mailto:|tel:)/;
    for (const one of page.querySelectorAll("*")) {
        const tag = one.localName;
        if (/x5s|^(iframe|object|embed|base|style|video|audio|marquee|xss)$/.test(tag)) found.push(tag);
        if (tag === "script" && one.type === "application/json") JSON.parse(one.textContent);
        else if (tag === "script" && !one.getAttribute("src")?.startsWith("/static/")) found.push(tag);
        if (tag === "meta" && one.httpEquiv) found.push("refresh");
        for (const { name, value } of one.attributes) {
            if (/^on|x5s|^style$|^hx-on|^srcdoc$/.test(name)) found.push(`${tag} ${name}`);
            const where = /^(href|src|action|formaction|xlink:href|data)$/.test(name) && !ours.test(value);
            const asks = /^(data-)?hx-(get|post|vals|on)/.test(name) && !/^\\/(?!x5s)/.test(value);
            if (where || asks) found.push(`${tag} ${name}=${value}`);
        }
    }
    return found.map((what) => [path, what]);
})"""


FIRST: Final = re.compile(r"[a-zA-Z\t]+:|//|[=@]|[\"'`]")
"""What counts only where a field begins with it."""
GROUPS: Final = 21
TEXTS: Final = (
    *(" ".join(PAYLOADS[n::GROUPS]) for n in range(GROUPS)),
    *(text for text in PAYLOADS if FIRST.match(text)),
)
"""Five in a field at once, and alone what must stand first: each is in every field."""


def told(now: int) -> Parcel:
    """One customer per text, who carries it wherever something about a customer can stand."""
    rows: list[tuple[object, ...]] = []
    for n, text in enumerate(TEXTS):
        traits = {
            **dict.fromkeys(("name", "firstName", "lastName", "phone", "city", "company", "birthday"), text),
            "email": f"x{n}@{text}.fr",
            text: [text, {text: text}],
        }
        page = {"url": f"http://x/{text}", "path": text, "title": text, "referrer": text}
        campaign = dict.fromkeys(("source", "medium", "name", "term", "content"), text)
        order = {
            "order_id": text,
            "coupon": text,
            text: text,
            "products": [{"name": text, "sku": text, "category": text, "price": 1, "image_url": text}],
            "context": {"page": page, "campaign": campaign, "locale": text},
        }
        answer = {"channel": "email", "status": "granted", "via": text, "proof": text, "form": text}
        for at, (name, props, revenue) in enumerate(
            (
                ("$identify", traits, None),
                ("$consent", answer, None),
                ("Order Completed", order, 1234),
                ("Page Viewed", {**page, "context": order["context"]}, None),
                ("Survey Answered", {"score": 3, "comment": text, "question": text}, None),
                (text, order, None),
            )
        ):
            message = blake2b(f"{n}{at}".encode(), digest_size=16).digest()
            stamp, key = now - (n % 50 + 2) * DAY + at, f"user:{text}{n}"
            rows.append((message, key, f"account:{text}", stamp, name, revenue, json.dumps(props), None))
    columns = [
        pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), PARCEL, strict=True)
    ]
    table = pa.table(columns, schema=PARCEL)
    return Parcel(key="hostile", source="import:<x5s onclick=x5s()>.csv", history=True, table=table)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    now = clock.now()
    with Shop.create(tmp_path_factory.mktemp("hostile") / "shop", Settings(language="fr")) as made:
        made.put([told(now)], now)
        made.refresh(now)
        for n, text in enumerate(TEXTS):
            made.note(f"user:{text}{n}", text, by=text)
            made.task(f"user:{text}{n}", text, by=text)
        rule = 'ever("Order Completed")'
        made.save_segment("buyers", rule, now, title=PAYLOADS[18], about=TEXTS[1], by=TEXTS[2])
        yield made


@pytest.fixture(scope="module")
def site(attacked: Shop) -> Iterator[str]:
    yield from served(attacked)


@pytest.fixture(scope="module")
def tab(browser: Browser, attacked: Shop, site: str) -> Iterator[Page]:
    context = browser.new_context()
    enter(context, attacked, site)
    page = context.new_page()
    page.goto(f"{site}/styleguide")
    yield page
    context.close()


def pages(shop: Shop, site: str) -> Iterator[tuple[str, str]]:
    """Every page of the route table, and every customer's."""
    people = [f"/customers/{shop.person(f'user:{text}{n}')}" for n, text in enumerate(TEXTS)]
    searches = [str(httpx.URL("/customers", params={"q": text[:200]})) for text in TEXTS[::5]]
    with httpx.Client(base_url=site, headers=BEARER, timeout=60) as client:
        for path in [*routes(shop), *people, *searches]:
            answer = client.get(path)
            if answer.headers.get("content-type", "").startswith("text/html"):
                yield path, answer.text


def test_there_are_a_hundred() -> None:
    assert len(set(PAYLOADS)) >= 100


def test_whatever_was_written_is_text_on_every_page(attacked: Shop, site: str, tab: Page) -> None:
    read = list(pages(attacked, site))
    assert len(read) > 2 * len(TEXTS)
    assert sum(html.count("x5s") for _, html in read) > 50 * len(PAYLOADS)
    # The file that people take with them brings its own style, and says itself that nothing in it may run.
    wrong = [[path, what] for path, what in tab.evaluate(WRONG, read) if not path.endswith("/export.html")]
    assert wrong == []


def test_nothing_of_it_runs(attacked: Shop, site: str, tab: Page) -> None:
    ran: list[Any] = []

    def noted(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    tab.expose_function("x5s", lambda *said: ran.append(said))
    tab.on("dialog", noted)
    tab.on("request", lambda asked: ran.append(asked.url) if not asked.url.startswith(site) else None)
    tab.on("pageerror", lambda error: ran.append(str(error)))
    people = [f"/customers/{attacked.person(f'user:{text}{n}')}" for n, text in enumerate(TEXTS)]
    for path in ("/", "/customers", "/tasks", "/segments/buyers", "/data/catalogue", *people[::5]):
        tab.goto(site + path)
    assert ran == []


def test_the_parser_would_have_told(tab: Page) -> None:
    """Of markup that is not escaped nearly every text is found out; what is none by itself needs a place."""
    found = {path for path, _ in tab.evaluate(WRONG, [[text, f"<p>{text}</p>"] for text in PAYLOADS])}
    assert len(found) > 60

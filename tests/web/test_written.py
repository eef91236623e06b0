"""What people write is text on every page about customers: no element and no attribute of theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

import pytest
from litestar.testing import TestClient

from habitue import server
from habitue.app import Settings, Shop
from habitue.kernel import clock
from habitue.kernel.clock import DAY
from habitue.store import views
from tests.ingest.stores import parcel
from tests.inside import TOKEN

PAYLOADS: Final = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</title><svg onload=alert(1)>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "'><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' onfocus='alert(1)' autofocus='",
    "<svg><script>alert(1)</script></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>",
    "javascript:alert(1)",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<form action=//evil.example><input name=q>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "{{7*7}}${7*7}<%=7*7%>#{7*7}",
    "{% for x in y %}{{ x.__class__ }}{% endfor %}",
    "<!--<b>--!><b>x",
    "<math><mtext></p><img src=x onerror=alert(1)>",
    "\u202e<b>gnirts</b>",
    '=HYPERLINK("//evil.example")',
    "&lt;img src=x onerror=alert(1)&gt;",
    "<x hx-get=/customers hx-trigger=load>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
)
NOTHING: Final = {"wbr"}
"""What may stand in long words."""


ADDRESSES: Final = ("href", "src", "action", "formaction", "hx-get", "hx-post")


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes; addresses and what could run apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[tuple[str, tuple[str, ...]]] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in NOTHING:
            self.parts.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.addresses += [
            value or "" for name, value in attrs if name in ("href", "src", "action", "hx-get")
        ]


def filled(place: Path, texts: list[str]) -> Shop:
    """A shop in which these texts stand wherever somebody can put one, one customer each."""
    now = clock.now()
    shop = Shop.create(place, Settings(timezone="UTC"))
    events: list[dict[str, object]] = []
    for n, text in enumerate(texts):
        key = f"user:{text}{n}"
        traits = {"name": text, "email": f"{n}{text}@x.fr", "phone": text, "owner": text, f"t{text}": [text]}
        order = {
            "order_id": text,
            text: {text: text},
            "products": [{"name": text, "quantity": 1, "price": 2}],
        }
        told = {"email": True, "text": text, "form": text, "ip": text, "by": text}
        for at, (name, props, revenue) in enumerate(
            (
                ("$identify", traits, None),
                ("Order Completed", order, 1234),
                (f"Did {text}", order, None),
                ("$consent", told, None),
            )
        ):
            row = {"key": key, "name": name, "revenue": revenue, "props": json.dumps(props)}
            events.append(
                row | {"id": f"{n}.{at}", "ts": now - 20 * DAY + 10 * n + at, "also": [f"anon:visitor{n}"]}
            )
    shop.put([parcel("hostile", *events)], now)
    shop.refresh(now)
    for n, text in enumerate(texts):
        person = shop.person(f"user:{text}{n}")
        shop.note(person, f"note {text}", text, now)
        shop.task(person, f"task {text}", text, due="2026-01-31", assignee=text, now=now)
        views.keep(shop.ops, f"v{text}"[:60], "web", True, f"q={quote(text)}", now + n)
    return shop


def pages(shop: Shop, texts: list[str], every: int) -> Iterator[tuple[str, str]]:
    """Each page about customers, as it is asked for with these texts; each kind of page by its name."""
    with TestClient(server.create(shop, token=TOKEN), base_url="http://127.0.0.1") as client:
        client.headers.update({"authorization": f"Bearer {TOKEN}", "accept-language": "en"})
        columns = "stage,phone,trait.owner,trait.name,email"
        asked = [("tasks", "/tasks?show=all"), ("list", f"/customers?col={columns}&sort=since")]
        for n, text in enumerate(texts):
            person = shop.person(f"user:{text}{n}")
            asked += [("one", f"/customers/{person}")]
            if n % every == 0:
                asked += [("agent", f"/agent?customer={person}")]
                asked += [("act", f"/customers/act?{urlencode({'act': 'note', 'query': f'q={text}'})}")]
        for kind, address in asked:
            answer = client.get(address)
            assert answer.status_code == 200, address
            yield kind, answer.text


@pytest.mark.long
def test_what_people_write_adds_no_element_and_no_attribute_to_any_page(tmp_path: Path) -> None:
    with filled(tmp_path / "good", [f"plain{chr(97 + n)}" for n in range(len(PAYLOADS))]) as shop:
        good = {kind: Skeleton(page).parts for kind, page in pages(shop, ["plaina"], 1)}
    with filled(tmp_path / "bad", list(PAYLOADS)) as shop:
        seen = 0
        for kind, told in pages(shop, list(PAYLOADS), 5):
            page = Skeleton(told)
            assert page.parts == good[kind], (kind, seen)
            strange = [one for one in page.addresses if not one.startswith(("/", "#")) or one[:2] == "//"]
            assert strange == [], (kind, seen)
            seen += 1
        assert seen > len(PAYLOADS) + 10

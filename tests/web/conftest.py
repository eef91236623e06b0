"""A small demo shop with hostile people in it, served on the loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from hashlib import blake2b
from urllib.request import urlopen

import pyarrow as pa
import pytest
import uvicorn

from habitue import server
from habitue.api.hops import Hops, proxies
from habitue.app import Settings, Shop
from habitue.broadcasts.shape import Broadcast, Variant
from habitue.demo.shop import parcels
from habitue.ingest.inbox import Parcel
from habitue.journeys.reading import read
from habitue.journeys.recipes import recipes
from habitue.kernel import clock
from habitue.kernel.clock import DAY
from habitue.stages.sketch import Sketch
from habitue.store.log import PARCEL
from habitue.templates.shape import Template, Text
from tests.inside import TOKEN

PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    '"><img src=x onerror=alert(3)>',
    "<svg onload=alert(4)>",
    "{{constructor.constructor('alert(5)')()}}",
    "{{7*7}}${7*7}<%=7*7%>",
    "javascript:alert(6)",
    '=HYPERLINK("http://x")',
    "\u202e<b>gnirts</b>",
    "{n} {0} {name!r}",
)


def hostile(now: int) -> Parcel:
    """One customer per payload, who carries it wherever a customer's data can go."""
    rows: list[tuple[object, ...]] = []
    for n, payload in enumerate(PAYLOADS):
        traits = {
            "name": payload,
            "email": f"{n}{payload}@x.fr",
            "nested": {payload: [payload, {"a": payload}]},
        }
        order = {"order_id": payload, payload: payload, "products": [{"category": payload}]}
        for name, props, revenue in (
            ("$identify", traits, None),
            ("Order Completed", order, 1234),
            (payload, order, None),
        ):
            key = f"user:{payload}{n}"
            stamp = now - (n + 2) * DAY + len(rows)
            message = blake2b(f"{n}{name}".encode(), digest_size=16).digest()
            rows.append((message, key, "account:b-001", stamp, name, revenue, json.dumps(props), None))
    columns = [
        pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), PARCEL, strict=True)
    ]
    return Parcel(key="hostile", source="test", history=True, table=pa.table(columns, schema=PARCEL))


def hello(name: str) -> Template:
    """A template of that name that says what a customer is called."""
    called = "{{ customer.name | default: customer.first_name }}"
    body = f'<p>Hello {called}</p><p><a href="{{{{ links.unsubscribe }}}}">No more</a></p>'
    return Template("hello", {"en": Text(body, f"Hello {called}", "", "html")}, name)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop of 300 demo customers and the hostile ones, folded up to now."""
    now = clock.now()
    with Shop.create(tmp_path_factory.mktemp("web") / "shop", Settings(demo=True)) as made:
        made.put([*parcels(3, 300, until=now), hostile(now)], now)
        made.refresh(now)
        made.keep_draft(made.model("transactional"), None, Sketch({"dormant": "60"}), PAYLOADS[0], now)
        made.save_segment("buyers", 'ever("Order Completed")', now, title=PAYLOADS[0], by=PAYLOADS[1])
        made.keep_template(hello(PAYLOADS[0]), PAYLOADS[1], now)
        journey = {**recipes()["winback"].said("en"), "id": "buyers", "name": PAYLOADS[0]}
        made.keep_journey(read(journey)[0], PAYLOADS[1], now)
        to, variants = 'segment("buyers")', (Variant("a", "hello"),)
        made.keep_broadcast(Broadcast("buyers", PAYLOADS[0], to, variants=variants), PAYLOADS[1], now)
        watch, when = {"is": "sales", "measure": "orders", "within": "1d"}, {"rule": "high"}
        alert = {"id": "buyers", "name": PAYLOADS[0], "watch": watch, "when": when, "about": PAYLOADS[1]}
        made.save_alert(made.read_alert(alert), PAYLOADS[1], now)
        yield made


@pytest.fixture(scope="session")
def site(shop: Shop) -> Iterator[str]:
    """The address of the served shop, without the slash at the end."""
    yield from served(shop)


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a served shop that nothing was imported into."""
    with Shop.create(tmp_path_factory.mktemp("bare") / "shop", Settings(language="fr")) as made:
        made.refresh()
        yield from served(made)


def served(shop: Shop) -> Iterator[str]:
    listening = server.listening("127.0.0.1", 18000)
    faced = Hops(server.create(shop, token=TOKEN), proxies(shop.configured))
    running = uvicorn.Server(
        uvicorn.Config(faced, log_level="error", server_header=False, proxy_headers=False)
    )
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    urlopen(f"{url}/api/v1/health").close()
    yield url
    running.should_exit = True
    thread.join()

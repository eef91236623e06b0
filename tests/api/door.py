"""A door over an empty shop whose clock stands still, for those who test what comes through it."""

from __future__ import annotations

import json
from atexit import register
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp
from threading import Thread
from typing import Any, NamedTuple

import httpx
import pytest
import uvicorn
from litestar import Litestar
from litestar.types import ASGIApp, Receive, Scope, Send

from habitue.api.door import Door
from habitue.api.meter import Meter
from habitue.api.wire import Wire
from habitue.app import Shop
from habitue.kernel.clock import instant
from habitue.server import create, listening
from tests.inside import BEARER, TOKEN

NOW = instant("2026-11-22T14:48")


class Served(NamedTuple):
    """A door over an empty shop whose clock stands still, its address, and a server's and a browser's key."""

    shop: Shop
    url: str
    key: str
    public: str
    door: Door

    def post(self, word: str, body: object, **options: Any) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        options.setdefault("auth", (self.key, ""))
        return httpx.post(f"{self.url}/v1/{word}", content=content, **options)

    def get(self, path: str, headers: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        return httpx.get(self.url + path, headers=BEARER | (headers or {}), timeout=60, **options)

    def press(self, path: str, headers: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        return httpx.post(self.url + path, headers=BEARER | (headers or {}), timeout=60, **options)

    def events(self) -> list[dict[str, Any]]:
        """What has come in, in order."""
        self.shop.refresh(NOW)
        rows = self.shop.warehouse.read(
            "SELECT name, person.key, epoch_us(ts) AS ts, revenue, props, account.key AS account FROM event "
            "JOIN event_name USING (code) JOIN person USING (person) LEFT JOIN account USING (account) "
            "ORDER BY seq"
        )
        return [row | {"props": json.loads(row["props"])} for row in rows.to_pylist()]


@cache
def _template() -> Path:
    """An empty shop with its two keys, made once: a copy is there in a fraction of the time."""
    place = Path(mkdtemp()) / "shop"
    with Shop.create(place, now=NOW) as shop:
        for name, kind in (("s", "server"), ("b", "browser")):
            shop.add_source(name, kind, NOW)
    register(rmtree, place.parent)
    return place


def _inner(shop: Shop, counts: Meter) -> ASGIApp:
    """What is behind the door, made once somebody gets there: most come no further than it."""

    @cache
    def made() -> Litestar:
        return create(shop, token=TOKEN, counts=counts)

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await made()(scope, receive, send)

    return inner


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    copytree(_template(), tmp_path / "door")
    with Shop.open(tmp_path / "door") as shop:
        keys = {one.id: one.write_key for one in shop.sources()}
        counts = Meter()
        door = Door(_inner(shop, counts), shop, lambda: NOW, meter=counts)
        waiting = listening("127.0.0.1", 8970)
        server = uvicorn.Server(uvicorn.Config(door, http=Wire, log_level="critical", lifespan="off"))
        thread = Thread(target=server.run, args=([waiting],))
        thread.start()
        yield Served(shop, f"http://127.0.0.1:{waiting.getsockname()[1]}", keys["s"], keys["b"], door)
        server.should_exit = True
        thread.join()
        door.close()


def track(**more: object) -> dict[str, object]:
    return {"type": "track", "userId": "u1", "event": "Seen", "messageId": "m1"} | more

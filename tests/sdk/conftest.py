"""An empty shop's Habitué, served, with a key to write to it, and that shop's web site beside it."""

from __future__ import annotations

import json
import threading
from atexit import register
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp
from time import monotonic
from typing import Any, Final, NamedTuple

import pytest
import uvicorn

from habitue import server
from habitue.api.door import Door
from habitue.app import Settings, Shop
from habitue.kernel import clock
from tests.sdk.storefront import Storefront, storefront

PATIENCE: Final = 20
"""Seconds within which what was sent must have arrived."""

_EVENTS: Final = """
    SELECT name, person.key AS key, epoch_us(ts) AS ts, revenue, props, event.id AS id
    FROM event JOIN event_name USING (code) JOIN person USING (person)
    ORDER BY seq
"""


class Told(NamedTuple):
    """One event as the shop has it: `ts` in µs, `revenue` in cents, `props` without the context."""

    name: str
    key: str
    ts: int
    revenue: int | None
    props: dict[str, Any]
    context: dict[str, Any]


@dataclass(frozen=True)
class Desk:
    """Habitué at `url`, over `shop`."""

    shop: Shop
    url: str
    key: str
    arrived: threading.Event

    def filled(self, text: str) -> str:
        """A piece of the documentation, with this address and this key in it."""
        return text.replace("https://habitue.example", self.url).replace("WRITE_KEY", self.key)

    def events(
        self, enough: Callable[[list[Told]], bool], meanwhile: Callable[[], None] = lambda: None
    ) -> list[Told]:
        """What the shop was told, in order, as soon as it is enough; at the latest when patience ends."""
        end = monotonic() + PATIENCE
        while not enough(told := self._events()) and monotonic() < end:
            meanwhile()
            self.arrived.wait(0.1)
            self.arrived.clear()
            self.shop.refresh()
        return told

    def _events(self) -> list[Told]:
        rows = self.shop.warehouse.read(_EVENTS).to_pylist()
        told = []
        for row in rows:
            props = json.loads(row["props"])
            context = props.pop("context", {})
            told.append(Told(row["name"], row["key"], row["ts"], row["revenue"], props, context))
        return told


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """Habitué over a new shop, with a key for a browser or for the kind that a test names."""
    copytree(_template(getattr(request, "param", "browser")), tmp_path / "shop")
    with Shop.open(tmp_path / "shop") as shop:
        arrived, (source,) = threading.Event(), shop.sources()
        with _served(shop, arrived.set) as url:
            yield Desk(shop, url, source.write_key, arrived)


@cache
def _template(kind: str) -> Path:
    """A new shop with such a key, made once."""
    place = Path(mkdtemp()) / "shop"
    with Shop.create(place, Settings()) as shop:
        shop.add_source("site", kind)
    register(rmtree, place.parent)
    return place


@contextmanager
def _served(shop: Shop, arrived: Callable[[], None]) -> Iterator[str]:
    listening = server.listening("127.0.0.1", 18200)
    door = Door(server.create(shop), shop, clock.now, arrived=arrived)
    running = uvicorn.Server(uvicorn.Config(door, log_level="error", server_header=False))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()
        door.close()


@pytest.fixture
def front(desk: Desk) -> Iterator[Storefront]:
    """The shop's own web site."""
    with storefront(desk.url) as shop:
        yield shop

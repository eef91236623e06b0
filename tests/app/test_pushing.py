"""A browser that subscribed is reached, and once it is gone it is not written to again; another one is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.clock import HOUR
from habitue.messaging import outbox
from habitue.messaging.kinds import webpush
from habitue.messaging.outbox import Wanted
from habitue.messaging.registry import kinds
from habitue.messaging.rules import Rules
from habitue.people import pushed
from habitue.templates.shape import Template, Text
from tests.ingest.stores import parcel
from tests.messaging.counter import window
from tests.messaging.test_webpush import Browser


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop.create(tmp_path_factory.mktemp("pushing") / "shop") as made:
        yield made


def subscribed(shop: Shop, browser: Browser, endpoint: str) -> None:
    traits = {pushed.TRAIT: browser.subscription(endpoint), "name": "Ada"}
    said = {"key": "user:ada", "revenue": None, "ts": clock.now() - HOUR, "name": "$identify"}
    shop.put([parcel(endpoint, {**said, "id": endpoint, "props": json.dumps(traits)})])
    shop.refresh()


def sent(shop: Shop, run: str, template: int) -> tuple[str, str | None]:
    now, person = clock.now(), shop.person("user:ada")
    with shop.ops.begin() as tx:
        one = Wanted(
            origin="api", step=run, run=run, person=person, channel="push", due=now, template=template
        )
        outbox.put(tx, [one], now)
    sender = shop.outgoing(1)
    sender.round()
    sender.close()
    found = shop.customer_messages("user:ada", 1)[0]
    return found.state, found.reason


def test_a_browser_is_reached_until_it_is_gone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser()
    subscribed(shop, browser, "https://push.example/one")
    shop.consent("user:ada", "push")
    shop.refresh()
    shop.set_sending_rules(Rules(caps={}, quiet={}), "test")
    text = Text("Bonjour {{ customer.name }}", "Coucou", form="text")
    template = shop.publish_template(Template("hello", {"fr": text}, channel="push")).kept.version
    assert shop.push_key() is None
    shop.set_channel("webpush", {"contact": "eva@shop.fr"}, "test")
    key = shop.push_key()
    shop.set_channel("webpush", {"rate": "50"}, "test")
    assert (shop.push_key(), key is None) == (key, False)
    opened = webpush.opened
    with window() as desk:
        near = kinds()["webpush"]._replace(opened=lambda told: opened(told, desk.url))
        all_ = {**kinds(), "webpush": near}
        monkeypatch.setattr("habitue.app.channels.kinds", lambda: all_)
        desk.answers = [(201, {}, b""), (410, {}, b""), (201, {}, b"")]
        assert sent(shop, "first", template) == ("sent", None)
        assert json.loads(browser.read(desk.heard[0].body))["body"] == "Bonjour Ada"
        assert sent(shop, "second", template) == ("bounced", "refused")
        assert sent(shop, "third", template) == ("skipped", "suppressed")
        subscribed(shop, browser, "https://push.example/two")
        assert sent(shop, "fourth", template) == ("sent", None)
        assert [one.path for one in desk.heard] == ["/one", "/one", "/two"]

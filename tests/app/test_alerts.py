"""Alerts in a whole shop: looked at once, told once to each, by a real mail server and a real webhook."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest
from aiosmtpd.smtp import SMTP

from habitue.app import Settings, Shop, herald
from habitue.app.alerts import Watched
from habitue.kernel.clock import DAY, HOUR, LAST, MINUTE, instant, iso
from habitue.kernel.errors import UserError
from habitue.messaging.kinds.email_smtp import Settings as Mail
from habitue.store import incidents, members, versions
from habitue.store.seal import Seal

NOW = instant("2026-11-23T10:00Z")
BUSY = """
id = "busy"
name = "Busy"
watch = { is = "sales", measure = "orders", within = "1d" }
when = { rule = "above", limit = 5 }
to = ["ada@shop.fr", "hook:team"]
"""


class Channel(BaseHTTPRequestHandler):
    """A channel of the team's; what it answers next stands in `answers`."""

    heard: ClassVar[list[tuple[str | None, dict[str, Any]]]] = []
    answers: ClassVar[list[int]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.heard.append((self.headers["webhook-id"], body))
        self.send_response(self.answers.pop(0) if self.answers else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


class Box:
    """Takes mails."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        self.taken.append(envelope.content)
        return "250 2.0.0 taken"


@pytest.fixture(scope="module")
def box() -> Iterator[tuple[Box, int]]:
    made, loop = Box(), asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    serving = loop.create_server(lambda: SMTP(made, loop=loop, hostname="relay"), "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(serving, loop).result()
    yield made, server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.close()


@pytest.fixture(scope="module")
def channel() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Channel) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/team"
        server.shutdown()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, box: tuple[Box, int], channel: str) -> Iterator[Shop]:
    """Two orders a day for ten weeks, and twelve on the last."""
    folder = tmp_path_factory.mktemp("alerts")
    with Shop.create(folder / "shop", Settings(timezone="Europe/Paris"), now=NOW) as shop:
        lines = [
            f"c{n},{iso(NOW - day * DAY - (n + 1) * HOUR)},o{day}-{n},10.00"
            for day in range(70)
            for n in range(12 if day == 0 else 2)
        ]
        file = folder / "orders.csv"
        file.write_text("\n".join(["customer,date,order,total", *lines]) + "\n")
        shop.import_file(file, now=NOW)
        with shop.ops.begin() as tx:
            members.enter(tx, "ada@shop.fr", "Ada", "owner", NOW)
        shop.set_mail(Mail("127.0.0.1", "Shop <hello@shop.fr>", box[1], "none"), "test", NOW)
        shop.set_hooks("test", inner=True)
        herald.add_hook(shop, "team", channel, "test", NOW)
        yield shop


@pytest.fixture
def shop(made: Shop, box: tuple[Box, int]) -> Iterator[Shop]:
    """With one alert that nobody has looked at yet."""
    box[0].taken.clear()
    Channel.heard.clear()
    Channel.answers.clear()
    made.save_alert(made.read_alert(BUSY), "test", NOW - DAY)
    yield made
    made.remove_alert("busy", "test", NOW)
    with made.ops.begin() as tx:
        for table in (incidents.delivery, incidents.telling, incidents.incident, incidents.alert_state):
            tx.execute(table.delete())


def one(shop: Shop) -> Watched:
    return shop.alert("busy")


def test_it_is_told_once_to_each_and_its_end_once(shop: Shop, box: tuple[Box, int]) -> None:
    assert shop.watch(NOW) == 1
    assert [shop.watch(NOW + n * MINUTE) for n in range(3)] == [0, 0, 0], "an hour is looked at once"
    assert [herald.tell(shop, NOW + n * MINUTE) for n in range(3)] == [2, 0, 0]
    (mail,) = (message_from_bytes(one, policy=policy.default) for one in box[0].taken)
    assert (mail["subject"], mail["to"]) == ("Busy: 12", "ada@shop.fr")
    assert "Your limit is 5." in mail.get_content()
    ((mark, body),) = Channel.heard
    assert mark
    assert mark.startswith("alert-")
    assert body["text"] == "Busy: 12"
    assert body["blocks"][0]["text"]["text"].startswith("*Busy: 12*\nOrders, over 1 day: 12")
    for hour in range(1, 40):
        shop.watch(NOW + hour * HOUR)
    assert one(shop).incident is None
    assert herald.tell(shop, NOW + 40 * HOUR) == 2
    assert [body["text"] for _, body in Channel.heard] == ["Busy: 12", "Over: Busy"]


def test_a_channel_that_is_down_hears_it_later_under_the_same_mark(shop: Shop) -> None:
    shop.watch(NOW)
    Channel.answers[:] = [500, 503]
    assert herald.tell(shop, NOW) == 1
    assert herald.tell(shop, NOW + 1) == 0, "not at once"
    later = NOW + HOUR
    assert [herald.tell(shop, later), herald.tell(shop, later + DAY)] == [0, 1]
    assert len({mark for mark, _ in Channel.heard}) == 1
    assert len(Channel.heard) == 3


def test_who_died_while_sending_leaves_it_to_be_sent_again_but_two_never_send_it(shop: Shop) -> None:
    shop.watch(NOW)
    due = incidents.due(shop.ops, NOW)
    assert [incidents.claim(shop.ops, due[0], NOW) for _ in range(2)] == [True, False]
    assert herald.tell(shop, NOW) == 1
    assert herald.tell(shop, NOW + incidents.LEASE) == 1


def test_what_began_and_ended_in_quiet_hours_is_told_to_nobody(shop: Shop) -> None:
    shop.save_alert(shop.read_alert(BUSY + 'quiet = "09:00-22:00"\n'), "test", NOW)
    shop.watch(NOW)
    assert herald.tell(shop, NOW) == 0
    for hour in range(1, 6):
        shop.watch(NOW + hour * HOUR)
    with shop.ops.begin() as tx:  # it is over before the day is
        incidents.change(tx, incidents.incidents(shop.ops)[0].id, {"ended": NOW + 6 * HOUR})
    assert herald.tell(shop, NOW + 20 * HOUR) == 0
    assert Channel.heard == []


def test_snoozed_and_muted(shop: Shop) -> None:
    shop.mute_alert("busy", "Ada", NOW)
    assert shop.watch(NOW) == 1
    assert one(shop).incident is not None
    assert herald.tell(shop, NOW) == 0
    shop.mute_alert("busy", "Ada", NOW, on=False)
    shop.watch(NOW + HOUR)
    assert herald.tell(shop, NOW + HOUR) == 2, "what was hidden is told once it may be"
    number = shop.snooze_alert("busy", "2h", "Ada", NOW + HOUR)
    found = one(shop).incident
    assert found
    assert (found.id, found.snoozed, found.snoozed_by) == (number, NOW + 3 * HOUR, "Ada")
    shop.snooze_alert("busy", "over", "Ada", NOW + HOUR)
    assert incidents.incidents(shop.ops)[0].snoozed == LAST
    with pytest.raises(UserError, match="This incident is over"):
        shop.snooze_incident(9999, LAST, "Ada", NOW)


def test_what_is_not_there_any_more_is_not_known(shop: Shop) -> None:
    shop.save_segment("big", 'count("Order Completed") >= 1', NOW, by="test")
    text = 'id = "busy"\nwatch = { is = "segment", segment = "big" }\nwhen = { rule = "above", limit = 1 }\n'
    shop.save_alert(shop.read_alert(text), "test", NOW)
    versions.retire(shop.ops, "segment", "big", NOW, "test")
    shop.watch(NOW + HOUR)
    found = one(shop).reading
    assert found
    assert (found.value, found.on) == (None, None)


def test_a_member_sees_what_they_have_not_seen(shop: Shop) -> None:
    shop.watch(NOW)
    with shop.ops.begin() as tx:
        (ada,) = (each["id"] for each in members.all_(shop.ops) if each["email"] == "ada@shop.fr")
        assert incidents.unread(tx, ada) == 1
    incidents.see(shop.ops, ada, NOW)
    with shop.ops.begin() as tx:
        assert incidents.unread(tx, ada) == 0


def test_the_past_is_told_as_it_was_live(shop: Shop) -> None:
    """The replay of an alert and its looks, one by one, begin and end the same incidents."""
    alert = one(shop).alert
    found = shop.replay_alert(alert, NOW, days=3)
    for at in found.at:
        shop.watch(at)
    kept = sorted((each.begun, each.ended) for each in incidents.incidents(shop.ops))
    assert kept == [(each.begun, each.ended) for each in found.spells]
    assert len(kept) == 1


def test_every_kind_reads_its_figure_of_the_past(shop: Shop) -> None:
    asked = {
        "stage": ({"stage": "new", "measure": "share"}, 1.0),
        "flow": ({"to": "new"}, None),
        "event": ({"event": "Order Completed"}, 12.0),
        "silence": ({}, 1.0),
        "sales": ({"measure": "average"}, 10.0),
        "mail": ({}, None),
        "segment": ({"segment": "all"}, None),
    }
    shop.save_segment("all", 'ever("Order Completed")', NOW, by="test")
    shop.refresh(NOW)
    for kind, (settings, wanted) in asked.items():
        watch = {"is": kind, **settings}
        raw = {"id": "x", "watch": watch, "when": {"rule": "above", "limit": 0}}
        alert = shop.read_alert(raw)
        found = shop.replay_alert(alert, NOW, days=1).readings[-1].value
        if wanted is not None and kind != "stage":
            assert found == wanted, kind
    shop.remove_segment("all", by="test", now=NOW)


def test_the_address_of_a_channel_lies_sealed(made: Shop, channel: str) -> None:
    (hook,) = incidents.hooks(made.ops)
    assert channel not in hook.url
    assert Seal(made.directory).open(hook.url) == channel
    assert herald.try_hook(made, "team", NOW).state == "sent"
    with pytest.raises(UserError, match="Did you mean “team”"):
        herald.try_hook(made, "taem", NOW)
    with pytest.raises(UserError):
        herald.add_hook(made, "x", "file:///etc/passwd", "test", NOW)

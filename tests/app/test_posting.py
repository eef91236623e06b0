"""From what is wanted to the mail at the other side, through the whole shop."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from threading import Thread
from typing import Any

import pytest

from habitue.app import Shop
from habitue.app.postman import Postman
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.messaging import outbox
from habitue.messaging.channel import Composed
from habitue.messaging.kinds.email_smtp import Settings
from habitue.messaging.outbox import Wanted
from habitue.messaging.rules import Cap, Rules
from habitue.people.consent import Answer
from habitue.templates.shape import Template, Text
from tests.messaging.sink import Sink, sink
from tests.messaging.test_returned import COMPLAINT, MARK, report

TEXT = Text(
    '<html><body><p>Hello {{ customer.first_name }}</p><a href="https://shop.fr/new">New</a>'
    '<a href="{{ links.unsubscribe }}">No more</a></body></html>',
    subject="Tea for {{ customer.first_name }}",
    form="html",
)


EVENTS = """
    SELECT person, name FROM event JOIN event_name USING (code) WHERE name LIKE 'Email %' ORDER BY name
"""


@pytest.fixture
def server() -> Iterator[Sink]:
    with sink() as running:
        yield running


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("posting")
    with Shop.create(folder / "shop") as made:
        file = folder / "people.csv"
        lines = [f"{name},{name}@b.fr,{name.title()}" for name in ("ada", "gone")]
        file.write_text("\n".join(["customer,email,first_name", *lines, "eva,eva@b.fr,"]) + "\n")
        made.import_file(file)
        for name in ("ada", "gone", "eva"):
            made.answer(name, Answer(), "test")
        made.refresh()
        with (made.directory / "habitue.toml").open("a") as settings:
            settings.write('url = "https://crm.shop.fr/"\n')
        yield made


@pytest.fixture
def shop(made: Shop, server: Sink) -> Shop:
    made.set_mail(relay(server), "test")
    return made


def relay(server: Sink) -> Settings:
    return Settings("127.0.0.1", "Shop <hello@shop.fr>", server.port, "none", bounces="back@shop.fr")


def test_a_mail_is_written_sent_and_told(shop: Shop, server: Sink) -> None:
    template = shop.publish_template(Template("tea", {"en": TEXT})).kept.version
    now = clock.now()
    names = ("ada", "gone", "eva")
    numbers = {name: shop.person(name) for name in names}
    same: dict[str, Any] = {
        "origin": "api",
        "step": "tea",
        "channel": "email",
        "template": template,
        "due": now,
    }
    with shop.ops.begin() as tx:
        outbox.put(tx, [Wanted(run=name, person=numbers[name], **same) for name in names], now)
    sender = shop.outgoing(1)
    assert sender.round() == 3
    sender.close()
    ((back, to, mail),) = server.taken
    found = message_from_bytes(mail, policy=policy.default)
    assert (to, str(found["subject"])) == ("ada@b.fr", "Tea for Ada")
    assert back.startswith("back+1.")
    body = found.get_body(("html",))
    assert body is not None
    html = body.get_content()
    assert "https://crm.shop.fr/c/" in html
    assert str(found["list-unsubscribe"]).strip("<>") in html
    assert str(found["list-unsubscribe"]).startswith("<https://crm.shop.fr/u/")
    told = {name: shop.customer_messages(name)[0] for name in names}
    assert {name: (one.state, one.reason) for name, one in told.items()} == {
        "ada": ("sent", None),
        "gone": ("bounced", "refused"),
        "eva": ("failed", "template"),
    }
    shop.refresh()
    sql = (
        "SELECT person, name FROM event JOIN event_name USING (code) WHERE name LIKE 'Email %' ORDER BY name"
    )
    rows = [tuple(row.values()) for row in shop.warehouse.read(sql).to_pylist()]
    assert rows == [(numbers["gone"], "Email Bounced"), (numbers["ada"], "Email Sent")]
    assert shop.suppressed("gone@b.fr")[0].reason == "bounce"
    with pytest.raises(UserError):
        shop.set_mail(Settings("", "x"), "test")


def test_the_settings_are_sealed_and_forgotten_when_they_end(shop: Shop, server: Sink) -> None:
    shop.set_mail(
        Settings("127.0.0.1", "a@b.fr", server.port, "none", user="u", password="s3cret-canary"), "t"
    )
    found = shop.mail()
    assert found is not None
    assert found.password == "s3cret-canary"
    held = [path for path in shop.directory.rglob("*") if path.is_file()]
    assert [path.name for path in held if b"s3cret-canary" in path.read_bytes()] == []
    assert shop.end_mail("t")
    assert (shop.mail(), "email" in shop.ways(), shop.end_mail("t")) == (None, False, False)
    with pytest.raises(UserError, match="mail set"):
        shop.try_mail("a@b.fr", Composed("a", "", "b"))


def test_a_trial_goes_past_the_outbox(shop: Shop, server: Sink) -> None:
    assert shop.try_mail("ada@b.fr", Composed("Trial", "", "It works")).state == "sent"
    assert shop.try_mail("gone@b.fr", Composed("Trial", "", "It works")).state == "bounced"
    assert [to for _, to, _ in server.taken] == ["ada@b.fr"]


def test_the_rules_that_were_set_hold(shop: Shop) -> None:
    assert shop.sending_rules() == Rules()
    shop.set_sending_rules(Rules(caps={"email": (Cap(2, "7d"),)}), "eva")
    assert shop.sending_rules().capped("email") == (Cap(2, "7d"),)
    with pytest.raises(UserError):
        shop.set_sending_rules(Rules(holdout=1.0), "eva")


def test_a_postman_sends_what_comes_and_ends_when_it_is_told(shop: Shop, server: Sink) -> None:
    template = shop.publish_template(Template("tea", {"en": TEXT}, purpose="transactional")).kept.version
    postman = Postman(shop, 0)
    postman.start()
    now = clock.now()
    with shop.ops.begin() as tx:
        same: dict[str, Any] = {"origin": "api", "run": "1", "channel": "email", "purpose": "transactional"}
        outbox.put(tx, [Wanted(person=shop.person("ada"), template=template, due=now, **same)], now)
    for _ in range(200):
        if server.taken:
            break
        postman.join(0.05)
    postman.stop()
    postman.left()
    assert [to for _, to, _ in server.taken] == ["ada@b.fr"]
    assert shop.customer_messages("ada", 1)[0].state == "sent"


def test_a_program_is_called_and_what_it_answers_can_be_read(shop: Shop) -> None:
    now, before = clock.now(), shop.hooks()
    assert shop.set_hooks("eva", rotate=True, inner=True).secrets[1:] == before.secrets
    with socket.create_server(("127.0.0.1", 0)) as server, shop.ops.begin() as tx:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/order"
        call: dict[str, Any] = {
            "origin": "journey:x",
            "run": "1",
            "step": "v1:check",
            "channel": "webhook",
            "values": {"url": url, "body": {"n": 1}},
        }
        outbox.put(tx, [Wanted(person=shop.person("ada"), purpose="transactional", due=now, **call)], now)
        heard = list[bytes]()
        Thread(target=answering, args=(server.dup(), heard)).start()
    sender = shop.outgoing(0)
    assert sender.round() == 1
    sender.close()
    about = {"customer": "user:ada", "origin": "journey:x", "step": "check"}
    assert json.loads(heard[0].partition(b"\r\n\r\n")[2]) == {**about, "n": 1}
    with shop.ops.read() as tx:
        assert [(one.state, one.answer) for one in outbox.ended(tx, 0, 99) if one.channel == "webhook"] == [
            ("sent", "thanks")
        ]
    shop.refresh()
    (told,) = [one.props for one in shop.events("ada", 50) if one.name == "Webhook Answered"]
    assert (told["step"], told["run"], told["answer"]) == ("check", "1", {"text": "thanks"})


def test_a_mail_that_comes_back_later_ends_again_and_a_forged_report_changes_nothing(
    shop: Shop, server: Sink
) -> None:
    template = shop.publish_template(Template("tea", {"en": TEXT})).kept.version
    now = clock.now()
    with shop.ops.begin() as tx:
        same: dict[str, Any] = {"origin": "broadcast:9", "run": "9", "channel": "email", "template": template}
        outbox.put(tx, [Wanted(person=shop.person("ada"), due=now, **same)], now)
    shop.set_sending_rules(Rules(caps={}), "eva")
    sender = shop.outgoing(1)
    sender.round()
    sender.close()
    one = shop.customer_messages("ada", 1)[0]
    assert (one.state, one.message) == ("sent", int(server.taken[0][0].partition("+")[2].partition(".")[0]))
    back = server.taken[0][0]
    assert (
        shop.take_back(report(to=back.replace(f"+{one.message}.", f"+{one.message - 1}.")).encode()) is None
    )
    assert shop.take_back(b"hello") is None
    assert shop.customer_messages("ada", 1)[0].state == "sent"
    assert shop.take_back(report("5.2.2", to=back).encode()) is not None
    assert shop.take_back(report(to=back).encode()) is None
    assert shop.customer_messages("ada", 1)[0].state == "bounced"
    assert shop.suppressed("ada@b.fr") == []
    mark = back.partition("+")[2].partition("@")[0]
    found = shop.take_back(COMPLAINT.replace(MARK, mark).encode())
    assert found is not None
    assert [entry.reason for entry in shop.suppressed("ada@b.fr")] == ["complaint"]
    shop.lift("ada@b.fr")


def answering(server: socket.socket, heard: list[bytes]) -> None:
    one, _ = server.accept()
    with one, server:
        heard.append(one.recv(9999))
        while not heard[-1].endswith(b"}"):
            heard.append(heard.pop() + one.recv(9999))
        one.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nthanks")

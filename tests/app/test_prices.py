"""What messages cost: foreseen, kept with each that leaves, told by who took it, and stopped at the limit."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from habitue.api import broadcasting  # noqa: F401  carries the commands out
from habitue.api.answer import Facts
from habitue.api.dispatch import BroadcastFunnel
from habitue.api.perform import Asked, perform
from habitue.app import Shop
from habitue.app.funnel import Funnel
from habitue.app.posting import Spent
from habitue.broadcasts.shape import Broadcast, Variant
from habitue.kernel import clock
from habitue.messaging import outbox, reasons
from habitue.messaging.kinds import twilio
from habitue.messaging.outbox import Wanted
from habitue.messaging.registry import kinds
from habitue.messaging.report import Call
from habitue.messaging.rules import Budget, Rules
from habitue.templates.shape import Template, Text
from tests.messaging.counter import Window, window

PEOPLE = {
    "ada": "+33612345671,Ada",
    "bob": "+32470123456,Bob",
    "zoe": "+33612345672,Zoê",
    "eva": "+33612345673,",
}
LONG = "New teas are here: come and taste them on Saturday. " * 2 + "We are there from ten to six, "
"""With a short name of plain letters it is one part; an ê makes three of it."""
PRICES = {"ada": 500, "bob": 900, "zoe": 1_500}


def priced(most: int | None) -> Rules:
    return Rules(caps={}, quiet={}, budgets={"sms": Budget(most, 500, {"+32": 900})})


@pytest.fixture(scope="module")
def desk() -> Iterator[Window]:
    with window() as made:
        made.answers = [(201, {}, b'{"sid": "SM1"}')]
        yield made


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, desk: Window) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("prices")
    with Shop.create(folder / "shop") as made, pytest.MonkeyPatch.context() as patch:
        file = folder / "people.csv"
        lines = [f"{name},{told}" for name, told in PEOPLE.items()]
        file.write_text("\n".join(["customer,phone,first_name", *lines]) + "\n")
        made.import_file(file)
        for name in PEOPLE:
            made.consent(name, "sms")
        made.refresh()
        with (made.directory / "habitue.toml").open("a") as settings:
            settings.write('url = "https://crm.shop.fr/"\n')
        given = {"sender": "+33700000000", "account": "AC1", "token": "token-canary"}
        kind = made.set_channel("twilio", given, "test").kind
        opened = twilio.opened
        there = dict(kinds()) | {"twilio": kind._replace(opened=lambda told: opened(told, desk.url))}
        patch.setattr("habitue.app.channels.kinds", lambda: there)
        text = Text(LONG + "{{ customer.first_name }}", form="text")
        made.publish_template(Template("tea", {"en": text}, channel="sms"))
        yield made


def funnel(shop: Shop, most: int | None) -> Funnel:
    shop.set_sending_rules(priced(most), "test")
    return shop.broadcast_funnel(campaign("look"))


def campaign(name: str) -> Broadcast:
    return Broadcast(id=name, channel="sms", to='consent("sms")', variants=(Variant("a", "tea"),))


def test_a_text_message_costs_by_where_it_goes_and_by_its_parts() -> None:
    budget = Budget(None, 500, {"+32": 900, "+3": 1})
    assert [budget.cost(one, 2) for one in ("+32470", "+33612", "+44")] == [1_800, 2, 1_000]
    assert budget.cost("ada@b.fr") == 500


def test_what_a_campaign_costs_is_told_before_it_goes(shop: Shop) -> None:
    found = funnel(shop, None)
    assert (found.gets, found.parts, found.cost, found.lacking) == (3, 5, 2_900, ("customer.first_name",))
    assert found.lost == {"template": 1}


def test_the_terminal_says_what_the_page_says(shop: Shop) -> None:
    shop.set_sending_rules(priced(None), "test")
    shop.keep_broadcast(campaign("told"), "test")
    told = perform(BroadcastFunnel(broadcast="told"), Asked(shop, "en"))
    assert isinstance(told, Facts)
    assert "The message needs what is not known: customer.first_name" in told.lines[1]
    assert told.lines[-1] == "It costs about €0.29: 5 text messages, since long ones are sent as several."


def test_what_leaves_has_its_price_and_the_limit_stops_marketing_only(shop: Shop) -> None:
    found = funnel(shop, 1_500)
    assert (found.lost["budget"], found.cost) in ((2, 1_500), (1, 1_400))
    shop.keep_broadcast(campaign("go"), "test")
    shop.send_broadcast("go", "test")
    shop.advance_broadcasts()
    urgent = wanted(shop, "ada", "code", purpose="transactional")
    sent(shop, 0)
    sent(shop, 1)
    told = {name: shop.customer_messages(name) for name in PEOPLE}
    ends = {name: next(one for one in some if one.origin == "broadcast:go") for name, some in told.items()}
    gone = {name for name, one in ends.items() if one.state == "sent"}
    # What ada waits for costs first: what is left is enough for bob, or for her own.
    assert gone in ({"bob"}, {"ada"})
    assert ends["eva"].reason == "template"
    assert ends["zoe"].reason == "budget"
    line = ends["zoe"].lines[-1]
    said = reasons.sentence("skipped", line.reason, line.fields, Asked(shop, "en").say, str)
    assert "it costs €0.15, and of the €0.15" in said
    ((_, (now,)), *_) = shop.spending()
    assert now == Spent("sms", 2, PRICES["ada"] + sum(PRICES[one] for one in gone), 1_500)
    report(shop, urgent, "-0.0750", "EUR")
    ((_, (now,)), *_) = shop.spending()
    assert now.cost == 750 + sum(PRICES[one] for one in gone)
    report(shop, urgent, "-0.0100", "USD")
    report(shop, urgent, "NaN", "EUR")
    assert shop.spending()[0][1] == [now]


def test_what_was_not_taken_costs_nothing(shop: Shop, desk: Window) -> None:
    shop.set_sending_rules(priced(None), "test")
    before = shop.spending()[0][1]
    desk.answers = [(400, {}, b'{"code": 21617}')]
    wanted(shop, "bob", "refused")
    sent(shop, 1)
    desk.answers = [(201, {}, b'{"sid": "SM1"}')]
    assert shop.customer_messages("bob")[0].state == "failed"
    assert [one.cost for one in shop.spending()[0][1]] == [one.cost for one in before]


def wanted(shop: Shop, name: str, run: str, purpose: str = "marketing") -> int:
    """Let a message wait for a customer; its number."""
    version, now = shop.template("tea").version, clock.now()
    one = Wanted(
        origin="api",
        run=run,
        person=shop.person(name),
        channel="sms",
        due=now,
        purpose=purpose,
        template=version,
    )
    with shop.ops.begin() as tx:
        outbox.put(tx, [one], now)
    return shop.customer_messages(name)[0].message


def sent(shop: Shop, lane: int) -> None:
    sender = shop.outgoing(lane)
    while sender.round():
        pass
    sender.close()


def report(shop: Shop, number: int, price: str, currency: str) -> None:
    """Twilio tells that a message arrived, and what it took for it."""
    standing = shop.channels()["sms"]
    hook = shop.hook_address(standing) or ""
    url = f"{hook}?mark={shop.mark(number)}"
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered", "Price": price, "PriceUnit": currency}
    said = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    head = {"x-twilio-signature": b64encode(hmac.digest(b"token-canary", said.encode(), "sha1")).decode()}
    call = Call(url, head, urlencode(fields).encode(), clock.now(), lambda _: b"")
    assert shop.hear("twilio", hook.rpartition("/")[2], call) == 1

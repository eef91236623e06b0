"""A message on the site: to its customer's browser, once; what came of it counts once."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from habitue.app import Shop
from habitue.app.greetings import LEASE, Greeting, Visitor
from habitue.kernel import clock
from habitue.kernel.clock import DAY, HOUR
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import translator
from habitue.messaging import outbox
from habitue.messaging.channel import Composed
from habitue.messaging.outbox import Wanted
from habitue.messaging.reasons import sentence
from habitue.messaging.rules import Cap, Rules
from habitue.metrics.credit import Windows, credited
from habitue.metrics.reactions import reactions
from habitue.people.privacy import act
from habitue.store import greetings
from habitue.store.ops import Ops
from habitue.templates.shape import Template, Text
from tests.ingest.stores import parcel

PEOPLE: Final = ("ada", "bob", "eva", "kim", "lou", "max", "uma", "zoe")
SECRET: Final = "0123456789abcdef0123456789abcdef"
TEXT: Final = Text(
    "Bonjour {{ customer.name }},\nle thé est arrivé.",
    "Du nouveau",
    form="text",
    button="Voir",
    link="/nouveau?q={{ customer.name }}",
)


def device(name: str) -> str:
    """The id of 128 bits that somebody's browser made up."""
    return name.encode().hex().ljust(32, "7")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop.create(tmp_path_factory.mktemp("greetings") / "shop") as made:
        now = clock.now() - HOUR
        told: list[dict[str, Any]] = []
        for name in PEOPLE:
            traits = {"name": f"{name.title()} & fils", "email": f"{name}@tea.example"}
            same = {"key": f"user:{name}", "revenue": None, "ts": now, "name": "$identify"}
            also = [f"anon:{device(name)}"]
            told.append({**same, "id": name, "also": also, "props": json.dumps(traits)})
        nobody = {"key": f"anon:{device('anyone')}", "revenue": None, "ts": now, "name": "Page Viewed"}
        made.put([parcel("people", *told, {**nobody, "id": "n", "props": "{}"})])
        made.refresh()
        made.set_channel("site", {}, "test")
        made.publish_template(Template("hello", {"fr": TEXT}, channel="inapp", place="bar"))
        yield made


def sent(shop: Shop, key: str, run: str, **more: Any) -> tuple[str, str | None]:
    """A message to somebody; what the door made of it."""
    now = clock.now()
    wanted = Wanted(
        **{
            "origin": "journey:tea",
            "step": run,
            "run": run,
            "person": shop.person(key),
            "channel": "inapp",
            "due": now,
            "template": shop.template("hello").version,
            **more,
        }
    )
    with shop.ops.begin() as tx:
        outbox.put(tx, [wanted], now)
    sender = shop.outgoing(0 if more.get("purpose") else 1)
    sender.round()
    sender.close()
    found = shop.customer_messages(key, 1)[0]
    return found.state, found.reason


def given(shop: Shop, name: str, later: int = 0, **more: Any) -> Greeting | None:
    return shop.greeting(Visitor(device(name), **more), clock.now() + later)


def happened(shop: Shop, key: str) -> list[str]:
    shop.refresh()
    sql = """SELECT name FROM event JOIN event_name USING (code)
        WHERE person = ? AND name LIKE 'In-App%' ORDER BY seq"""
    return [str(row["name"]) for row in shop.warehouse.read(sql, (shop.person(key),)).to_pylist()]


def test_it_waits_is_shown_once_and_what_came_of_it_counts_once(shop: Shop) -> None:
    assert given(shop, "ada") is None
    assert sent(shop, "user:ada", "one") == ("sent", None)  # nobody has to agree to it
    with pytest.raises(UserError, match="template"):
        shop.try_channel("inapp", "ada@tea.example", Composed("Du nouveau", "", "Bonjour"))
    found = given(shop, "ada")
    assert found is not None
    assert (found.title, found.button, found.place, found.language) == ("Du nouveau", "Voir", "bar", "fr")
    assert found.text == "Bonjour Ada & fils,\nle thé est arrivé."
    assert found.link == "/nouveau?q=Ada%20%26%20fils"
    assert given(shop, "ada") is None  # another tab
    assert happened(shop, "user:ada") == []
    again = given(shop, "ada", LEASE + 1)  # the page was gone before it could show anything
    assert again == found
    for did in ("shown", "shown", "clicked", "clicked", "dismissed"):
        assert shop.greeted(found.id, did)
    assert given(shop, "ada", LEASE * 2 + 2) is None
    assert happened(shop, "user:ada") == ["In-App Opened", "In-App Clicked"]
    until = clock.now() + HOUR
    assert reactions(shop.warehouse, "journey:tea", 0, until) == {("one", "opened"): 1, ("one", "clicked"): 1}


def test_an_order_is_put_down_to_what_was_shown_and_not_to_what_waits(shop: Shop) -> None:
    for name in ("bob", "eva"):
        assert sent(shop, f"user:{name}", "order")[0] == "sent"
    found = given(shop, "bob")
    assert found is not None
    assert shop.greeted(found.id, "shown")
    later = clock.now() + HOUR
    orders = [
        {
            "key": f"user:{name}",
            "revenue": 4990,
            "ts": later,
            "name": "Order Completed",
            "id": f"o-{name}",
            "props": "{}",
        }
        for name in ("bob", "eva")
    ]
    shop.put([parcel("orders", *orders)])
    shop.refresh()
    credit = credited(shop.warehouse, 0, later + HOUR, Windows("5d", "1d"), "journey:tea")
    assert [(one.orders, one.revenue) for one in credit.values()] == [(1, 4990)]


def test_nobody_is_shown_anothers_message(shop: Shop) -> None:
    assert sent(shop, "user:kim", "private")[0] == "sent"
    for visitor in (
        Visitor(device("lou")),
        Visitor(device("unheard-of")),
        Visitor(device("anyone")),
        Visitor("kim"),
        Visitor(None, "kim"),
        Visitor(device("anyone"), "kim"),
        Visitor(device("anyone"), "kim", "0" * 64),
        Visitor("", "", ""),
    ):
        assert shop.greeting(visitor) is None
    found = given(shop, "kim")
    assert found is not None
    number, _, stamp = found.id.partition(".")
    for mark in (
        number,
        f"{number}.",
        f"{number}.{stamp[:-1]}x",
        f"{int(number) + 1}.{stamp}",
        "",
        "0.x",
        "é.é",
    ):
        assert not shop.greeted(mark, "shown")
    assert not shop.greeted(found.id, "forged")
    assert shop.greeted(found.id, "dismissed")
    assert happened(shop, "user:kim") == ["In-App Opened", "In-App Dismissed"]


def test_with_a_secret_only_who_is_signed_is_somebody(shop: Shop) -> None:
    assert sent(shop, "user:lou", "signed")[0] == "sent"
    assert sent(shop, f"anon:{device('anyone')}", "unnamed")[0] == "failed"  # the text needs a name
    with pytest.raises(UserError, match="32"):
        shop.set_channel("site", {"secret": "short"}, "test")
    shop.set_channel("site", {"secret": SECRET}, "test")
    try:
        good = hmac.digest(SECRET.encode(), b"lou", "sha256").hex()
        assert given(shop, "lou") is None
        assert given(shop, "lou", userId="lou", signature=good[:-1]) is None
        assert given(shop, "lou", userId="max", signature=good) is None
        assert given(shop, "unheard-of", userId="lou", signature=good.upper()) is not None
    finally:
        shop.end_channel("inapp", "test")
        shop.set_channel("site", {}, "test")


def test_what_nobody_came_by_for_is_told_as_never_seen(shop: Shop) -> None:
    soon = clock.now() + HOUR
    for run in ("missed", "met"):
        assert sent(shop, "user:zoe", run, expires=soon)[0] == "sent"
    first = given(shop, "zoe")
    assert first is not None
    assert shop.greeted(first.id, "shown")
    other = given(shop, "zoe", LEASE + 1)
    assert other is not None
    assert shop.give_up_greetings(soon) == 0
    assert shop.give_up_greetings(soon + HOUR) == 1
    assert shop.give_up_greetings(soon + 2 * HOUR) == 0
    seen, unseen = sorted(shop.customer_messages("user:zoe", 2), key=lambda one: one.state, reverse=True)
    assert (seen.state, unseen.state, unseen.reason) == ("sent", "expired", "unseen")
    line = unseen.lines[-1]
    text = sentence(unseen.state, unseen.reason, line.fields, translator("en"), str)
    assert text.startswith(f"Never seen: it waited on the site until {soon}")
    assert happened(shop, "user:zoe") == ["In-App Opened", "In-App Expired"]
    assert not act("In-App Expired")
    # The page had it, and says only now that it was shown.
    assert shop.greeted(other.id, "shown")
    assert shop.greeted(other.id, "clicked")
    assert [one.state for one in shop.customer_messages("user:zoe", 2)] == ["sent", "sent"]


def test_it_is_not_shown_too_late_nor_to_who_wants_none(shop: Shop) -> None:
    soon = clock.now() + 3 * HOUR
    assert sent(shop, "user:max", "late", expires=soon)[0] == "sent"
    assert given(shop, "max", 3 * HOUR) is None
    shop.set_channel("site", {"days": "2"}, "test")
    assert sent(shop, "user:max", "days")[0] == "sent"
    assert given(shop, "max", 2 * DAY + HOUR) is None
    shop.suppress("max@tea.example", "inapp")
    assert given(shop, "max", 4 * HOUR) is None
    assert sent(shop, "user:max", "no") == ("skipped", "suppressed")


def test_caps_hold_where_they_are_set_and_quiet_hours_never(shop: Shop) -> None:
    shop.set_sending_rules(Rules(), "test")
    assert [sent(shop, "user:zoe", run)[0] for run in ("one", "two")] == ["sent", "sent"]
    shop.set_sending_rules(Rules(caps={"inapp": (Cap(2, "7d"),)}), "test")
    assert sent(shop, "user:zoe", "three", expires=clock.now() + HOUR) == ("skipped", "cap")
    assert sent(shop, "user:zoe", "order", purpose="transactional") == ("sent", None)


def test_who_is_erased_leaves_nothing_that_waits(shop: Shop) -> None:
    assert sent(shop, "user:uma", "erased")[0] == "sent"
    person = shop.person("user:uma")
    with shop.ops.read() as tx:
        assert len(greetings.waiting(tx, [person], clock.now(), 0)) == 1
    shop.erase(["user:uma"], "test")
    with shop.ops.read() as tx:
        assert (
            tx.execute(greetings.greeting.select().where(greetings.greeting.c.person == person)).all() == []
        )
    assert given(shop, "uma") is None


def test_of_two_pages_at_once_one_is_given_it_whatever_the_database(ops_url: str) -> None:
    ops = Ops.open(ops_url)
    words = {"title": "", "text": "", "button": "", "link": "", "place": "bar", "language": "fr"}
    with ops.begin() as tx:
        for priority in (0, 5):
            one = Wanted(origin="api", run=f"{priority}", channel="inapp", person=1, due=1, priority=priority)
            number = outbox.put_sent(tx, one, 1)
            for _ in range(2):  # once, however often it is handed over
                greetings.put(tx, {"message": number, "person": 1, "made": 1, "expires": 100, **words})
        first, second = (row.message for row in greetings.waiting(tx, [1, 2], 10, 0))
        assert first > second  # the higher priority
        assert greetings.there(tx, [first, second, 99]) == {first, second}
        assert not greetings.show(tx, first, 10)
        assert [greetings.give(tx, first, 10, 0) for _ in range(2)] == [True, False]
        assert [row.message for row in greetings.waiting(tx, [1], 11, 9)] == [second]
        assert [row.message for row in greetings.waiting(tx, [1], 11, 10)] == [first, second]
        assert [greetings.settle(tx, first, "clicked", 12), greetings.show(tx, first, 12)] == [False, True]
        assert [greetings.settle(tx, first, "clicked", 12) for _ in range(2)] == [True, False]
        assert greetings.waiting(tx, [2], 11, 10) == greetings.waiting(tx, [1], 100, 99) == []
    ops.close()

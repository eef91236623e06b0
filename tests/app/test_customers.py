"""Customers and accounts as a whole, and whose word counts for their traits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from habitue.app import Settings, Shop
from habitue.ingest.inbox import Parcel
from habitue.kernel import clock
from habitue.kernel.clock import DAY, instant
from habitue.kernel.errors import UserError
from tests.ingest.stores import parcel
from tests.mould import Make

START = instant("2026-01-01")
NOW = START + 100 * DAY


def open_(place: Path, database: str | None) -> Shop:
    """An empty shop with a page, a back office and a till that send events."""
    made = Shop.create(place, Settings(timezone="UTC"), database, now=START)
    made.add_source("web", "browser", START)
    for name in ("shop", "till"):
        made.add_source(name, "server", START)
    return made


@pytest.fixture
def shop(poured: Callable[[Make], Shop]) -> Iterator[Shop]:
    """On both databases."""
    with poured(open_) as made:
        yield made


def take(shop: Shop, source: str, *events: dict[str, Any]) -> None:
    """Let a source say this: events of `user:a` unless they say otherwise."""
    rows = [{"key": "user:a", "revenue": None} | event for event in events]
    key = f"{source}{shop.log.version()}"
    shop.put([Parcel(key, source, True, parcel(key, *rows).table)], NOW)
    shop.refresh(NOW)


def said(day: int, props: str, **more: Any) -> dict[str, Any]:
    return {"name": "$identify", "ts": START + day * DAY, "props": props} | more


def grouped(day: int, props: str, key: str = "user:a") -> dict[str, Any]:
    return {
        "name": "$group",
        "account": "account:acme",
        "key": key,
        "ts": START + day * DAY,
        "props": props,
    }


def members(shop: Shop, rule: str, day: int) -> list[str]:
    return sorted(key.removeprefix("user:") for key in shop.segment(rule).members(START + day * DAY))


FRENCH, BELGIAN = 'trait.country == "FR"', 'trait.country == "BE"'


def test_what_a_page_says_overrides_no_verified_word_but_fills_a_gap(shop: Shop) -> None:
    take(shop, "web", said(0, '{"country": "BE", "town": "Liège"}'))
    take(shop, "shop", said(2, '{"country": "FR"}'))
    take(shop, "web", said(4, '{"country": "BE"}'))
    assert [members(shop, BELGIAN, day) for day in (0, 1, 2, 5)] == [["a"], ["a"], [], []]
    assert [members(shop, FRENCH, day) for day in (1, 2, 5)] == [[], ["a"], ["a"]]
    found = shop.customer("a")
    assert found.traits == {"country": "FR", "town": "Liège"}
    told = [(one.value, one.source, one.counted, one.current) for one in found.history[:3]]
    assert told == [("BE", "web", False, False), ("FR", "shop", True, True), ("BE", "web", True, False)]


def test_an_order_of_sources_is_kept_for_one_trait_and_for_all_others(shop: Shop) -> None:
    take(shop, "till", said(0, '{"country": "FR", "town": "Lyon"}'))
    take(shop, "shop", said(1, '{"country": "BE", "town": "Liège"}'))
    shop.save_segment("french", FRENCH)
    shop.refresh(NOW)
    assert members(shop, 'segment("french")', 5) == []
    shop.prefer(["till", "shop"], "country")
    assert members(shop, 'segment("french")', 5) == members(shop, FRENCH, 5) == ["a"]
    assert shop.explain("a", FRENCH, at=START + 5 * DAY).truth  # type: ignore[union-attr]
    assert shop.customer("a").traits == {"country": "FR", "town": "Liège"}
    shop.prefer(["t*"])
    assert shop.customer("a").traits == {"country": "FR", "town": "Lyon"}
    shop.prefer(["web"], "country")
    assert shop.customer("a").traits == {"country": "BE", "town": "Lyon"}
    shop.prefer([], "country")
    shop.prefer([])
    assert shop.settled().precedence == {}
    assert members(shop, 'segment("french")', 5) == []


def test_a_change_of_whose_word_counts_triggers_nothing_and_a_rebuild_agrees(shop: Shop) -> None:
    take(shop, "till", said(0, '{"country": "FR"}'))
    take(shop, "shop", said(1, '{"country": "BE"}'))
    shop.save_segment("french", FRENCH)
    shop.refresh(NOW)
    before = shop.warehouse.read("SELECT count(*) FROM transition WHERE NOT restated")
    shop.prefer(["till"])
    assert shop.warehouse.read("SELECT count(*) FROM transition WHERE NOT restated").equals(before)
    kept = shop.warehouse.read("FROM intervals ORDER BY ALL")
    assert shop.rebuild(NOW).differing == ()
    assert shop.warehouse.read("FROM intervals ORDER BY ALL").equals(kept)


def test_a_declared_number_is_read_from_texts_and_others_are_mismatches(shop: Shop) -> None:
    take(shop, "shop", said(0, '{"points": "42"}'), said(0, '{"points": "many"}', key="user:b"))
    rule = "trait.points >= 40"
    assert members(shop, rule, 5) == []
    shop.declare("points", "number")
    assert members(shop, rule, 5) == ["a"]
    assert shop.explain("a", rule, at=NOW).truth  # type: ignore[union-attr]
    assert shop.customer("a").traits == {"points": 42}
    assert shop.customer("b").traits == {"points": "many"}
    (points,) = shop.traits()
    assert (points.type, points.declared, points.customers, points.mismatches) == ("number", True, 2, 1)
    shop.declare("points", None)
    assert members(shop, rule, 5) == []
    with pytest.raises(UserError, match="colour"):
        shop.declare("points", "colour")


def test_people_belong_to_an_account_from_when_they_join_until_they_leave(shop: Shop) -> None:
    order = {"name": "Order Completed", "revenue": 500, "key": "user:b"}
    take(
        shop,
        "shop",
        grouped(1, '{"role": "buyer", "plan": "free"}'),
        {**order, "ts": START},
        grouped(3, '{"role": "boss"}', "user:b"),
        grouped(5, '{"left": true}', "user:b"),
        grouped(8, '{"plan": "pro"}'),
        grouped(9, "{}", "user:b"),
    )
    assert [
        members(shop, "account(count_members(ever('Order Completed')) >= 1)", day) for day in (2, 4, 6, 9)
    ] == [
        [],
        ["a", "b"],
        [],
        ["a", "b"],
    ]
    assert [members(shop, "account(trait.plan == 'pro')", day) for day in (7, 8, 9)] == [
        [],
        ["a"],
        ["a", "b"],
    ]
    account = shop.account("acme")
    assert account.traits == {"plan": "pro"}
    assert [one.value for one in account.history] == ["pro", "free"]
    days = [
        (one.customer, one.role, (one.since - START) // DAY, one.until and (one.until - START) // DAY)
        for one in account.members
    ]
    assert days == [
        ("user:a", "buyer", 1, None),
        ("user:b", "boss", 9, None),
        ("user:b", "boss", 3, 5),
    ]
    assert [one.account for one in shop.customer("a").accounts] == ["account:acme"]
    with pytest.raises(UserError, match="nope"):
        shop.account("nope")


def test_a_customer_is_given_whole(shop: Shop) -> None:
    bought = '{"order_id": "O1", "products": [{"sku": "x", "quantity": 2}]}'
    take(
        shop,
        "shop",
        said(0, '{"name": "Ada", "email": "ada@x.fr"}', also=["email:ada@x.fr"]),
        {"name": "Order Completed", "ts": START + DAY, "revenue": 5000, "props": bought},
        {"name": "Order Refunded", "ts": START + 2 * DAY, "revenue": -1000, "props": '{"order_id": "O1"}'},
        {"name": "Order Completed", "ts": START + 3 * DAY, "revenue": 700},
        {"name": "$consent", "ts": START, "props": '{"email": true}'},
    )
    shop.save_segment("buyers", "ever('Order Completed')")
    shop.refresh(NOW)
    one = shop.customer("ada@x.fr")
    assert (one.key, one.name, one.orders, one.revenue) == ("user:a", "Ada", 2, 4700)
    assert [(each.order, each.net) for each in one.purchases] == [(None, 700), ("O1", 4000)]
    assert one.purchases[1].lines == [{"sku": "x", "quantity": 2}]
    assert list(one.identities.keys) == ["user:a", "email:ada@x.fr"]
    assert [each.name for each in one.events][:1] == ["Order Completed"]
    assert [(each.segment, each.since) for each in one.segments] == [("buyers", START + DAY)]
    assert [(each.channel, each.agreed) for each in one.consents] == [("email", True)]
    (standing,) = one.stages
    assert standing.now is not None
    assert standing.stays[0].start == START
    assert shop.events("a", 2, (one.events[1].ts, one.events[1].seq)) == one.events[2:4]


def test_python_tells_what_has_happened_and_beside_it_what_is_expected(shop: Shop) -> None:
    now = clock.now()
    take(
        shop,
        "shop",
        {"name": "Order Completed", "ts": now - 200 * DAY, "revenue": 100},
        {"name": "Order Completed", "ts": now - 5 * DAY, "revenue": 100},
    )
    shop.save_segment("recent", "count('Order Completed', within='30d') > 0")
    shop.refresh(now)
    one = shop.customer("a")
    (standing,) = one.stages
    *past, last = standing.stays
    assert past
    assert all(each.stop is not None and each.stop <= now for each in past)
    assert [each.expected for each in past] == [None] * len(past)
    assert standing.now == last
    assert last.stop is None
    assert last.expected is not None
    assert standing.next is not None
    assert now < last.expected == standing.next.start
    assert last.then == standing.next.value
    assert [(each.segment, each.expected) for each in one.segments] == [("recent", now + 25 * DAY)]

"""What messages came to, through a whole shop: counted again by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from habitue.api import outcome, shapes
from habitue.api.answer import Facts
from habitue.api.command import JourneyResults
from habitue.api.perform import Asked, perform
from habitue.app import Shop
from habitue.app.results import Results, stepped
from habitue.ingest.inbox import Parcel
from habitue.journeys.reading import from_text
from habitue.kernel import clock
from habitue.kernel.clock import DAY, HOUR, MINUTE, instant
from habitue.kernel.errors import UserError
from habitue.messaging import outbox
from habitue.messaging.holdout import GLOBAL, held
from habitue.messaging.outbox import Wanted
from habitue.messaging.rules import Rules
from habitue.metrics.credit import Credit, Windows
from habitue.store import messages, traffic
from habitue.store.log import PARCEL
from habitue.store.messages import Change, Going
from habitue.store.ops import Ops

T = instant("2026-11-02T10:00Z")
PEOPLE, SHARE = 600, 0.3
JOURNEY = """
id = "hello"
name = "Hello"
holdout = 0.3
entry = { is = "event", event = "Checkout Started" }
goal = { event = "Order Completed", within = "3d" }

[[steps]]
id = "rest"
is = "wait"
length = "1d"
"""
Told = tuple[str, str, int, dict[str, Any], int | None]


def buys(n: int, alone: bool) -> bool:
    """Who is to get the journey buys twice as often."""
    return n % 100 < (20 if alone else 40)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A journey with a control group, and messages that were clicked or not before an order."""
    with Shop.create(tmp_path_factory.mktemp("results") / "shop", now=T - DAY) as made:
        tell(made, T - DAY, [(f"user:{n}", "Page Viewed", T - DAY, {}, None) for n in range(PEOPLE)])
        made.refresh(T)
        made.publish_journey(from_text(JOURNEY)[0], "ada", T)
        wide = JOURNEY.replace('"hello"', '"wide"').replace("Checkout Started", "Never Seen")
        for day, share in ((1, "0.4"), (2, "0.3"), (5, "0.4")):
            made.publish_journey(from_text(wide.replace("0.3", share))[0], "ada", T + day * DAY)
        started: list[Told] = [(f"user:{n}", "Checkout Started", T + MINUTE, {}, None) for n in range(PEOPLE)]
        go(made, T + 2 * MINUTE, started)
        alone = held("hello", SHARE, np.arange(PEOPLE))
        bought: list[Told] = [
            (f"user:{n}", "Order Completed", T + HOUR, {"order_id": n}, 1_000 + n)
            for n in range(PEOPLE)
            if buys(n, bool(alone[n]))
        ]
        # What came of messages is told by events: 1 clicked and bought, 2 only got it, 3's came back.
        for n in (1, 2, 3):
            about = {"message": n, "origin": "journey:hello", "step": "v1:mail", "purpose": "marketing"}
            bought.append((f"user:{n}", "Email Sent", T + 20 * MINUTE, about, None))
        told = {"message": 1, "origin": "journey:hello", "step": "v1:mail", "purpose": "marketing"}
        bought.append(("user:1", "Email Clicked", T + 30 * MINUTE, told, None))
        bought.append(("user:3", "Email Bounced", T + 30 * MINUTE, {**told, "message": 3}, None))
        bought.append(("user:2", "Email Link Scanned", T + 21 * MINUTE, {**told, "message": 2}, None))
        # One of no journey comes too late to count, and one is paid back half.
        bought.append(("user:4", "Order Refunded", T + 2 * HOUR, {"order_id": 4}, -500))
        go(made, T + 2 * HOUR, bought)
        yield made


def tell(shop: Shop, now: int, told: list[Told]) -> None:
    rows = [
        {
            "id": blake2b(repr(one).encode(), digest_size=16).digest(),
            "key": one[0],
            "name": one[1],
            "ts": one[2],
            "props": json.dumps(one[3]),
            "revenue": one[4],
            **dict.fromkeys(("account", "also")),
        }
        for one in told
    ]
    shop.put([Parcel(f"{now}", "shop", False, pa.Table.from_pylist(rows, schema=PARCEL))], now)


def go(shop: Shop, now: int, told: list[Told]) -> None:
    tell(shop, now, told)
    shop.refresh(now)
    shop.advance(now)


def found(shop: Shop) -> Results:
    return shop.results("journey:hello", T, T + 4 * DAY)


def test_what_a_journey_changed_is_the_difference_of_all_whom_chance_had_its_say_about(shop: Shop) -> None:
    contrast = found(shop).contrast
    assert contrast is not None
    nodes = shop.warehouse.read("SELECT node, key FROM node ORDER BY node").to_pylist()
    numbers = {one["node"]: int(one["key"].removeprefix("user:")) for one in nodes}
    alone = dict(zip(numbers, held("hello", SHARE, np.array([*numbers])).tolist(), strict=True))
    for group, left in ((contrast.uplift.control, True), (contrast.uplift.treated, False)):
        mine = [n for person, n in numbers.items() if alone[person] == left]
        # Whose key has which number decides who buys: 0 is user:0 here.
        bought = [n for n in mine if buys(n, bool(held("hello", SHARE, np.array([n]))[0]))]
        spent = sum(1_000 + n - (500 if n == 4 else 0) for n in bought)
        assert (group.n, group.converted, group.revenue) == (len(mine), len(bought), spent)
    assert (contrast.group, contrast.within, contrast.goal, contrast.open) == ("own", "3d", True, 0)
    assert contrast.uplift.lacking == 0
    rate = contrast.uplift.rate
    assert rate is not None
    assert rate.low < rate.estimate < rate.high
    assert shop.results("journey:hello", T, T + DAY).contrast.open == PEOPLE  # type: ignore[union-attr]  # it is there


def test_orders_are_put_down_to_what_was_clicked_or_came(shop: Shop) -> None:
    result = found(shop)
    got = {n for n in (1, 2) if buys(n, bool(held("hello", SHARE, np.array([n]))[0]))}
    assert got == {1, 2}
    assert result.credit == {"mail": Credit(2, 2_003, 2, 1)}
    assert (result.orders, result.revenue) == (2, 2_003)
    assert result.reactions == {("mail", "clicked"): 1, ("mail", "bounced"): 1, ("mail", "scanned"): 1}
    shop.set_attribution(Windows("5d", ""), "ada", T)
    assert found(shop).credit == {"mail": Credit(1, 1_001, 1, 1)}
    shop.set_attribution(Windows(), "ada", T)
    with pytest.raises(UserError):
        shop.set_attribution(Windows("", ""), "ada", T)


def test_the_api_and_the_command_line_say_the_same_each_for_itself(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = outcome.told(shop, "hello", 30, T + 4 * DAY)
    assert said.attributed == shapes.Attributed(2, "20.03", 1)
    assert said.incremental is not None
    assert said.incremental.revenue is not None
    result = found(shop)
    assert result.contrast is not None
    assert result.contrast.uplift.revenue is not None
    assert said.incremental.revenue.estimate == round(result.contrast.uplift.revenue.estimate / 100, 2)
    assert said.incremental.treated.people + said.incremental.control.people == PEOPLE
    assert [(one.id, one.came) for one in said.steps] == [("rest", said.incremental.treated.people)]
    monkeypatch.setattr(clock, "now", lambda: T + 4 * DAY)
    told = perform(JourneyResults("hello"), Asked(shop, "en", lambda *_: None))
    assert isinstance(told, Facts)
    assert "Attributed: €20.03 in 2 orders, 1 of them after a click." in told.lines
    assert any(line.startswith("Incremental: €") and "between" in line for line in told.lines)
    none = perform(JourneyResults("wide"), Asked(shop, "fr", lambda *_: None))
    assert isinstance(none, Facts)
    assert any("il manque 100 clients" in line for line in none.lines)
    with pytest.raises(UserError, match="Did you mean “hello”"):
        outcome.told(shop, "helo", 30, T)


def test_a_group_as_large_as_it_is_now_counts_from_then_on(shop: Shop) -> None:
    contrast = shop.results("journey:wide", T, T + 6 * DAY).contrast
    assert contrast is not None
    assert (contrast.uplift.treated.n, contrast.since, contrast.share) == (0, T + 5 * DAY - 1, 0.4)
    assert contrast.uplift.lacking == 100


def test_where_nobody_is_left_alone_nothing_is_said(shop: Shop) -> None:
    assert shop.results("broadcast:1", T, T + DAY).contrast is None
    shop.set_sending_rules(Rules(holdout=0.1), "ada", T)
    contrast = shop.results("broadcast:1", T, T + DAY).contrast
    assert contrast is not None
    assert (contrast.group, contrast.share, contrast.since, contrast.within) == ("all", 0.1, T, "7d")
    # Whom no marketing reaches is in neither of a journey's groups.
    everybody, inside = held(GLOBAL, 0.1, np.arange(PEOPLE)), found(shop).contrast
    assert inside is not None
    assert inside.uplift.treated.n + inside.uplift.control.n == PEOPLE - everybody.sum()
    shop.set_sending_rules(Rules(), "ada", T)


@pytest.fixture
def ops(ops_url: str) -> Iterator[Ops]:
    opened = Ops.open(ops_url)
    yield opened
    opened.close()


def test_chance_has_had_its_say_about_who_came_that_far(ops: Ops) -> None:
    same: dict[str, Any] = {"origin": "journey:a", "channel": "email", "due": 10, "template": 1}
    with ops.begin() as tx:
        outbox.put(tx, [Wanted(run=str(n), person=n, step="v2:b", **same) for n in range(6)], 5)
        changes = [
            Change(1, "skipped", "holdout"),
            Change(2, "skipped", "consent"),
            Change(3, "skipped", "cap"),
            Change(4, "held", "quiet", due=90),
        ]
        messages.change(tx, {one.id: "[]" for one in changes}, changes, 20)
        messages.send(tx, [Going(5, None, "[]")], "me", 1, 99, 30)
    with ops.read() as tx:
        assert traffic.assigned(tx, "journey:a", 0, 99) == [(0, 1, 20), (2, 0, 20), (3, 0, 20), (4, 0, 30)]
        assert traffic.assigned(tx, "journey:a", 20, 99) == [(4, 0, 30)]
        told: dict[tuple[str, str | None], int] = {
            (state, reason): n for _, state, reason, n in messages.tallied(tx, "journey:a", 0, 99)
        }
        skipped = {("skipped", why): 1 for why in ("holdout", "consent", "cap")}
        assert told == skipped | {("wanted", None): 1, ("sending", None): 1, ("held", "quiet"): 1}
        (one,) = messages.because(tx, "journey:a", ["v2:b"], "skipped", "cap", 0, 9)
        assert one.person == 2


@pytest.mark.parametrize(("step", "plain"), [("v12:mail", "mail"), ("mail", "mail"), ("very:x", "very:x")])
def test_a_step_is_the_same_in_every_version(step: str, plain: str) -> None:
    assert stepped(step) == plain

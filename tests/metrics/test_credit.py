"""What orders are put down to, and what people spent: as one would work it out order by order."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.kernel.clock import DAY, HOUR, MINUTE
from habitue.kernel.errors import UserError
from habitue.metrics import credit
from habitue.metrics.credit import Credit, Windows, checked, credited
from habitue.metrics.gains import spent
from habitue.metrics.reactions import reactions
from habitue.store.warehouse import Warehouse

START = 1_000 * DAY
NAMES = (
    *("Order Completed", "Order Refunded", "Email Sent", "SMS Sent", "Email Clicked", "Email Link Scanned"),
    *("Email Bounced", "Email Opened", "Email Proxy Opened", "Email Unsubscribed", "Page Viewed"),
)
WINDOWS = Windows("2d", "6h")


class Event(NamedTuple):
    person: int
    ts: int
    name: str
    props: dict[str, object]
    revenue: int | None = None


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with closing(Warehouse.open(None, threads=1)) as opened:
        with opened.write() as writer:
            writer.append("event_name", pa.table({"code": range(len(NAMES)), "name": NAMES}))
        yield opened


def fill(warehouse: Warehouse, events: list[Event]) -> None:
    told = sorted(events, key=lambda one: (one.person, one.ts))
    rows = pa.table(
        {
            "person": pa.array([one.person for one in told], pa.int32()),
            "ts": pa.array([one.ts for one in told], pa.timestamp("us")),
            "code": pa.array([NAMES.index(one.name) for one in told], pa.int32()),
            "revenue": pa.array([one.revenue for one in told], pa.int64()),
            "props": [json.dumps(one.props) for one in told],
            "seq": pa.array(range(len(told)), pa.int64()),
        }
    )
    with warehouse.write() as writer:
        writer.run("DELETE FROM event_tail")
        writer.append("event_tail", rows)


moments = st.integers(0, 5 * 24 * 6).map(lambda n: START + n * 10 * MINUTE)


@st.composite
def lives(draw: st.DrawFn) -> list[Event]:
    """Messages, what was done with them, and orders of three people; each instant of one is taken once."""
    found, used = [], set()

    def free(person: int) -> int:
        at = draw(moments)
        while (person, at) in used:
            at += MINUTE
        used.add((person, at))
        return at

    for number in range(draw(st.integers(0, 14))):
        person, origin = draw(st.integers(0, 2)), draw(st.sampled_from(["journey:a", "broadcast:1"]))
        props = {"message": number, "origin": origin, "step": draw(st.sampled_from(["one", "two"]))}
        purpose = draw(st.sampled_from(["marketing", "marketing", "transactional"]))
        name = draw(st.sampled_from(["Email Sent", "SMS Sent"]))
        found.append(Event(person, free(person), name, {**props, "purpose": purpose}))
        for done in draw(st.lists(st.sampled_from(["Email Clicked", "Email Link Scanned", "Email Bounced"]))):
            told = {**props, "purpose": purpose, "machine": done == "Email Link Scanned"}
            found.append(Event(person, free(person), done, told))
    for number in range(draw(st.integers(0, 10))):
        person, at = draw(st.integers(0, 2)), 0
        at = free(person)
        found.append(Event(person, at, "Order Completed", {"order_id": number}, draw(st.integers(0, 9_999))))
        if draw(st.booleans()):
            back = -draw(st.integers(1, 5_000))
            found.append(Event(person, free(person), "Order Refunded", {"order_id": number}, back))
    return found


def by_hand(events: list[Event], since: int, until: int) -> dict[tuple[object, object], Credit]:
    gone = {one.props["message"] for one in events if one.name.endswith("Bounced")}
    touched = [
        one
        for one in events
        if one.name.endswith(("Sent", "Clicked")) and one.props["purpose"] != "transactional"
    ]
    found: dict[tuple[object, object], list[tuple[int, int, bool]]] = defaultdict(list)
    for order in events:
        if order.name != "Order Completed" or not since < order.ts <= until:
            continue
        own = [
            one
            for one in events
            if one.person == order.person and one.props.get("order_id") == order.props["order_id"]
        ]
        net = sum(one.revenue or 0 for one in own if one.name.startswith("Order") and one.ts > since)
        mine = [one for one in touched if one.person == order.person and one.ts <= order.ts]
        clicks = [one for one in mine if one.name.endswith("Clicked") and one.ts >= order.ts - 2 * DAY]
        came = [
            one
            for one in mine
            if one.name.endswith("Sent")
            and one.props["message"] not in gone
            and one.ts >= order.ts - 6 * HOUR
        ]
        if last := max(clicks or came, key=lambda one: one.ts, default=None):
            found[last.props["origin"], last.props["step"]].append((order.person, net, bool(clicks)))
    return {
        key: Credit(
            len(some),
            sum(net for _, net, _ in some),
            len({one for one, *_ in some}),
            sum(c for *_, c in some),
        )
        for key, some in found.items()
    }


@settings(max_examples=20)
@given(lives(), moments)
def test_an_order_is_put_down_to_the_last_message_that_counts(
    warehouse: Warehouse, events: list[Event], since: int
) -> None:
    fill(warehouse, events)
    until = since + 3 * DAY
    found = credited(warehouse, since, until, WINDOWS)
    assert found == by_hand(events, since, until)
    mine = credited(warehouse, since, until, WINDOWS, "journey:a")
    assert mine == {key: value for key, value in found.items() if key[0] == "journey:a"}


@settings(max_examples=20)
@given(lives(), st.lists(st.tuples(st.integers(0, 3), moments, moments), max_size=6))
def test_people_are_told_what_they_spent_in_a_time_of_their_own(
    warehouse: Warehouse, events: list[Event], asked: list[tuple[int, int, int]]
) -> None:
    fill(warehouse, events)
    people, start, stop = zip(*asked, strict=True) if asked else ((), (), ())
    found = spent(warehouse, np.array(people, np.int32), np.array(start, np.int64), np.array(stop, np.int64))
    for n, (person, one, other) in enumerate(asked):
        mine = [e for e in events if e.person == person and e.ts > min(start) and e.name.startswith("Order")]
        orders = {e.props["order_id"] for e in mine if e.name == "Order Completed" and one < e.ts <= other}
        net = sum(e.revenue or 0 for e in mine if e.props["order_id"] in orders)
        assert (found.orders[n], found.revenue[n]) == (len(orders), net)


def test_a_window_of_nothing_lets_nothing_in(warehouse: Warehouse) -> None:
    told: dict[str, object] = {"message": 1, "origin": "api", "step": ""}
    fill(
        warehouse,
        [
            Event(1, START, "Email Sent", told),
            Event(1, START, "Email Clicked", told),
            Event(1, START, "Order Completed", {}, 500),
        ],
    )
    for windows, clicked in ((Windows("5d", ""), 1), (Windows("", "1d"), 0)):
        found = credited(warehouse, START - 1, START, windows)
        assert found == {("api", ""): Credit(1, 500, 1, clicked)}


def test_messages_are_counted_once_and_programs_apart(warehouse: Warehouse) -> None:
    told: dict[str, object] = {"message": 1, "origin": "api", "step": "a"}
    names = Counter(
        {
            "Email Clicked": 3,
            "Email Link Scanned": 2,
            "Email Opened": 1,
            "Email Proxy Opened": 1,
            "Email Unsubscribed": 1,
        }
    )
    events = [Event(1, START + n, name, told) for n, name in enumerate(names.elements())]
    events.append(Event(2, START, "Email Clicked", {**told, "message": 2, "machine": True}))
    events.append(Event(2, START, "Email Clicked", {**told, "message": 3, "origin": "journey:b"}))
    fill(warehouse, events)
    found = reactions(warehouse, "api", START - 1, START + DAY)
    assert found == {
        ("a", "clicked"): 1,
        ("a", "scanned"): 2,
        ("a", "opened"): 1,
        ("a", "fetched"): 1,
        ("a", "unsubscribed"): 1,
    }


def test_windows_are_looked_at_before_they_are_kept() -> None:
    assert credit.read(credit.written(WINDOWS)) == WINDOWS
    assert credit.read(None) == Windows()
    for wrong in (Windows("", ""), Windows("5m"), Windows("200d"), Windows("soon")):
        with pytest.raises(UserError):
            checked(wrong)

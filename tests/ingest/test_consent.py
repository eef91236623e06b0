from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw

from habitue.ingest import inbox
from habitue.ingest.calls import intake, protocol, sources
from habitue.ingest.calls.intake import Arrival
from habitue.ingest.calls.protocol import Sending
from habitue.ingest.loader import rebuild
from tests.ingest.stores import Stores, opened, parcel

MINUTE = 60_000_000
NUMBERS = count()


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with opened(tmp_path) as three:
        sources.add(three.ops, "shop", "server", "s" * 8, 0)
        sources.add(three.ops, "site", "browser", "b" * 8, 0)
        yield three


def call(stores: Stores, *calls: dict[str, Any], source: str = "shop", history: bool = False) -> None:
    events = [
        {"type": "track", "event": "Seen", "messageId": f"m{next(NUMBERS)}", "anonymousId": "d1", **one}
        for one in calls
    ]
    body = protocol.stored([Raw(json.dumps(event).encode()) for event in events], Sending(), None)
    intake.commit(stores.ops, [Arrival(source, history, 9 * MINUTE, len(events), body, [])])
    stores.load()


def banner(minute: int, **choices: Any) -> dict[str, Any]:
    told = {"consent": {"categoryPreferences": choices}}
    return {"context": told, "timestamp": f"1970-01-01T00:{minute:02d}:00Z"}


def answers(stores: Stores) -> list[tuple[object, ...]]:
    return stores.rows(
        "SELECT key, channel, purpose, status, epoch_us(ts) // 60000000 AS minute "
        "FROM consent JOIN node USING (node) ORDER BY minute, channel, purpose"
    )


def agreed(stores: Stores) -> dict[object, bool]:
    found = stores.rows(
        "SELECT name[9:], arg_max(value, (ts, seq)) FROM trait "
        "WHERE starts_with(name, 'consent.') GROUP BY ALL"
    )
    return {name: value == "true" for name, value in found}


def test_a_banner_is_kept_when_it_changes_and_not_with_every_page(stores: Stores) -> None:
    call(
        stores, banner(1, analytics=True), banner(2, analytics=True), banner(3, analytics=True), source="site"
    )
    call(stores, banner(4, analytics=True), source="site")
    call(stores, banner(5, analytics=False), banner(6, analytics=False), source="site")
    assert answers(stores) == [
        ("anon:d1", "web", "analytics", "granted", 1),
        ("anon:d1", "web", "analytics", "denied", 5),
    ]
    assert agreed(stores) == {"web.analytics": False}
    assert rebuild(stores.log, stores.warehouse).differing == ()


def test_a_yes_from_before_that_arrives_after_a_repeated_no_changes_nothing(stores: Stores) -> None:
    call(stores, banner(1, analytics=False), source="site")
    call(stores, banner(5, analytics=False), source="site")
    call(stores, banner(3, analytics=True), source="site")
    assert agreed(stores) == {"web.analytics": False}
    call(stores, banner(6, analytics=True), source="site")
    assert agreed(stores) == {"web.analytics": True}


def test_with_a_pages_key_nobody_signs_somebody_up_but_anybody_may_say_no(stores: Stores) -> None:
    victim = {"userId": "ada"}
    call(stores, {**victim, **banner(1, email=True, analytics=True)}, source="site")
    traits = {"consent": {"email": True, "sms": "pending", "post": {"newsletter": "granted"}}}
    call(stores, {"type": "identify", **victim, "traits": traits}, source="site")
    assert agreed(stores) == {"web.analytics": True}
    assert {row[0] for row in answers(stores)} == {"anon:d1"}
    call(stores, {**victim, "anonymousId": None, **banner(2, ads=True)}, source="site")
    assert agreed(stores) == {"web.analytics": True}
    call(stores, {**victim, **banner(2, email=False)}, source="site")
    assert agreed(stores) == {"email": False, "web.analytics": True}
    assert ("user:ada", "email", "marketing", "denied", 2) in answers(stores)


def test_a_server_says_what_a_customer_answered(stores: Stores) -> None:
    traits = {
        "consent": {"email": True, "sms": {"newsletter": "pending", "alerts": True}, "cookies": "granted"}
    }
    said = {"type": "identify", "userId": "ada", "anonymousId": None, "traits": traits}
    call(stores, said, said)
    assert agreed(stores) == {
        "email": True,
        "sms.newsletter": False,
        "sms.alerts": True,
        "web.cookies": True,
    }
    assert len(answers(stores)) == 4


def test_what_is_no_answer_is_none(stores: Stores) -> None:
    odd = {"analytics": "yes", "ads": 1, "1": True, "é": True, "x" * 41: True, "email": {"marketing": None}}
    call(stores, {"userId": "ada", **banner(1, **odd)})
    call(
        stores, {"userId": "ada", "context": {"consent": [1]}}, {"userId": "ada", "context": {"consent": {}}}
    )
    call(stores, {"type": "identify", "userId": "ada", "traits": {"consent": "all"}})
    assert answers(stores) == []


def test_a_backfill_takes_no_no_back(stores: Stores) -> None:
    call(stores, {"userId": "ada", **banner(1, email=False)})
    call(stores, {"userId": "ada", **banner(8, email=True)}, history=True)
    assert agreed(stores) == {"email": False}
    call(stores, {"userId": "ada", **banner(8, email=True)})
    call(stores, {"userId": "ada", **banner(9, email=True)})
    assert agreed(stores) == {"email": True}


def test_a_profile_sent_again_takes_no_no_back_that_its_sender_never_heard_of(stores: Stores) -> None:
    def profile(minute: int, email: bool) -> dict[str, Any]:
        traits = {"consent": {"email": email}}
        return {"type": "identify", "userId": "ada", **banner(minute), "traits": traits}

    call(stores, profile(1, email=True))
    unsubscribed = {"name": "$consent", "key": "user:ada", "ts": 2 * MINUTE, "revenue": None}
    no = parcel(
        "link", {**unsubscribed, "props": '{"channel": "email", "status": "withdrawn"}'}, history=False
    )
    inbox.put(stores.ops, [no], 0)
    call(stores, profile(3, email=True))
    assert agreed(stores)["email"] is False
    call(stores, profile(4, email=False))
    call(stores, profile(5, email=True))
    assert agreed(stores)["email"] is True


def test_the_first_word_of_a_profile_takes_no_no_back(stores: Stores) -> None:
    call(stores, {"userId": "ada", **banner(1, email=False)})
    call(stores, {"type": "identify", "userId": "ada", **banner(2), "traits": {"consent": {"email": True}}})
    assert agreed(stores)["email"] is False

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
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
        sources.add(three.ops, "crm", "server", "c" * 8, 0)
        sources.add(three.ops, "site", "browser", "b" * 8, 0)
        yield three


def call(
    stores: Stores, *calls: dict[str, Any], source: str = "shop", history: bool = False, at: int = 9
) -> None:
    events = [
        {"type": "track", "event": "Seen", "messageId": f"m{next(NUMBERS)}", "anonymousId": "d1", **one}
        for one in calls
    ]
    body = protocol.stored([Raw(json.dumps(event).encode()) for event in events], Sending(), None)
    intake.commit(stores.ops, [Arrival(source, history, at * MINUTE, len(events), body, [])])
    stores.load()


def banner(minute: int, **choices: Any) -> dict[str, Any]:
    told = {"consent": {"categoryPreferences": choices}}
    return {"context": told, "timestamp": f"1970-01-01T00:{minute:02d}:00Z"}


def profile(minute: int, email: bool) -> dict[str, Any]:
    traits = {"consent": {"email": email}}
    return {"type": "identify", "userId": "ada", **banner(minute), "traits": traits}


def form(stores: Stores, minute: int, key: str, status: str) -> None:
    """Somebody's own answer about e-mail, which waits to be loaded."""
    props = json.dumps({"channel": "email", "status": status})
    told = {"name": "$consent", "key": key, "ts": minute * MINUTE, "revenue": None, "props": props}
    inbox.put(stores.ops, [parcel(f"form{next(NUMBERS)}", told, history=False)], 0)


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


def test_a_profiles_yes_that_arrives_after_a_repeated_no_changes_nothing(stores: Stores) -> None:
    for minute, email in ((1, False), (5, False), (3, True)):
        call(stores, profile(minute, email))
    assert agreed(stores)["email"] is False
    call(stores, profile(6, email=True))
    assert agreed(stores)["email"] is True


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
    call(stores, profile(1, email=True))
    form(stores, 2, "user:ada", "withdrawn")
    call(stores, profile(3, email=True))
    assert agreed(stores)["email"] is False
    call(stores, profile(4, email=False))
    call(stores, profile(5, email=True))
    assert agreed(stores)["email"] is True


def test_the_first_word_of_a_profile_takes_no_no_back(stores: Stores) -> None:
    call(stores, {"userId": "ada", **banner(1, email=False)})
    call(stores, {"type": "identify", "userId": "ada", **banner(2), "traits": {"consent": {"email": True}}})
    assert agreed(stores)["email"] is False


def test_a_no_that_a_profile_repeats_after_a_yes_given_elsewhere_is_a_no_again(stores: Stores) -> None:
    call(stores, profile(1, email=False))
    form(stores, 2, "user:ada", "granted")
    call(stores)
    assert agreed(stores)["email"] is True
    call(stores, profile(3, email=False), profile(4, email=False))
    call(stores, profile(5, email=False))
    assert agreed(stores)["email"] is False
    assert [row[3:] for row in answers(stores)] == [("denied", 1), ("granted", 2), ("denied", 3)]
    assert rebuild(stores.log, stores.warehouse).differing == ()


@pytest.mark.parametrize("at_once", [True, False])
def test_so_it_is_after_a_yes_under_another_of_their_keys(stores: Stores, at_once: bool) -> None:
    both = {"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com"}}
    call(stores, profile(1, email=False), {**both, **banner(2)})
    form(stores, 3, "email:ada@example.com", "granted")
    if not at_once:
        call(stores)
        assert agreed(stores)["email"] is True
    call(stores, profile(4, email=False))
    assert agreed(stores)["email"] is False


def test_so_it_is_where_all_of_it_comes_in_at_once(stores: Stores) -> None:
    both = {"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com"}}
    form(stores, 3, "email:ada@example.com", "granted")
    call(stores, profile(1, email=False), {**both, **banner(2)}, profile(4, email=False))
    assert agreed(stores)["email"] is False
    assert len(answers(stores)) == 3


def test_what_a_backfill_repeats_is_kept_once(stores: Stores) -> None:
    for minute in (1, 2):
        call(stores, profile(minute, email=False), history=True)
    assert [row[3:] for row in answers(stores)] == [("denied", 1)]


def test_a_yes_dated_back_that_arrives_after_a_repeated_no_takes_nothing_back(stores: Stores) -> None:
    call(stores, profile(1, email=False))
    call(stores, profile(5, email=False))
    form(stores, 3, "user:ada", "granted")
    call(stores)
    assert agreed(stores)["email"] is False
    assert [row[3:] for row in answers(stores)] == [("denied", 1), ("granted", 3), ("denied", 5)]
    call(stores, profile(6, email=False))
    form(stores, 3, "user:ada", "granted")
    form(stores, 7, "user:ada", "granted")
    call(stores)
    assert agreed(stores)["email"] is True
    assert len(answers(stores)) == 5
    assert rebuild(stores.log, stores.warehouse).differing == ()


def test_so_it_is_of_a_banners_no_and_under_another_key(stores: Stores) -> None:
    both = {"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com"}}
    call(stores, {"userId": "ada", **banner(1, email=False)}, {**both, **banner(2)})
    call(stores, {"userId": "ada", **banner(5, email=False)})
    form(stores, 3, "email:ada@example.com", "granted")
    call(stores)
    assert agreed(stores)["email"] is False


def test_a_yes_dated_back_stands_where_nobody_said_no_since(stores: Stores) -> None:
    call(stores, profile(1, email=False))
    call(stores, {"type": "identify", "userId": "ada", **banner(5), "traits": {"city": "Paris"}})
    form(stores, 3, "user:ada", "granted")
    call(stores)
    assert agreed(stores)["email"] is True


ACTS = ("shop no", "shop no", "shop no", "shop yes", "crm no", "crm yes", "form yes", "form no", "nothing")
LIVES = st.tuples(st.lists(st.sampled_from(ACTS), min_size=6, max_size=6), st.integers(0, 6))


@given(st.lists(LIVES, min_size=80, max_size=80))
@settings(
    max_examples=1,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],  # eighty lives take long to shrink
    suppress_health_check=list(HealthCheck),
)
def test_what_is_dropped_changes_for_nobody_where_they_stand(
    stores: Stores, lives: list[tuple[list[str], int]]
) -> None:
    """Two programs send profiles again and again; last comes a yes on paper, given somewhere in between."""
    names = [f"h{next(NUMBERS)}" for _ in lives]
    said: dict[str, list[tuple[int, str, bool]]] = {name: [] for name in names}
    for step in range(7):
        calls: dict[str, list[dict[str, Any]]] = {"shop": [], "crm": []}
        for name, (acts, back) in zip(names, lives, strict=True):
            who, _, word = acts[step].partition(" ") if step < 6 else ("form", "", "yes")
            minute, yes = (3 * step if step < 6 else 3 * back + 1), word == "yes"
            if who == "form":
                form(stores, minute, f"user:{name}", "granted" if yes else "withdrawn")
            elif word:
                calls[who].append({**profile(minute, yes), "userId": name})
            if word:
                said[name].append((minute, who, yes))
        for source, made in calls.items():
            call(stores, *made, source=source, at=30)
    found = stores.rows(
        "SELECT key, arg_max(value, (ts, trait.seq)) FROM trait JOIN node ON node.node = trait.person "
        "WHERE trait.name = 'consent.email' GROUP BY ALL"
    )
    stands = {str(key).removeprefix("user:"): value == "true" for key, value in found}
    assert {name: stands.get(name) for name in names} == {name: plain(said[name]) for name in names}


def plain(said: list[tuple[int, str, bool]]) -> bool | None:
    """Where they stand, from all that was said in its order: a program's yes counts after its own no."""
    stands: bool | None = None
    last: dict[str, bool] = {}
    for _, who, yes in sorted(said):
        news = who == "form" or last.get(who) is False
        stands = False if not yes else (True if news or stands is None else stands)
        last[who] = yes
    return stands

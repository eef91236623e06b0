from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa

from habitue.kernel.errors import UserError
from habitue.people.suppression import ALL, blocked, entries, lift, normal, suppress, tallies
from habitue.store.ops import Ops
from habitue.store.tables import suppression

ADA, BOB = "email:ada@example.com", "phone:+33612345678"


@pytest.fixture
def ops(ops_url: str) -> Iterator[Ops]:
    with closing(Ops.open(ops_url)) as opened:
        yield opened


def test_an_address_is_blocked_however_it_is_written(ops: Ops) -> None:
    with ops.begin() as tx:
        assert suppress(tx, [ADA, BOB], "email", "manual", "test", 1) == 2
        asked = ["ADA@Example.com ", "mailto:ada@example.com", "bob@example.com", "06 12 34 56 78"]
        assert blocked(tx, asked, "email", "FR") == {asked[0], asked[1], asked[3]}
        assert blocked(tx, asked, "sms", "FR") == set()


def test_what_is_no_address_is_blocked(ops: Ops) -> None:
    with ops.read() as tx:
        assert blocked(tx, ["nobody", "", "ada@example.com"], "email") == {"nobody", ""}


def test_who_may_not_be_reached_at_all_is_blocked_on_every_channel(ops: Ops) -> None:
    with ops.begin() as tx:
        suppress(tx, [BOB], ALL, "erased", "test", 1)
        assert blocked(tx, [BOB], "sms") == blocked(tx, [BOB], "phone") == {BOB}


def test_the_list_holds_no_address_and_tells_two_workspaces_nothing_about_each_other(
    ops: Ops, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept = []
    for each in (ops, Ops.open(tmp_path_factory.mktemp("other") / "ops.sqlite")):
        with each.begin() as tx:
            suppress(tx, [ADA], "email", "manual", "test", 1)
            kept.append(tx.execute(suppression.select()).one())
    assert not re.search(r"\bada\b", str(kept))
    assert kept[0].hash != kept[1].hash
    assert len(kept[0].hash) == 64


def test_each_reason_stands_for_itself_until_it_is_lifted_and_nothing_is_forgotten(ops: Ops) -> None:
    with ops.begin() as tx:
        assert suppress(tx, [ADA], "email", "bounce", "mta", 1) == 1
        assert suppress(tx, [ADA], "email", "bounce", "mta", 2) == 0
        assert suppress(tx, [ADA], "email", "unsubscribed", "link", 3) == 1
        assert lift(tx, [ADA], ["email", ALL], "form", 4, ["unsubscribed", "erased"]) == 1
        assert blocked(tx, [ADA], "email") == {ADA}
        assert lift(tx, [ADA], ["email"], "support", 5) == 1
        assert blocked(tx, [ADA], "email") == set()
        assert suppress(tx, [ADA], "email", "bounce", "mta", 6) == 1
        assert blocked(tx, [ADA], "email") == {ADA}
        assert [(one.reason, one.at, one.lifted) for one in entries(tx, ADA)] == [
            ("bounce", 6, False),
            ("bounce", 5, True),
            ("unsubscribed", 4, True),
            ("unsubscribed", 3, False),
            ("bounce", 1, False),
        ]
        assert [(one.reason, one.addresses, one.since) for one in tallies(tx)] == [("bounce", 1, 6)]


def test_a_hundred_thousand_addresses_are_one_question(ops: Ops) -> None:
    many = [f"email:{n}@example.com" for n in range(100_000)]
    asked: list[str] = []
    with ops.begin() as tx:
        assert suppress(tx, many[::2], "email", "manual", "file", 1) == 50_000
        sa.event.listen(tx, "before_cursor_execute", lambda *told: asked.append(told[2]))
        assert blocked(tx, many, "email") == set(many[::2])
    assert len([sql for sql in asked if "FROM suppression" in sql]) == 1


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(UserError, match="no e-mail address and no phone number"):
        normal("ada")

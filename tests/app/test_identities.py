from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from habitue.app import Shop
from habitue.kernel.clock import DAY, instant
from habitue.kernel.errors import UserError
from habitue.people import profiles
from habitue.stages.choice import Question, choose
from tests import mould
from tests.ingest.stores import parcel

START = instant("2026-01-01")
NOW = START + 300 * DAY


def peopled(place: Path, _: str | None) -> Shop:
    """Two customers who order at different times, a visitor, and somebody else."""
    made = Shop.create(place, now=START)
    take(
        made,
        *({"key": "user:a", "ts": START + day * DAY} for day in (0, 20, 45)),
        *({"key": "email:a@b.fr", "ts": START + day * DAY} for day in (120, 150)),
        {
            "key": "email:a@b.fr",
            "name": "$consent",
            "revenue": None,
            "props": '{"email": true}',
            "ts": START,
        },
        {
            "key": "user:a",
            "name": "$consent",
            "revenue": None,
            "props": '{"email": false}',
            "ts": START - 1,
        },
        *({"key": "user:z", "ts": START + day * DAY} for day in (5, 250)),
    )
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with mould.shop(peopled, tmp_path / "shop") as made:
        yield made


def take(shop: Shop, *events: dict[str, Any]) -> None:
    shop.put([parcel(f"load{shop.log.version()}", *events)], NOW)
    shop.refresh(NOW)


def stages(shop: Shop) -> dict[str, list[tuple[str, list[str]]]]:
    """Who is in which stage, every ten days."""
    stays = shop.stages()
    return {
        stage.id: [(str(day), sorted(stays.who(stage.id, START + day * DAY))) for day in range(0, 300, 10)]
        for stage in shop.model("transactional").stages
    }


def kept(shop: Shop) -> list[Any]:
    """All that is kept of customers, and how it was at every instant; only what nobody sent has a source."""
    sql = (
        "SELECT person, node, ts, revenue, props, seq FROM event JOIN event_name USING (code) "
        "WHERE name NOT IN ('$merge', '$split') ORDER BY ALL",
        "FROM trait ORDER BY ALL",
        "FROM person ORDER BY ALL",
        "FROM intervals ORDER BY ALL",
    )
    return [shop.warehouse.read(one).to_pylist() for one in sql]


def test_merged_customers_have_the_stages_of_one_history_and_split_ones_their_own_again(
    shop: Shop, tmp_path: Path
) -> None:
    before, told = kept(shop), stages(shop)
    joined = shop.merge("a", "a@b.fr", "ada", "she called", NOW)
    assert list(joined.keys) == ["user:a", "email:a@b.fr"]
    with Shop.create(tmp_path / "one", now=START) as one:
        orders = [{"key": "user:a", "ts": START + day * DAY} for day in (0, 20, 45, 120, 150)]
        take(one, *orders, *({"key": "user:z", "ts": START + day * DAY} for day in (5, 250)))
        assert stages(shop) == stages(one)
    assert shop.segment('consent("email")').members(NOW) == []
    shop.split("a@b.fr", "a", "bob", "his brother", NOW)
    assert kept(shop) == before
    assert stages(shop) == told


def test_who_vanished_in_a_merge_is_in_no_list_and_is_found_by_every_old_name(shop: Shop) -> None:
    gone = shop.customer("a").person
    stays = shop.customer("a@b.fr").person
    assert stays < gone
    acted = shop.warehouse.read("FROM transition WHERE NOT restated")
    shop.merge("a", "a@b.fr", "ada", "she called", NOW)
    assert shop.warehouse.read("FROM intervals WHERE subject = ?", (gone,)).num_rows == 0
    assert shop.warehouse.read("FROM transition WHERE NOT restated").equals(acted)
    assert shop.warehouse.read("FROM transition WHERE restated").num_rows > 0
    for name in ("a", "user:a", "A@B.FR", gone, stays):
        assert shop.customer(name).key == "user:a"
        assert shop.explain(name, at=NOW) is not None
    for part in ("user:a", "a@b"):
        question = choose(shop.model("transactional"), Question(search=part), "UTC", NOW)
        assert profiles.chosen(shop.warehouse, question) == [stays]
        assert [
            one.key for one in profiles.members(shop.warehouse, question.version, NOW, [stays, gone])
        ] == ["user:a"]


def test_identities_say_what_joined_each_key_when_and_who(shop: Shop) -> None:
    take(shop, {"key": "user:a", "also": ["anon:1"], "ts": START + DAY})
    shop.merge("user:a", "email:a@b.fr", "ada", "she called", NOW)
    found = shop.identities("anon:1")
    assert list(found.keys) == ["user:a", "email:a@b.fr", "anon:1"]
    assert {(j.one, j.other, j.ts, j.source, j.by, j.why) for j in found.joints} == {
        ("user:a", "anon:1", START + DAY, found.joints[0].source, None, None),
        ("email:a@b.fr", "user:a", NOW, None, "ada", "she called"),
    }
    assert str(found.joints[0].source).startswith("import:load")
    shop.split("a", "a@b.fr", "bob", "his brother", NOW + 1)
    assert [(one.act, one.by, one.why, one.ts) for one in shop.decisions()] == [
        ("split", "bob", "his brother", NOW + 1),
        ("merge", "ada", "she called", NOW),
    ]


def test_keys_that_join_nobody_are_listed_with_how_many_they_were_claimed_with(shop: Shop) -> None:
    take(
        shop,
        *({"key": f"user:c{n}", "also": ["anon:kiosk", "email:office@x.fr"]} for n in range(5)),
        *({"key": f"user:c{n}", "also": ["anon:undefined"]} for n in range(2)),
    )
    found = [(one.key, one.to, one.many) for one in shop.shared()]
    assert set(found) == {
        ("anon:kiosk", "user", 5),
        ("email:office@x.fr", "user", 5),
        ("anon:undefined", "", 2),
        ("anon:undefined", "user", 2),
    }
    assert list(shop.identities("c3").keys) == ["user:c3"]
    assert [one.key for one in shop.identities("anon:kiosk").refused] == ["anon:kiosk"]


def test_what_can_not_be_merged_or_split_says_why(shop: Shop) -> None:
    phone = ["phone:+33612345678"]
    take(shop, {"key": "user:a", "also": phone}, {"key": "email:a@b.fr", "also": phone})
    with pytest.raises(UserError, match="one customer already"):
        shop.merge("a", "a@b.fr", "ada", "again")
    with pytest.raises(UserError, match=r"Split “a” from: phone:\+33612345678"):
        shop.split("a", "a@b.fr", "ada", "no")
    with pytest.raises(UserError, match="two customers already"):
        shop.split("a", "z", "ada", "no")
    with pytest.raises(UserError, match="no customer"):
        shop.merge("a", "nobody", "ada", "no")
    with pytest.raises(UserError, match="Say why"):
        shop.merge("a", "z", "ada", " ")


def test_a_rebuild_keeps_what_people_decided(shop: Shop) -> None:
    shop.merge("a", "a@b.fr", "ada", "she called", NOW)
    before = kept(shop)
    assert shop.rebuild(NOW).differing == ()
    assert kept(shop) == before
    assert json.loads(
        shop.warehouse.read("SELECT props FROM event ORDER BY seq DESC LIMIT 1")["props"][0].as_py()
    ) == {
        "by": "ada",
        "why": "she called",
    }


@pytest.mark.parametrize("seed", range(4))
def test_stages_kept_fresh_through_merges_are_those_of_a_fresh_start(tmp_path: Path, seed: int) -> None:
    dice = Random(seed)
    keys = ["user:a", "user:b", "user:c", "email:a@b.fr", "anon:1", "anon:2"]
    intervals = "SELECT version, subject, start, stop, value, life FROM intervals ORDER BY ALL"
    with Shop.create(tmp_path / "shop", now=START) as shop:
        for turn in range(12):
            events: list[dict[str, Any]] = []
            for n in range(dice.randint(1, 4)):
                key, *also = dice.sample(keys, dice.choice((1, 1, 2, 3)))
                act = dice.choice(("Order Completed", "Order Completed", "Page Viewed", "$merge", "$split"))
                name = act if also or not act.startswith("$") else "Page Viewed"
                ts = START + dice.randint(0, turn * 20) * DAY
                events.append({"id": f"{turn}:{n}", "key": key, "also": also or None, "name": name, "ts": ts})
            shop.put([parcel(f"turn{turn}", *events, history=dice.random() < 0.5)], NOW)
            shop.refresh(START + turn * 20 * DAY)
        kept = shop.warehouse.read(intervals).to_pylist()
        assert shop.rebuild(START + 11 * 20 * DAY).differing == ()
        assert shop.warehouse.read(intervals).to_pylist() == kept
        alive = shop.warehouse.read(
            "SELECT DISTINCT subject FROM intervals ANTI JOIN person ON subject = person"
        )
        assert alive.num_rows == 0

"""Customers who may be one: who is proposed, in which words, and what becomes of a pair that is settled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from habitue.app import Shop
from habitue.app import duplicates as alike
from habitue.kernel.clock import DAY, instant
from habitue.kernel.errors import UserError
from habitue.people.duplicates import Duplicate
from tests.ingest.stores import parcel

NOW = instant("2026-06-01")

MARIE = {
    "firstName": "Marie",
    "lastName": "Lefèvre-Duval",
    "email": "marie.duval@exemple.fr",
    "phone": "06 39 98 12 34",
    "address": {"street": "12, rue des Lilas", "postalCode": "69003", "city": "Lyon"},
    "birthday": "1984-03-07",
}
TWICE: dict[str, tuple[dict[str, Any], set[str]]] = {
    "swapped": (
        {"firstName": "LEFEVRE DUVAL", "lastName": "marie", "phone": "+33639981234"},
        {"the same name, first and last name swapped", "the same phone number"},
    ),
    "initial": (
        {"firstName": "M.", "lastName": "Lefevre-Duval", "email": "marie.duvl@exemple.fr"},
        {
            "the same last name; the first name is missing or an initial",
            "e-mail addresses that differ by a letter",
        },
    ),
    "slip": (
        {"firstName": "Marie", "lastName": "Lefèvre-Dubal", "birthday": "1984-03-07"}
        | {"address": {"street": "12 rue des lilas", "postalCode": "69 003", "city": "LYON"}},
        {"names that differ by a letter", "the same birthday", "the same postal address"},
    ),
}
OTHERS: dict[str, dict[str, Any]] = {
    "husband": {"firstName": "Paul", "lastName": "Lefèvre-Duval"}
    | {name: MARIE[name] for name in ("phone", "address")},
    "namesake": {"firstName": "Marie", "lastName": "Lefèvre-Duval", "birthday": "1951-11-30"}
    | {"address": {"postalCode": "29200", "city": "Brest"}, "email": "m.lefevre@autre.fr"},
    "nobody": {"firstName": "Marie"},
}


def identify(key: str, traits: dict[str, Any], ts: int = NOW - 9 * DAY) -> dict[str, Any]:
    return {"id": f"{key}{ts}", "key": key, "ts": ts, "name": "$identify", "revenue": None} | {
        "props": json.dumps(traits)
    }


def strangers(many: int) -> list[dict[str, Any]]:
    """People who have nothing in common but first names and towns."""
    dice = Random(7)
    first, towns = ("Jeanne", "Louis", "Nadia", "Hugo", "Claire"), ("Lyon", "Brest", "Lille", "Nantes")
    return [
        identify(
            f"user:s{n}",
            {
                "firstName": dice.choice(first),
                "lastName": "".join(dice.choices("abcdefghilmnoprstuv", k=9)),
                "email": f"{dice.randrange(10**12)}@exemple.fr",
                "address": {"city": dice.choice(towns)},
            },
        )
        for n in range(many)
    ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Marie three more times, people who are somebody else, and three hundred strangers."""
    with Shop.create(tmp_path_factory.mktemp("shop") / "shop", now=NOW - 90 * DAY) as made:
        again = {f"user:{name}": traits for name, (traits, _) in TWICE.items()}
        people = {"user:marie": MARIE} | again | {f"user:{name}": traits for name, traits in OTHERS.items()}
        events = [identify(key, traits) for key, traits in people.items()] + strangers(300)
        events += [{"key": "user:slip", "ts": NOW - DAY, "id": "order"}]
        made.put([parcel("all", *events)], NOW)
        made.refresh(NOW)
        made.find_duplicates(NOW)
        yield made


def found(shop: Shop, least: float = 0.9) -> dict[frozenset[str], Duplicate]:
    return {frozenset((one.one.key, one.other.key)): one for one in shop.duplicates(least)}


def pair(shop: Shop, name: str) -> Duplicate:
    return found(shop)[frozenset(("user:marie", f"user:{name}"))]


@pytest.mark.parametrize("name", TWICE)
def test_a_second_record_is_proposed_with_what_speaks_for_it(shop: Shop, name: str) -> None:
    one = pair(shop, name)
    assert TWICE[name][1] <= set(one.agree)
    assert one.likely >= 0.9


def test_both_sides_are_shown_with_their_orders(shop: Shop) -> None:
    one = pair(shop, "slip")
    assert {(side.key, side.orders, side.revenue) for side in (one.one, one.other)} == {
        ("user:marie", 0, 0),
        ("user:slip", 1, 1234),
    }


@pytest.mark.parametrize("name", OTHERS)
def test_a_household_and_a_namesake_are_not_proposed(shop: Shop, name: str) -> None:
    assert not [one for one in found(shop) if f"user:{name}" in one]


def test_strangers_are_not_proposed(shop: Shop) -> None:
    assert not [
        one for one in found(shop) if any(key.startswith("user:s") and key[6:].isdigit() for key in one)
    ]


def test_the_same_customers_give_the_same_list_again(shop: Shop) -> None:
    before = shop.duplicates(0.5, None)
    shop.find_duplicates(NOW + DAY)
    assert shop.duplicates(0.5, None) == before
    assert not (shop.directory / "scratch.tmp").exists()


def test_a_pair_is_merged_with_who_and_why_and_taken_back(shop: Shop) -> None:
    one, before = pair(shop, "swapped"), found(shop).keys()
    made = shop.merge_duplicate(one.id, "ada", now=NOW)
    assert {"user:marie", "user:swapped"} <= set(made.keys)
    decision = shop.decisions()[0]
    assert (decision.by, decision.why) == (
        "ada",
        f"Pair {one.id} of the duplicates: {one.likely:.1%} likely one person.",
    )
    assert one.id not in [other.id for other in shop.duplicates(0.5, None)]
    assert [(done.id, done.outcome) for done in shop.settled_duplicates()] == [(one.id, "merged")]
    with pytest.raises(UserError, match="settled already"):
        shop.dismiss_duplicate(one.id, "ada")
    shop.undo_duplicate(one.id, "ada", now=NOW)
    assert shop.person("user:marie") != shop.person("user:swapped")
    assert found(shop).keys() == before
    assert shop.settled_duplicates() == []


def test_those_kept_apart_are_never_proposed_again(shop: Shop) -> None:
    one = pair(shop, "initial")
    shop.dismiss_duplicate(one.id, "ada", NOW)
    shop.find_duplicates(NOW)
    assert one.id not in [other.id for other in shop.duplicates(0.5, None)]
    shop.undo_duplicate(one.id, "ada", now=NOW)
    assert pair(shop, "initial").id == one.id


def test_who_was_split_by_hand_is_not_proposed_and_who_was_erased_has_vanished(shop: Shop) -> None:
    shop.merge("user:slip", "user:initial", "ada", "they look alike", NOW)
    shop.split("user:slip", "user:initial", "ada", "they are sisters", NOW)
    shop.erase(["user:swapped"], "ada", now=NOW)
    assert not [one for one in found(shop, 0.5) if "user:swapped" in one]
    assert all("erased:" not in key for one in found(shop, 0.5) for key in one)


def test_what_is_no_pair_is_told(shop: Shop) -> None:
    with pytest.raises(UserError, match="There is no pair 999"):
        shop.merge_duplicate(999, "ada")


def test_an_empty_shop_has_no_pairs(tmp_path: Path) -> None:
    with Shop.create(tmp_path / "shop", now=NOW) as made:
        assert (made.find_duplicates(NOW).compared, made.duplicates()) == (0, [])


def test_without_splink_it_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> None:
        raise ModuleNotFoundError(f"No module named 'splink' for {name}", name="splink")

    monkeypatch.setattr(alike, "import_module", gone)
    with (
        Shop.create(tmp_path / "shop", now=NOW) as made,
        pytest.raises(UserError, match=r"habitue\[identity\]"),
    ):
        made.find_duplicates(NOW)

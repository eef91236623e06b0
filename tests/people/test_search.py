from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from habitue.app import Settings, Shop

PEOPLE = {
    "customer_id": ["c-1", "c-2", "c-3"],
    "name": ["Élodie D’Œuvre", "Marie-Claire Martin", "Zoë Łukasz"],
    "email": ["elodie.dupont@example.com", "m@x.fr", "z@example.com"],
    "phone": ["06 12 34 56 78", "+33 (0)6 99 88 77 66", "0033 1 22 33 44 55"],
}
ORDERS = {
    "customer_id": ["c-1", "c-2"],
    "order_id": ["CMD-2026-17", "#1001"],
    "date": ["2025-01-01", "2025-01-02"],
    "total": [10.0, 20.0],
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Three customers of a French shop, two of whom ordered."""
    with Shop.create(tmp_path_factory.mktemp("found") / "shop", Settings()) as made:
        made.import_customers(pa.table(PEOPLE))
        made.import_orders(pa.table(ORDERS))
        yield made


def found(shop: Shop, text: str) -> list[str]:
    return [one.key.removeprefix("user:") for one in shop.search(text)]


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("élodie", ["c-1"]),
        ("ELODIE", ["c-1"]),
        ("oeuvre", ["c-1"]),
        ("marie-claire", ["c-2"]),
        ("claire mar", ["c-2"]),
        ("mart marie", ["c-2"]),
        ("lukasz", ["c-3"]),
        ("marie lukasz", []),
        ("elodie.dupont@example.com", ["c-1"]),
        ("dupont@ex", ["c-1"]),
        ("@example.com", ["c-1", "c-3"]),
        ("0612", ["c-1"]),
        ("06 12 34", ["c-1"]),
        ("+33 6 12 34 56 78", ["c-1"]),
        ("0033612", ["c-1"]),
        ("06.99.88", ["c-2"]),
        ("+33 (0)1 22 33", ["c-3"]),
        ("cmd-2026", ["c-1"]),
        ("#1001", ["c-2"]),
        ("1001", ["c-2"]),
        ("user:c-3", ["c-3"]),
        ("C-2", ["c-2"]),
        ("zoë 0122", ["c-3"]),
        ("", []),
        ("' \" %", []),
        ("nobody", []),
    ],
)
def test_customers_are_found_by_what_one_knows_of_them(shop: Shop, text: str, who: list[str]) -> None:
    assert sorted(found(shop, text)) == who


def test_a_whole_word_comes_before_a_beginning_and_a_number_before_a_name(tmp_path: Path) -> None:
    with Shop.create(tmp_path / "shop") as shop:
        names = ["Martine Un", "Jean Martin", "Paul Mart"]
        shop.import_customers(pa.table({"customer_id": ["a", "b", "mart"], "name": names}))
        assert found(shop, "mart")[0] == "mart"
        assert found(shop, "martin") == ["b", "a"]
        assert [one.by for one in shop.search("mart")] == ["key", "name", "name"]


def test_who_was_merged_is_found_once_by_all_their_words_until_they_are_split(tmp_path: Path) -> None:
    with Shop.create(tmp_path / "shop") as shop:
        rows = {"customer_id": ["a", "b"], "name": ["Ada King", "Augusta Byron"]}
        shop.import_customers(pa.table(rows))
        assert found(shop, "ada byron") == []
        shop.merge("a", "b", "ada", "she married")
        assert found(shop, "ada byron") == found(shop, "byron") == ["a"]
        shop.split("a", "b", "ada", "she did not")
        assert found(shop, "ada byron") == []
        assert found(shop, "byron") == ["b"]


def test_who_was_erased_is_not_found_and_a_rebuild_finds_the_same(tmp_path: Path) -> None:
    with Shop.create(tmp_path / "shop") as shop:
        shop.import_customers(pa.table(PEOPLE))
        shop.import_orders(pa.table(ORDERS))
        shop.erase(["c-1"], by="ada")
        for text in ("elodie", "dupont", "0612", "c-1", "CMD-2026-17"):
            assert found(shop, text) == []
        done = shop.rebuild()
        assert done.compared
        assert done.differing == ()
        assert found(shop, "marie") == ["c-2"]

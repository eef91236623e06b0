"""A rule asked of the whole base: folded once for all questions, and again when the answer may differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from habitue.app import Shop
from habitue.engine.fold import fold
from tests import mould

OFTEN = 'count("Order Completed") >= 2'


def orders(*customers: str, label: Any = "x") -> pa.Table:
    """One order of each on the first days of 2026."""
    dates = [f"2026-01-{day:02}" for day in range(1, len(customers) + 1)]
    amounts = [float(n) for n in range(len(customers))]
    labels = [label] * len(customers)
    return pa.table({"customer": list(customers), "date": dates, "amount": amounts, "label": labels})


def ordered(place: Path, _: str | None) -> Shop:
    made = Shop.create(place)
    made.import_orders(orders("a", "a", "b"))
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with mould.shop(ordered, tmp_path / "shop") as made:
        yield made


@pytest.fixture
def folds(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows by one with every fold."""
    done: list[None] = []

    def counted(*given: Any) -> Any:
        done.append(None)
        return fold(*given)

    monkeypatch.setattr("habitue.app.selection.fold", counted)
    return done


def test_a_second_question_does_not_fold_again(shop: Shop, folds: list[None]) -> None:
    assert shop.segment(OFTEN).count() == 1
    assert shop.segment(OFTEN).members() == ["user:a"]
    assert shop.segment(OFTEN).count("2026-01-01T12:00Z") == 0
    assert [row["subject"] for row in shop.segment(f" {OFTEN}").history()] == ["user:a"]
    assert len(folds) == 1


def test_new_data_and_new_meanings_of_a_name_fold_again(shop: Shop, folds: list[None]) -> None:
    assert shop.segment(OFTEN).members() == ["user:a"]
    shop.import_orders(orders("b", "b", "b"))
    assert shop.segment(OFTEN).members() == ["user:a", "user:b"]
    assert len(folds) == 2
    both = ["user:a", "user:b"]
    for rule, members in ((OFTEN, both), (f"not {OFTEN}", []), ('ever("Order Completed")', both)):
        shop.save_segment("named", rule)
        shop.refresh()
        assert shop.segment("named").members() == members
    assert len(folds) == 5


def test_rules_that_python_takes_for_equal_are_told_apart(shop: Shop, folds: list[None]) -> None:
    for value in ("1", "True", "1.0"):
        shop.segment(f'ever("Order Completed", where=props.label == {value})').count()
    assert len(folds) == 3


def test_only_the_last_few_rules_stay_folded(shop: Shop, folds: list[None]) -> None:
    for n in (1, 2, 3, 4, 5, 1):
        shop.segment(f'count("Order Completed") >= {n}').count()
    assert len(folds) == 6


def test_names_are_looked_for_once_until_the_next_refresh(shop: Shop) -> None:
    names = shop.catalogue()
    assert shop.catalogue() is names
    looked = names.props("Order Completed")
    assert (looked.events, ("label",) in looked.paths, ("other",) in looked.paths) == (3, True, False)
    assert names.props("Order Completed") is looked
    shop.import_orders(orders("c").append_column("other", pa.array([1])))
    assert ("other",) in shop.catalogue().props("Order Completed").paths


def test_the_members_now_are_a_table(shop: Shop) -> None:
    often = shop.segment(OFTEN)
    assert (
        often.arrow().to_pylist()
        == [{"customer": one} for one in often.members()]
        == [{"customer": "user:a"}]
    )
    assert often.polars().rows() == [("user:a",)]
    assert list(shop.segment('count("Order Completed") >= 9').arrow().column_names) == ["customer"]

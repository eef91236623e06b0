"""The demo shop."""

from __future__ import annotations

from pathlib import Path

import pytest

from habitue.kernel.errors import UserError
from tests.cli.conftest import UNTIL, Habitue, answer


def test_the_demo_shop_is_made_once(habitue: Habitue, shop: Path) -> None:
    words = ("demo", "--customers", "300", "--no-serve")
    before = answer(habitue, shop, "stages", "--at", UNTIL)
    assert answer(habitue, shop, *words)["people"] == 481
    assert answer(habitue, shop, "stages", "--at", UNTIL) == before


def test_a_demo_shop_whose_making_failed_may_be_another_one(
    habitue: Habitue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise UserError("broken")

    words = ("demo", "--until", UNTIL, "--no-serve", "--data", tmp_path / "shop", "--customers")
    with monkeypatch.context() as patch:
        patch.setattr("habitue.cli.start.parcels", broken)
        assert habitue(*words, "30").returncode == 2
    assert habitue(*words, "20").returncode == 0


@pytest.mark.parametrize("until", ["1950-01-01", "8000-01-01"])
def test_a_demo_shop_of_another_age_is_refused_before_it_is_begun(
    habitue: Habitue, tmp_path: Path, until: str
) -> None:
    refused = habitue("demo", "--until", until, "--no-serve", "--data", tmp_path / "shop")
    assert refused.returncode == 2
    assert "1980" in refused.stderr
    assert not (tmp_path / "shop").exists()


def test_another_seed_needs_another_directory(habitue: Habitue, shop: Path) -> None:
    refused = habitue("demo", "--customers", "300", "--seed", "2", "--no-serve", "--data", shop)
    assert refused.returncode == 2
    assert "--data" in refused.stderr


def test_the_demo_shop_never_mixes_with_data_of_ones_own(habitue: Habitue, empty: Path) -> None:
    refused = habitue("demo", "--no-serve", env={"HABITUE_DATA": str(empty)})
    assert refused.returncode == 2
    assert sum(row["customers"] for row in answer(habitue, empty, "stages")) == 0


def test_the_demo_says_who_its_people_are_and_what_may_be_deleted(habitue: Habitue, shop: Path) -> None:
    words = ("demo", "--customers", "300", "--no-serve", "--data", shop)
    said = habitue(*words).stdout
    assert "301 customers who ordered (one is" in said
    assert "180 people who only visited or signed up, 481 in all" in said
    assert "delete it when you are done" in said
    (shop / "thesis.doc").touch()
    said = habitue(*words).stdout
    (shop / "thesis.doc").unlink()
    assert "do not delete it whole" in said

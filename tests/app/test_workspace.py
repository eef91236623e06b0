"""A workspace from Python: what it takes, what it refuses, and how it is found again after a loss."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import rmtree
from typing import Any

import pyarrow as pa
import pytest

import habitue
from habitue.app import Shop
from habitue.ingest.whole import LOST
from tests import mould

ORDERS = {"customer": ["c-1", "c-2"], "date": ["2026-01-31", "2026-02-01"], "amount": [12.5, 20.0]}


def stocked(place: Path, _: str | None) -> Shop:
    made = habitue.create(place, timezone="Europe/Paris")
    made.import_orders(pa.table(ORDERS))
    return made


@pytest.fixture
def place(tmp_path: Path) -> Path:
    mould.shop(stocked, tmp_path / "shop").close()
    return tmp_path / "shop"


@pytest.fixture
def shop(place: Path) -> Iterator[Shop]:
    with habitue.open(place) as opened:
        yield opened


def test_a_lost_operational_database_is_noticed(place: Path) -> None:
    (place / "ops.sqlite").unlink()
    with pytest.raises(habitue.UserError, match=r"ops\.sqlite is empty.*habitue init"):
        habitue.open(place)
    found = {finding.state: finding for finding in examined(place)}
    assert "is empty" in found["bad"].what


def examined(place: Path) -> list[Any]:
    from habitue.ingest.doctor import examine  # noqa: PLC0415

    return examine(Shop.patient(place))


def test_after_a_lost_operational_database_init_begins_new_settings_and_keeps_the_events(place: Path) -> None:
    with habitue.open(place) as shop:
        before = shop.stages().at("2026-03-01").arrow()
    (place / "ops.sqlite").unlink()
    with habitue.create(place, timezone="Europe/Paris") as shop:
        assert shop.stages().at("2026-03-01").arrow() == before
        shop.import_orders(pa.table(ORDERS | {"date": ["2026-02-02", "2026-02-03"]}))
        assert shop.segment('count("Order Completed") == 2').members() == ["user:c-1", "user:c-2"]


def test_only_its_owner_may_look_into_a_new_workspace_and_an_old_directory_stays_as_it_is(
    tmp_path: Path,
) -> None:
    old = tmp_path / "old"
    old.mkdir()
    old.chmod(0o750)
    for place, mode in ((tmp_path / "in" / "new", 0o700), (old, 0o750)):
        habitue.create(place).close()
        assert place.stat().st_mode & 0o777 == mode


def test_a_sound_workspace_is_not_made_again(place: Path) -> None:
    with pytest.raises(habitue.UserError, match="already"):
        habitue.create(place)


def test_the_doctor_goes_on_after_what_can_not_be_opened(place: Path) -> None:
    (place / "habitue.toml").write_text("format =", "utf-8")
    (place / "log" / "_delta_log" / "00000000000000000000.json").write_text("{", "utf-8")
    said = [(one.state, one.what.format(**one.fields)) for one in examined(place) if one.state == "bad"]
    assert len(said) == 2
    assert "habitue.toml" in said[0][1]
    assert "log" in said[1][1]


def test_many_working_copies_set_aside_are_told(place: Path) -> None:
    for n in range(3):
        (place / f"work.duckdb.corrupt-{n}").touch()
    (told,) = (one for one in examined(place) if one.state == "warn" and "aside" in one.what)
    assert told.fields["n"] == 3


def test_a_working_copy_that_was_deleted_is_made_again_and_that_is_said(place: Path) -> None:
    (place / "work.duckdb").unlink()
    with habitue.open(place) as shop:
        assert [notice.text.format(**notice.fields) for notice in shop.notices] == [
            "The working copy was made again from the event log: 2 events."
        ]


@pytest.mark.parametrize("orders", [None, [1, 2], 3, "orders.csv"])
def test_what_is_no_table_is_refused_in_words(shop: Shop, orders: object) -> None:
    with pytest.raises(habitue.UserError, match="no table"):
        shop.import_orders(orders)


@pytest.mark.parametrize(
    "when",
    [
        date(2026, 2, 1),
        datetime(2026, 2, 1),
        datetime(2026, 1, 31, 23, tzinfo=UTC),
        "2026-02-01",
    ],
)
def test_dates_may_be_dates_or_texts(shop: Shop, when: date | str) -> None:
    assert shop.instant(when) == shop.instant("2026-01-31T23:00:00Z")
    assert len(shop.stages().at(when)) == 2


def test_what_is_no_date_is_refused_in_words(shop: Shop) -> None:
    when: Any = 3.5
    with pytest.raises(habitue.UserError, match="not a date"):
        shop.instant(when)


def test_a_language_that_is_not_spoken_is_refused(shop: Shop) -> None:
    language: Any = "de"
    with pytest.raises(habitue.UserError, match="not spoken"):
        shop.segment('ever("Order Completed")').sentence(language)


def test_a_closed_workspace_says_so(shop: Shop) -> None:
    stages = shop.stages()
    shop.close()
    for ask in (shop.models, shop.refresh, stages.at, lambda: shop.segment('ever("X")')):
        with pytest.raises(habitue.UserError, match="is closed"):
            ask()
    shop.close()


def test_a_word_of_the_language_of_rules_is_no_name_of_a_segment(shop: Shop) -> None:
    with pytest.raises(habitue.UserError, match="cannot be read"):
        shop.segment("not")


def test_the_package_shows_what_is_meant_to_be_used() -> None:
    assert dir(sys.modules["habitue"]) == ["UserError", "__version__", "create", "open"]


def test_a_lost_log_empties_nothing_and_its_copy_put_back_is_all_it_takes(place: Path) -> None:
    with habitue.open(place) as shop:
        before = shop.stages().at("2026-03-01").arrow()
    (place / "log").rename(place / "away")
    with habitue.open(place) as shop:
        assert "is not whole" in shop.notices[0].text
        for change in (shop.refresh, shop.rebuild, lambda: shop.import_orders(pa.table(ORDERS))):
            with pytest.raises(habitue.UserError, match=r"this log has 0\. Nothing was changed"):
                change()
        assert shop.stages().at("2026-03-01").arrow() == before
        assert [finding.what for finding in shop.doctor() if finding.state == "bad"] == [LOST]
    rmtree(place / "log")
    (place / "away").rename(place / "log")
    with habitue.open(place) as shop:
        assert shop.stages().at("2026-03-01").arrow() == before
        assert shop.rebuild().differing == ()


def test_a_log_that_is_gone_for_good_is_begun_anew_by_its_owner(place: Path) -> None:
    rmtree(place / "log")
    for file in [*place.glob("ops.sqlite*"), *place.glob("work.duckdb*")]:
        file.rename(place.parent / file.name)
    with habitue.create(place, timezone="Europe/Paris") as shop:
        shop.import_orders(pa.table(ORDERS))
        assert [finding.what for finding in shop.doctor() if finding.state == "bad"] == []
        assert shop.segment('count("Order Completed") == 1').members() == ["user:c-1", "user:c-2"]

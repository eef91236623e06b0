"""What an import says of itself once its events are in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from habitue.app import Shop

FIRST = "customer,date,order_id,amount\nc1,2026-01-05,o1,10\nc2,2026-01-06,o2,20\n"
CORRECTED = "customer,date,order_id,amount\nc1,2026-01-05,o1,99\nc2,2026-01-07,o2,20\nc3,2026-01-08,o3,5\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Shop.create(tmp_path / "shop") as made:
        yield made


@pytest.mark.parametrize("kind", ["orders", "order-lines"])
def test_a_corrected_file_says_that_what_came_first_stays(shop: Shop, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(FIRST)
    assert shop.import_file(path, kind=kind).differing == 0
    path.write_text(CORRECTED)
    report = shop.import_file(path, kind=kind, language="fr")
    assert (report.known, report.differing) == (2, 2)
    assert any(line.startswith("2 événements") and "premier" in line for line in report.lines)
    assert shop.warehouse.read("SELECT sum(revenue)::BIGINT AS n FROM event")["n"][0].as_py() == 3500


def test_rows_that_repeat_within_a_file_were_not_there_already(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(FIRST + "c2,2026-01-06,o2,20\n")
    report = shop.import_file(path)
    assert (report.known, report.differing) == (0, 0)
    assert any("1 row repeats" in line for line in report.lines)


def test_a_dry_run_shows_what_it_would_reject_and_leaves_no_file(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(FIRST + "c4,2026-02-30,o4,20\n")
    report = shop.import_file(path, dry_run=True)
    assert (report.rejected, report.rejects) == (1, None)
    assert report.reasons == {"“2026-02-30” is not in the calendar": 1}
    assert not list((tmp_path / "shop" / "rejects").iterdir())
    assert Path(shop.import_file(path).rejects or "").is_file()

"""What an import says of itself once its events are in."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from habitue.app import Shop
from habitue.kernel import clock
from habitue.store import held, jobs

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
    assert any(line.startswith("2 commandes") and "premier" in line for line in report.lines)
    assert (report.revenue, report.stored_revenue, report.conflicts) == (12400, 500, 0)
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


def test_an_import_cut_short_rejects_the_same_rows_whenever_it_goes_on(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(FIRST + "c3,2026-03-05,o3,5\nc4,2026-03-06,o4,5\n")
    monkeypatch.setattr(import_module("habitue.ingest.files.parcels"), "CHUNK", 1)
    real = held.hold

    def cut(*given: Any) -> None:
        if given[2] == 1:
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr(held, "hold", cut)
    with pytest.raises(KeyboardInterrupt):
        shop.import_file(path, now=clock.instant("2026-02-01", "UTC"))
    monkeypatch.setattr(held, "hold", real)
    assert jobs.unfinished(shop.ops) == ["x.csv"]
    report = shop.import_file(path, now=clock.instant("2026-04-01", "UTC"))
    assert (report.rows, report.events, report.rejected) == (4, {"Order Completed": 2}, 2)
    assert jobs.unfinished(shop.ops) == []
    assert shop.import_file(path, now=clock.instant("2026-04-01", "UTC")).rejected == 0


def test_a_refund_of_an_order_that_stays_with_another_customer_is_left_out_and_listed(
    shop: Shop, tmp_path: Path
) -> None:
    path, head = tmp_path / "x.csv", "order_id,customer,date,amount,refunded\n"
    path.write_text(f"{head}A,c1,2026-01-03,30,0\nB,c1,2026-01-03,20,0\n")
    shop.import_file(path)
    path.write_text(f"{head}A,c2,2026-01-03,30,10\nB,c1,2026-01-03,20,5\n")
    wished, report = shop.import_file(path, dry_run=True), shop.import_file(path)
    assert (wished.stored, wished.stored_revenue) == (report.stored, report.stored_revenue) == (1, -500)
    assert any("1 refund is of an order that stays" in line and "A: -€10.00" in line for line in report.lines)
    assert "A,refund,user:c1,user:c2" in Path(report.corrections or "").read_text("utf-8-sig")
    assert shop.warehouse.read("SELECT sum(revenue)::BIGINT AS n FROM event")["n"][0].as_py() == 4500
    assert shop.import_file(path).stored == 0


def test_an_order_counts_once_whether_it_comes_as_an_event_or_as_an_order(shop: Shop, tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text("order_id,customer,date,amount\nK2,u2,2026-01-03,7.50\nK3,u3,2026-01-03,5\n")
    said = '{"order_id": "K3", "revenue": 5}'
    for name, text in {
        "ev.csv": "event,customer,timestamp,order_id,revenue\n"
        "Order Completed,u2,2026-01-03T00:00:00Z,K2,7.5\n",
        "s.jsonl": '{"type": "track", "userId": "u3", "event": "Order Completed", '
        f'"timestamp": "2026-01-03T00:00:00Z", "properties": {said}}}\n',
    }.items():
        (tmp_path / name).write_text(text)
        assert shop.import_file(tmp_path / name).stored == 1
    assert (report := shop.import_file(orders)).stored == 0
    assert report.conflicts == 0
    assert shop.segment('count("Order Completed", where=props.order_id == "K2") == 1').count() == 1


def test_a_file_of_customers_with_their_consents_comes_again(shop: Shop, tmp_path: Path) -> None:
    """The instant of an answer without a date is that of the import: no order is contradicted by that."""
    path = tmp_path / "x.csv"
    path.write_text("customer,city,newsletter\nc1,Lyon,yes\nc2,Nice,no\n")
    assert shop.import_file(path, now=clock.instant("2026-02-01", "UTC")).stored == 4
    report = shop.import_file(path, now=clock.instant("2026-02-02", "UTC"))
    assert (report.known, report.differing, report.corrections) == (4, 0, None)

"""Several rows of one order become one event, wherever they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from habitue.ingest.files import lines
from tests.ingest.files.conftest import Run

HEAD = "order id,customer,date,product,qty,price\n"
SHOPIFY = (
    "Name,Email,Financial Status,Currency,Total,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku\n"
    "#1,a@b.fr,paid,EUR,35.00,2025-01-05 10:00:00 +0100,2,Tea,10.00,T1\n"
    "#1,a@b.fr,,,,,1,Cup,10.00,C1\n"
    "#2,c@d.fr,refunded,EUR,20.00,2025-01-06 10:00:00 +0100,2,Tea,10.00,T1\n"
)


def test_shopifys_export_counts_each_order_once(run: Run) -> None:
    made = run(SHOPIFY)
    assert made.detected.kind == "order-lines"
    assert made.brief == [
        ("email:a@b.fr", "Order Completed", 3500),
        ("email:c@d.fr", "Order Completed", 2000),
        ("email:c@d.fr", "Order Refunded", -2000),
    ]
    order = next(e for e in made.events if e["name"] == "Order Completed")
    assert order["ts"] == "2025-01-05T09:00:00+00:00"
    assert order["props"]["products"] == [
        {"name": "Tea", "sku": "T1", "quantity": 2, "price": 10},
        {"name": "Cup", "sku": "C1", "quantity": 1, "price": 10},
    ]


def test_an_amount_repeated_on_every_line_is_the_orders(run: Run) -> None:
    rows = "".join(
        f"{n},c{n},2025-01-0{n},{total},P{i}\n" for n, total in ((1, 30), (2, 12)) for i in range(3)
    )
    assert [r for _, _, r in run("order id,customer,date,order total,product\n" + rows).brief] == [3000, 1200]


def test_amounts_of_lines_add_up(run: Run) -> None:
    rows = "1,a,2025-01-01,X,2,1.25\n2,b,2025-01-01,X,1,1\n1,a,2025-01-01,Y,1,3\n"
    assert run(HEAD + rows).brief == [("user:a", "Order Completed", 550), ("user:b", "Order Completed", 100)]


def test_what_comes_back_later_is_a_refund(run: Run) -> None:
    rows = "1,a,2025-01-01,X,2,5\n1,a,2025-01-01,Discount,1,-1\n1,a,2025-02-01,X,-1,5\n"
    assert run(HEAD + rows).brief == [("user:a", "Order Completed", 900), ("user:a", "Order Refunded", -500)]


def test_a_refund_keeps_its_id_when_the_export_has_a_further_column(run: Run) -> None:
    rows = "1,a,2025-01-01,X,2,5\n1,a,2025-02-01,X,-1,5\n"
    more = rows.replace("\n", ",new\n")
    before, after = run(HEAD + rows), run(HEAD.strip() + ",channel\n" + more)
    assert [e["id"] for e in before.events] == [e["id"] for e in after.events]


@pytest.mark.parametrize("bad", ["1,a,2025-01-01,Y,1,zz", "1,a,2025-01-01,Y", "1,a,2025-02-30,Y,1,1"])
def test_an_order_with_a_faulty_line_is_refused_whole(run: Run, bad: str) -> None:
    made = run(f"{HEAD}1,a,2025-01-01,X,2,5\n{bad}\n2,a,2025-01-01,Y,1,1\n", kind="order-lines")
    assert made.brief == [("user:a", "Order Completed", 100)]
    assert sorted(row[0] for row in made.rejects[1:]) == ["2", "3"]
    assert "another line of the same order is wrong" in made.reasons


def test_lines_far_apart_are_one_order_however_the_file_is_parted(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{n % 500},c{n % 500},2025-01-01,P{n},1,1\n" for n in range(3000)]
    whole = run(HEAD + "".join(rows))
    monkeypatch.setattr(lines, "PIECE", 20_000)
    parted = run(HEAD + "".join(rows))
    assert len(whole.brief) == 500
    assert {revenue for _, _, revenue in whole.brief} == {600}
    assert sorted(e["id"] for e in whole.events) == sorted(e["id"] for e in parted.events)


def test_the_spill_is_gone_afterwards(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spill = tmp_path / "spill"
    spill.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spill))
    run(SHOPIFY)
    assert list(spill.iterdir()) == []


def test_lines_that_give_an_order_to_another_customer_are_all_rejected(run: Run) -> None:
    rows = "1,a,2025-01-01,X,2,1\n1,b,2025-01-01,Y,1,5\n1,b,2025-01-01,Z,1,6\n1,a,2025-01-01,W,1,1\n"
    made = run(HEAD + rows)
    assert made.brief == [("user:a", "Order Completed", 300)]
    assert sorted(row[0] for row in made.rejects[1:]) == ["3", "4"]
    assert all("another customer" in reason for reason in made.reasons)

"""Rows of orders become events with the right customer, instant, money and id."""

from __future__ import annotations

from decimal import Decimal

import pytest

from habitue.ingest.files import Settings
from tests.ingest.files.conftest import Import, Run

FRENCH = "Réf;Client;Date de commande;Montant TTC;Canal\r\n"


def ids(made: Import) -> list[bytes]:
    return [e["id"] for e in made.events]


def test_a_french_excel_file_is_understood_without_a_mapping(run: Run) -> None:
    made = run(
        (FRENCH + "A1;C-1;03/04/2025;1\u202f234,56 €;boutique\r\n")
        .encode("cp1252", "replace")
        .replace(b"?", b"\xa0")
    )
    (event,) = made.events
    assert (event["key"], event["name"], event["revenue"]) == ("user:c-1", "Order Completed", 123456)
    assert event["ts"] == "2025-04-02T22:00:00+00:00"
    assert event["props"] == {"revenue": 1234.56, "currency": "EUR", "order_id": "A1", "Canal": "boutique"}
    assert made.detected.source.encoding == "cp1252"


def test_negative_amounts_and_refund_rows_are_refunds(run: Run) -> None:
    made = run(
        "customer,date,total,type\na,2025-01-01,10,sale\na,2025-01-02,-4,sale\na,2025-01-03,3,Remboursement\n"
    )
    assert made.brief == [
        ("user:a", "Order Completed", 1000),
        ("user:a", "Order Refunded", -400),
        ("user:a", "Order Refunded", -300),
    ]
    assert made.report.money == 300


def test_a_refunded_amount_beside_an_order_is_an_event_of_its_own(run: Run) -> None:
    made = run("order id,customer,date,total,refunded amount\n1,a,2025-01-01,10,2.50\n2,b,2025-01-01,10,0\n")
    assert sorted(made.brief) == [
        ("user:a", "Order Completed", 1000),
        ("user:a", "Order Refunded", -250),
        ("user:b", "Order Completed", 1000),
    ]


def test_cancelled_orders_bring_no_revenue(run: Run) -> None:
    made = run("order id,customer,date,total,status\n1,a,2025-01-01,10,Annulée\n2,a,2025-01-01,10,paid\n")
    assert made.brief == [("user:a", "Order Cancelled", None), ("user:a", "Order Completed", 1000)]


def test_identical_rows_are_purchases_of_their_own_and_the_same_again_gives_the_same_ids(run: Run) -> None:
    text = "customer,date,total\na,2025-01-01,10\na,2025-01-01,10\nb,2025-01-01,10\na,2025-01-01,10\n"
    first, again = run(text), run(text)
    assert len(set(ids(first))) == 4
    assert ids(first) == ids(again)
    assert first.keys == again.keys
    assert first.report.identical == 2


def test_a_corrected_order_keeps_its_message_id(run: Run) -> None:
    before, after = (
        run("order,customer,date,total\n7,a,2025-01-01,10\n"),
        run("order,customer,date,total\n7,A,2025-01-02,12\n"),
    )
    assert ids(before) == ids(after)
    assert before.keys != after.keys


def test_the_same_order_twice_in_a_file_counts_once(run: Run) -> None:
    made = run("order,customer,date,total\n7,a,2025-01-01,10\n7,a,2025-01-01,10\n")
    assert made.brief == [("user:a", "Order Completed", 1000)]
    assert (made.report.known, made.report.rejected) == (1, 0)


@pytest.mark.parametrize("other", ["7,a,2025-01-01,12", "7,a,2025-01-02,10", "7,b,2025-01-01,10"])
@pytest.mark.parametrize("refund", ["", "8,a,2025-01-01,-3\n"])
def test_an_order_told_in_two_ways_is_taken_once_and_the_other_row_rejected(
    run: Run, other: str, refund: str
) -> None:
    made = run(f"order,customer,date,total\n7,a,2025-01-01,10\n{refund}{other}\n")
    assert made.brief[0] == ("user:a", "Order Completed", 1000)
    assert len(made.brief) == 1 + bool(refund)
    assert (made.report.known, made.report.rejected) == (0, 1)
    assert "“7”" in made.reasons[0]
    assert "--as order-lines" in made.reasons[0]


def test_three_spellings_of_an_id_are_one_customer(run: Run) -> None:
    ids = ["C  1", " c 1", "c 1", "E\u0301", "\u00e9"]
    made = run("customer,date,total\n" + "".join(f"{one},2025-01-01,1\n" for one in ids))
    assert {e["key"] for e in made.events} == {"user:c 1", "user:é"}
    assert made.report.customers == 2
    assert made.report.spellings == 3


@pytest.mark.parametrize("junk", ["null", "None", "undefined", "0", "n/a", "#N/A", "NaN", "-"])
def test_an_id_that_stands_for_nobody_is_rejected(run: Run, junk: str) -> None:
    made = run(f"customer,date,total\n{junk},2025-01-01,1\nb,2025-01-01,1\n")
    assert [e["key"] for e in made.events] == ["user:b"]
    assert junk in made.reasons[0]


def test_numbers_of_excel_are_ids_again_and_numbers_cut_short_are_none(run: Run) -> None:
    made = run("customer,date,total\n1234.0,2025-01-01,1\n1.23E+12,2025-01-01,1\n00012,2025-01-01,1\n")
    assert [e["key"] for e in made.events] == ["user:1234", "user:00012"]
    assert "cut short" in made.reasons[0]


def test_the_email_is_the_key_only_where_there_is_no_id(run: Run) -> None:
    made = run("customer id,email,date,total\n1,A@B.fr,2025-01-01,1\n,C@D.fr,2025-01-01,1\n,,2025-01-01,1\n")
    assert [key for key, _, _ in made.brief] == ["user:1", "email:c@d.fr"]
    assert [(e["key"], e["props"]) for e in made.events if e["name"] == "$identify"] == [
        ("user:1", {"email": "A@B.fr"}),
        ("email:c@d.fr", {"email": "C@D.fr"}),
    ]
    assert made.reasons == ["the customer is missing"]


def test_another_currency_is_rejected_unless_there_is_a_rate(run: Run) -> None:
    text = "customer,date,total,currency\na,2025-01-01,10,EUR\na,2025-01-01,10,usd\na,2025-01-01,$5,\n"
    assert run(text).brief == [("user:a", "Order Completed", 1000)]
    assert run(text).report.rejected == 2
    rich = Settings("EUR", "UTC", rates={"USD": Decimal("0.905")})
    assert [revenue for _, _, revenue in run(text, settings=rich).brief] == [1000, 905, 452]


def test_a_currency_without_decimals_has_none(run: Run) -> None:
    made = run("customer,date,total\na,2025-01-01,1200\n", settings=Settings("JPY", "Asia/Tokyo"))
    assert made.brief == [("user:a", "Order Completed", 1200)]
    assert made.events[0]["props"]["revenue"] == 1200


def test_other_columns_stay_properties_with_their_type(run: Run) -> None:
    head = 'customer,date,total,"Points ""or""",Zip,Gift,Note,Empty\n'
    made = run(head + 'a,2025-01-01,1,12.50,07100,true,"two\nlines ""quoted""\\",\n')
    kept = {'Points "or"': 12.5, "Zip": "07100", "Gift": True, "Note": 'two\nlines "quoted"\\'}
    assert made.events[0]["props"] == {"revenue": 1, "currency": "EUR"} | kept


def test_a_mended_rejects_file_gives_back_what_was_made_safe(run: Run) -> None:
    made = run("customer,date,total,note\na,2025-01-01,-x,=1+1\nb,2025-01-01,1,\n")
    assert made.rejects[1][2:] == ["a", "2025-01-01", "'-x", "'=1+1"]
    assert run("customer,date,total,note\na,2025-01-01,'-5,'=1+1\n").events[0]["props"]["note"] == "=1+1"


def test_formulas_are_kept_as_text(run: Run) -> None:
    made = run("customer,date,total,note\n=cmd|' /C calc'!A0,2025-01-01,5,@SUM(A1)\n")
    assert made.events[0]["key"] == "user:=cmd|' /c calc'!a0"
    assert made.events[0]["props"]["note"] == "@SUM(A1)"


def test_a_column_called_as_a_property_of_ours_does_not_replace_it(run: Run) -> None:
    made = run("customer,date,total,revenue\na,2025-01-01,5,999\n", mapping={"revenue": "total"})
    assert made.events[0]["props"] == {"revenue": 5, "currency": "EUR", "revenue (2)": 999}


def test_amounts_that_are_rounded_are_counted(run: Run) -> None:
    made = run("customer,date,amount\nc1,2026-01-02,12.3456\nc2,2026-01-02,4.10\n")
    assert made.report.money == 1645
    assert "1 × “12.3456” has more decimals than EUR: rounded" in made.report.lines("en")

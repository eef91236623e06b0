"""Columns are found by their words, by what they hold, by what was said or remembered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.ingest.files import KINDS, Detected, Place, columns, fingerprint, inspect, parse, remember
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import translator

EXPORTS = {
    "WooCommerce": (
        "Order ID,Order Date,Order Status,Billing Email,Order Total Amount,Order Currency,Item Name\n"
        "7,2025-01-01 10:00,completed,a@b.fr,12.5,EUR,Tea\n"
    ),
    "PrestaShop, SQL": (
        "id_order;reference;id_customer;total_paid_tax_incl;date_add;current_state\n"
        "7;XKBK;3;12.500000;2025-01-01 10:00:00;2\n"
    ),
    "PrestaShop, list": (
        "ID;Référence;Nouveau client;Livraison;Client;Total;Paiement;État;Date\n"
        "7;XKBK;1;France;J. DOE;12,50 €;Carte;Livré;01/01/2025 10:00:00\n"
    ),
    "Stripe": (
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Customer ID,Customer Email,Status\n"
        "ch_1,2025-01-01 10:00:00,12.50,0.00,eur,cus_1,a@b.fr,Paid\n"
    ),
    "Excel, French": "N° client;Date d'achat;Montant TTC;Désignation\n12;01/01/2025;12,50;Thé\n",
    "Excel, English": "Customer Number,Purchase Date,Amount,Item\n12,01/31/2025,12.50,Tea\n",
    "by content": "who,when it was,how much\na@b.fr,2025-01-01,12.50\nc@d.fr,2025-01-02,3.00\n",
}


def detected(tmp_path: Path, text: str, **more: object) -> Detected:
    path = tmp_path / "x.csv"
    path.write_text(text)
    return inspect(path, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", EXPORTS.values(), ids=EXPORTS.keys())
def test_exports_are_known_without_a_mapping(tmp_path: Path, text: str) -> None:
    found = detected(tmp_path, text)
    assert found.kind in ("orders", "order-lines")
    assert {"ts", "revenue"} <= found.choices.keys()
    assert {"customer", "email"} & found.choices.keys()
    assert all(choice.reason.text for choice in found.choices.values())


def test_what_was_chosen_is_said_in_both_languages(tmp_path: Path) -> None:
    found = detected(tmp_path, EXPORTS["Excel, French"])
    english, french = found.lines("en"), found.lines("fr")
    assert len(english) == len(french) == 3 + len(found.choices)
    assert "Montant TTC" in "".join(french)
    assert set(english).isdisjoint(french)


def test_a_mapping_overrides_and_is_remembered(tmp_path: Path) -> None:
    text = "client,date,total,paid\n1,2025-01-01,5,6\n"
    first = detected(tmp_path, text, mapping={"revenue": "paid"})
    memory = {fingerprint(first.header): remember(first)}
    again = detected(tmp_path, text, remembered=memory.get)
    assert again.choices["revenue"].column == "paid"
    assert (
        detected(tmp_path, text, remembered=memory.get, mapping={"revenue": "total"})
        .choices["revenue"]
        .column
        == "total"
    )
    reasons = [again.choices[field].reason.text for field in ("customer", "revenue")]
    assert reasons == ["as last time"] * 2
    told = detected(tmp_path, text, remembered=memory.get, mapping={"amount": "total"})
    assert [told.choices[field].reason.text for field in ("customer", "revenue")] == [
        "as last time",
        "as you said",
    ]
    assert (
        detected(tmp_path, text, kind="events", mapping={"event": "=x"}, remembered=memory.get).kind
        == "events"
    )


@pytest.mark.parametrize("mapped", ["customer=client,customer=date", "customer=client,user=date"])
def test_a_field_is_mapped_once(tmp_path: Path, mapped: str) -> None:
    with pytest.raises(UserError, match="“customer” is mapped twice"):
        detected(tmp_path, "client,date,total\n1,2025-01-01,5\n", mapping=parse(mapped))


def test_where_rules_find_the_columns_is_said(tmp_path: Path) -> None:
    text = 'client,date,total,Produit,Canal "de" vente,type\n1,2025-01-01,5,Thé,web,sale\n'
    said = "in rules: Produit → props.products.name · type → props.type · "
    assert said + 'Canal "de" vente → props["Canal \\"de\\" vente"]' in detected(tmp_path, text).lines("en")
    people = detected(tmp_path, "client,email,Total Spent\n1,a@b.fr,5\n", kind="customers")
    assert "in rules: Total Spent → trait.total_spent" in people.lines("en")


@pytest.mark.parametrize(
    ("column", "cell", "taken"),
    [("refunded", "2.5", True), ("refunded", "1", False), ("refunded by", "3.5", False)],
)
def test_a_column_called_refunded_is_the_amount_paid_back(
    tmp_path: Path, column: str, cell: str, taken: bool
) -> None:
    found = detected(tmp_path, f"client,date,total,{column}\n1,2025-01-01,5,{cell}\n", kind="orders")
    assert ("refunded" in found.choices) == taken


def test_an_unknown_column_or_field_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="customer_id"):
        detected(tmp_path, "customer_id,date,total\n1,2025-01-01,5\n", mapping={"customer": "custmer_id"})
    with pytest.raises(UserError, match="quantity"):
        detected(tmp_path, "customer_id,date,total\n1,2025-01-01,5\n", mapping={"quantty": "total"})
    with pytest.raises(UserError, match="order-lines"):
        detected(tmp_path, "customer_id,date,total\n1,2025-01-01,5\n", kind="order")


def test_nothing_is_proposed_that_is_not_near(tmp_path: Path) -> None:
    for mapping in ({"foo": "date"}, {"customer": "zzz"}):
        with pytest.raises(UserError) as error:
            inspect(_file(tmp_path, "customer,date,amount\nc1,2026-01-01,5\n"), mapping=mapping)
        assert "nearest" not in str(error.value)


def _file(folder: Path, text: str, name: str = "x.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("kind", [None, "customers"])
def test_data_in_place_of_a_header_is_asked_about_until_columns_are_named(
    tmp_path: Path, kind: str | None
) -> None:
    path = _file(tmp_path, "1,a@x.fr,2026-01-02,3\n2,b@x.fr,2026-01-03,4\n")
    with pytest.raises(UserError, match="names no columns"):
        inspect(path, kind)
    said = inspect(path, mapping=parse("customer=column 1,ts=column 3,revenue=column 4"))
    assert said.kind == "orders"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.pdf", "one line", "PDF can't be read"),
        ("x.csv", "%PDF-1.7 and so on", "PDF can't be read"),
        ("fake.xlsx", "one line", "is no XLSX file"),
        ("x.csv", "customer;date;amount\nc1,2026-01-02,3\n", "3 cells parted by “;”, but no row of as many"),
    ],
)
def test_what_is_wrong_with_the_whole_file_is_named(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(UserError) as error:
        inspect(_file(tmp_path, text, name))
    assert told in str(error.value)


def test_one_column_may_serve_two_fields_if_said(tmp_path: Path) -> None:
    found = detected(
        tmp_path, "mail,date,total\na@b.fr,2025-01-01,5\n", mapping={"customer": "mail", "email": "mail"}
    )
    assert found.choices["customer"].column == found.choices["email"].column == "mail"


NAMES = (
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
    .map(lambda s: " ".join(s.split()))
    .filter(bool)
)


@given(st.dictionaries(st.sampled_from(["customer", "ts", "revenue", "product"]), NAMES))
def test_any_column_can_be_written_in_a_mapping(mapping: dict[str, str]) -> None:
    assert parse(columns.write(mapping)) == mapping


@given(st.text(max_size=40))
def test_a_mapping_that_is_none_is_a_user_error(text: str) -> None:
    try:
        mapping = parse(text)
    except UserError:
        return
    assert parse(columns.write(mapping)) == mapping


def test_a_sales_pipeline_is_read_not_crashed_on(tmp_path: Path) -> None:
    text = (
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
        "1C1,Mo,GTX,Cancity,Won,10/20/2016,3/1/2017,1054\n"
        "2X,Mo,GTX,,Engaging,10/21/2016,,\n"
    )
    assert detected(tmp_path, text).columns["engage_date"].form == "month-first"


AMBIGUOUS = "client,date,total\na,01/02/2026,5\nb,03/04/2026,6\n"
ORDERED = "client,date,total\na,05/01/2026,5\nb,06/01/2026,6\nc,07/01/2026,6\n"
LATE = AMBIGUOUS + "b,03/04/2026,6\n" * 6000


@pytest.mark.parametrize(
    ("text", "place", "form", "why"),
    [
        (AMBIGUOUS, Place("en", "Europe/Paris"), "day-first", "as is usual .* \\(en, Europe/Paris\\)"),
        (
            AMBIGUOUS,
            Place("en", "America/New_York"),
            "month-first",
            "as is usual .* \\(en, America/New_York\\)",
        ),
        (
            AMBIGUOUS,
            Place("fr", "America/New_York"),
            "day-first",
            "as is usual .* \\(fr, America/New_York\\)",
        ),
        (AMBIGUOUS.replace(",", ";"), Place("en", "America/New_York"), "day-first", "semicolons"),
        (ORDERED, Place("en", "America/New_York"), "day-first", "in order of time"),
        ("client,date,total\na,05/01/2026,5\n", Place(), "day-first", "as is usual .*"),
        (LATE + "c,12/25/2025,3\n", Place("fr"), "month-first", "“12/25/2025” can be nothing else"),
        (
            LATE + "c,25/12/2025,3\n",
            Place("en", "America/New_York"),
            "day-first",
            "“25/12/2025” can be nothing else",
        ),
    ],
)
def test_the_order_of_day_and_month_is_always_said_with_its_reason(
    tmp_path: Path, text: str, place: Place, form: str, why: str
) -> None:
    found = detected(tmp_path, text, place=place)
    assert found.columns["date"].form == form
    other = {"day-first": "month-first", "month-first": "day-first"}[form]
    said = [line for line in found.lines("en") if line.startswith("dates in “date” are read ")]
    assert len(said) == 1
    assert re.search(f"{form}: .*{why}; .* --map dates={other}$", said[0])
    assert any(f"--map dates={other}" in line for line in found.lines("fr"))
    over = detected(tmp_path, text, mapping=parse(f"dates={other}"), place=place)
    assert over.columns["date"].form == other
    assert any(f"read {other}: as you said" in line for line in over.lines("en"))


def test_how_dates_are_written_is_remembered_until_it_is_said_anew(tmp_path: Path) -> None:
    first = detected(tmp_path, AMBIGUOUS, mapping={"dates": "month-first", "decimal": "comma"})
    memory = {fingerprint(first.header): remember(first)}
    again = detected(tmp_path, AMBIGUOUS, remembered=memory.get)
    assert (again.columns["date"].form, again.columns["total"].sign) == ("month-first", ",")
    assert any("month-first: as last time" in line for line in again.lines("en"))
    assert again.fingerprint == first.fingerprint
    anew = detected(tmp_path, AMBIGUOUS, remembered=memory.get, mapping={"dates": "day-first"})
    assert (anew.columns["date"].form, anew.columns["total"].sign) == ("day-first", ",")


def test_a_file_that_is_nothing_known_is_told_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        detected(tmp_path, "colour,size,date\nred,3,hello\n")
    said = str(refused.value)
    assert "--as orders --map customer=COLUMN,ts=COLUMN,revenue=COLUMN" in said
    assert "--as customers --map customer=COLUMN" in said
    assert "as events it lacks customer, ts, event" in said
    assert "“date” has the name of ts, but can't be read as such: it holds “hello”" in said
    french = refused.value.say(translator("fr"))
    assert len(french.splitlines()) == len(said.splitlines()) == 5
    assert set(french.splitlines()).isdisjoint(said.splitlines())


def test_a_column_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"No column for ts(.|\n)*“date” has the name of ts(.|\n)*“hello”"):
        detected(tmp_path, "client,total,date\na,3,hello\n", kind="orders")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_missing_is_asked_for_by_name(tmp_path: Path, kind: str) -> None:
    with pytest.raises(UserError, match=r"--map \w+=COLUMN; the columns are: colour, size"):
        detected(tmp_path, "colour,size\nred,3\n", kind=kind)

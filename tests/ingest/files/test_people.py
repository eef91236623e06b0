"""Files of customers and of other events."""

from __future__ import annotations

import json

import pytest

from habitue.kernel.errors import UserError
from tests.ingest.files.conftest import Run

SHOPIFY = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,"
    "Default Address City,Phone,Total Spent,Tags\n"
    "'123,Ann,B,a@b.fr,yes,Paris,'+33612,12.50,\"x, y\"\n"
    "'124,Bob,C,,no,,,0.00,\n"
)


def test_shopifys_customers_become_traits(run: Run) -> None:
    made = run(SHOPIFY)
    assert made.detected.kind == "customers"
    assert [e["key"] for e in made.events if e["name"] == "$identify"] == ["user:123", "user:124"]
    assert made.events[0]["props"] == {
        "email": "a@b.fr", "first_name": "Ann", "last_name": "B", "city": "Paris", "phone": "+33612",
        "accepts_email_marketing": "yes", "total_spent": 12.5, "tags": "x, y",
    }  # fmt: skip


def test_traits_hold_from_the_customers_creation(run: Run) -> None:
    made = run("id client;email;nom;date d'inscription\n1;a@b.fr;Léa;03/02/2024\n2;c@d.fr;Zoé;\n")
    assert [e["ts"] for e in made.events] == ["2024-02-02T23:00:00+00:00", "2026-11-22T12:00:00+00:00"]


def test_the_same_customers_again_give_the_same_ids_at_another_time(run: Run) -> None:
    first, again = run(SHOPIFY), run(SHOPIFY, now=1_900_000_000_000_000)
    assert [e["id"] for e in first.events] == [e["id"] for e in again.events]


def test_what_is_no_address_or_birthday_is_left_out_and_said(run: Run) -> None:
    rows = "1,a@b.fr,1990-02-28\n2,nonsense,1990-02-30\n3,,05/12\n4,c@d.fr,2190-01-01\n5,,1991-01-01\n"
    made = run("id client;email;birthday\n".replace(";", ",") + rows, kind="customers")
    assert [sorted(e["props"]) for e in made.events] == [
        ["birthday", "email"],
        [],
        ["birthday"],
        ["email"],
        ["birthday"],
    ]
    said = made.report.lines("en")
    assert "1 × “nonsense” is not an e-mail address: left out" in said
    assert "2 × “1990-02-30” is not a birthday: left out · “2190-01-01” is not a birthday: left out" in said
    orders = run("customer,email,date,total\n1,nonsense,2025-01-01,5\n", kind="orders")
    assert [e["name"] for e in orders.events] == ["Order Completed"]


def test_of_a_customer_told_of_twice_the_later_row_wins_and_that_is_said(run: Run) -> None:
    made = run("id client,email,city\n1,a@b.fr,Lille\n2,,Nice\n1,a@b.fr,Paris\n1,a@b.fr,Paris\n")
    assert [e["props"]["city"] for e in made.events] == ["Lille", "Nice", "Paris"]
    assert (made.report.customers, made.report.updated, made.report.known) == (2, 1, 1)
    assert any("the later row wins" in line for line in made.report.lines("en"))


def test_events_keep_their_name_time_and_properties(run: Run) -> None:
    rows = "u1,Signed Up,2025-01-01T10:00:00Z,pro,3\nu1,,2025-01-01T10:00:00Z,pro,1\n"
    made = run("user_id,event,timestamp,plan,seats\n" + rows)
    assert made.detected.kind == "events"
    assert made.events[0]["props"] == {"plan": "pro", "seats": 3}
    assert made.reasons == ["the event's name is missing"]


def test_a_name_can_be_given_for_all_rows(run: Run) -> None:
    made = run("user,date\nu1,2025-01-01\n", kind="events", mapping={"event": "=Shop Visited"})
    assert made.brief == [("user:u1", "Shop Visited", None)]


def test_properties_of_json_lines_stand_at_the_top(run: Run) -> None:
    said = {"stars": 5, "who": {"is": "x"}}
    line = {"userId": "u1", "event": "Rated", "timestamp": "2025-01-01T10:00:00Z", "properties": said}
    assert run(json.dumps(line), name="events.jsonl").events[0]["props"] == said


def test_a_file_that_tells_nothing_is_asked_about(run: Run) -> None:
    with pytest.raises(UserError, match="--as"):
        run("colour,size\nred,3\n")


def test_orders_among_events_carry_their_revenue_and_refunds_are_negative(run: Run) -> None:
    said = {"revenue": 12.5, "currency": "EUR", "amount": 3}
    lines = [
        {"userId": "u1", "event": name, "timestamp": "2025-01-01T10:00:00Z", "properties": said}
        for name in ("Order Completed", "Order Refunded")
    ]
    made = run("\n".join(map(json.dumps, lines)), name="events.jsonl")
    assert [revenue for _, _, revenue in made.brief] == [1250, -1250]
    assert [e["props"] for e in made.events] == [said, said | {"revenue": -12.5}]


def test_contacts_with_a_date_and_a_sum_are_no_orders(run: Run) -> None:
    made = run("Record ID,First Name,Email,Create Date,Total Revenue\n7,Ann,a@b.fr,2025-01-01,12.50\n")
    assert made.detected.kind == "customers"
    assert made.events[0]["props"]["total_revenue"] == 12.5


def test_an_orders_number_among_events_is_its_own_and_no_name_changes_without_a_clash(run: Run) -> None:
    rows = (
        "Order Completed,u1,2026-01-03T00:00:00Z,7,5.00,web\n"
        "Order Completed,u1,2026-01-03T00:00:00Z,7,5.00,web\n"
        "Order Completed,u2,2026-01-04T00:00:00Z,7,6.00,web\n"
        "Checkout Started,u1,2026-01-03T00:00:00Z,7,,web\n"
        "Checkout Started,u1,2026-01-03T00:00:00Z,7,,web\n"
    )
    made = run("event,customer,timestamp,order_number,revenue,type\n" + rows, kind="events")
    assert [name for _, name, _ in made.brief] == ["Order Completed", "Checkout Started", "Checkout Started"]
    assert made.events[0]["props"] == {"revenue": 5, "currency": "EUR", "order_id": "7", "type": "web"}
    assert (made.report.known, made.report.rejected, made.report.identical) == (1, 1, 1)
    assert any(
        "type → props.type · order_number → props.order_id" in line for line in made.detected.lines("en")
    )


def test_a_column_gives_way_to_a_property_of_ours_only_where_there_is_one(run: Run) -> None:
    made = run("user_id,event,timestamp,products,status,ticket\nu1,Asked,2025-01-01,x,open,8\n")
    assert made.events[0]["props"] == {"products": "x", "status": "open", "ticket": 8}
    order = run(
        "no commande,order_id,client,date,montant\n1,a,c1,2025-01-01,5\n", mapping={"order_id": "no commande"}
    )
    assert order.events[0]["props"]["order_id (2)"] == "a"

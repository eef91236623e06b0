"""Files of orders in which not every row is a sale, and what only their rows tell."""

from __future__ import annotations

import pytest

from habitue.ingest.files import fingerprint, inspect, remember
from habitue.kernel.errors import UserError
from tests.ingest.files.conftest import Run

DEALS = (
    "deal_id,account,deal_stage,date,amount\n"
    "A1,Acme,Won,2026-01-02,10\nA2,Acme,Lost,2026-01-03,0\nA3,Bolt,Lost,2026-01-04,0\nA4,Bolt,Perdu,2026-01-05,0\n"
)


def test_rows_that_may_be_no_sales_are_named_with_how_to_leave_them_out(run: Run) -> None:
    made = run(DEALS)
    said = "\n".join(made.detected.lines("en") + made.report.lines("en"))
    assert "“deal_stage” holds Lost, Perdu" in said
    assert '--only "deal_stage=Won"' in said
    assert "3 of 4 orders have the amount 0" in said
    assert [e["props"]["order_id"] for e in made.events] == ["A1", "A2", "A3", "A4"]


def test_only_the_rows_asked_for_are_read_and_that_is_remembered(run: Run) -> None:
    made = run(DEALS, mapping={"only": "deal_stage=won"})
    assert [e["props"]["order_id"] for e in made.events] == ["A1"]
    assert (made.report.rows, made.report.left) == (4, 3)
    assert "3 rows left out, as you said" in made.report.lines("en")
    memory = {fingerprint(made.detected.header): remember(made.detected)}
    assert str(inspect(made.detected.source.path, remembered=memory.get).only) == "deal_stage=won"
    assert inspect(made.detected.source.path, None, {"only": ""}, memory.get).only is None
    assert len(run(DEALS, mapping={"only": "deal_stage=Won|Lost"}).events) == 3


def test_lines_of_orders_are_chosen_too(run: Run) -> None:
    rows = "1,c1,2026-01-02,Tea,5,paid\n1,c1,2026-01-02,Cup,6,paid\n2,c2,2026-01-02,Tea,5,other\n"
    made = run("order_id,customer,date,product,line total,way\n" + rows, mapping={"only": "way=paid"})
    assert made.brief == [("user:c1", "Order Completed", 1100)]


@pytest.mark.parametrize("only", ["deal_stage=Nowhere", "deal_stage", "nothing=Won"])
def test_rows_that_are_not_there_are_a_mistake(run: Run, only: str) -> None:
    with pytest.raises(UserError):
        run(DEALS, mapping={"only": only})


def test_states_that_are_understood_are_no_cause_for_a_warning(run: Run) -> None:
    made = run("order_id,customer,date,amount,status\n1,c1,2026-01-02,5,paid\n2,c1,2026-01-02,5,cancelled\n")
    assert not any("careful" in line for line in made.detected.lines("en"))
    made = run("order_id,customer,date,amount,status\n1,c1,2026-01-02,5,paid\n2,c1,2026-01-02,5,en attente\n")
    assert any("“status” holds en attente" in line for line in made.detected.lines("en"))


@pytest.mark.parametrize("column", ["store_id", "amount_no", "row id"])
def test_what_numbers_something_else_is_no_order(run: Run, column: str) -> None:
    ids = "1,1,2" if column == "amount_no" else "1,2,3"
    rows = "".join(f"{n},c1,2026-01-0{n},5\n" for n in ids.split(","))
    assert "order_id" not in run(f"{column},customer,date,amount\n" + rows).detected.choices


@pytest.mark.parametrize(
    ("header", "client"),
    [("customer,date,amount,name", "customer"), ("client,date,montant,nom", "client"),
     ("client,date,montant,nom du client", "client")],
)  # fmt: skip
def test_a_name_beside_a_customer_is_theirs(run: Run, header: str, client: str) -> None:
    made = run(f"{header}\nc1,2026-01-02,5,Léa Roy\nc2,2026-01-02,5,Al\nc1,2026-01-03,5,Léa Roy\n")
    assert made.detected.choices["customer"].column == client
    told = [e["props"]["name"] for e in made.events if e["name"] == "$identify"]
    assert told == ["Léa Roy", "Al"]
    assert any("each customer has one" in line for line in made.detected.lines("en"))


def test_a_name_that_differs_within_a_customer_is_not(run: Run) -> None:
    made = run("customer,date,amount,name\nc1,2026-01-02,5,Tea\nc2,2026-01-02,5,Tea\nc1,2026-01-03,5,Cup\n")
    assert [e["props"]["name"] for e in made.events] == ["Tea", "Tea", "Cup"]


def test_a_name_alone_is_whom_the_orders_are_of(run: Run) -> None:
    made = run("Customer Name,Date,Amount\nAnn B,2026-01-02,5\nAnn B,2026-01-03,5\n")
    assert made.report.customers == 1


def test_a_name_beside_an_address_says_nobody_apart(run: Run) -> None:
    rows = "".join(f"Léa Roy;lea{n}@shop.fr;2026-01-0{n};5\n" for n in (1, 2, 3))
    made = run("Nom du client;Courriel;Date;Montant\n" + rows)
    assert made.report.customers == 3
    assert "customer" not in made.detected.choices


def test_people_with_names_of_two_words_are_known_by_their_address(run: Run) -> None:
    made = run("Prénom client;Nom client;E-mail\nLéa;Roy;lea@shop.fr\nLéa;Noir;l.noir@shop.fr\n")
    assert made.report.customers == 2
    assert {"email", "first_name"} <= made.detected.choices.keys()
    assert "customer" not in made.detected.choices

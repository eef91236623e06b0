"""`habitue search`, `customer`, `account` and `traits`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Habitue, answer


@pytest.fixture
def filled(habitue: Habitue, empty: Path, tmp_path: Path) -> Path:
    """A shop with two customers, one of whom ordered."""
    people, orders = tmp_path / "people.csv", tmp_path / "orders.csv"
    people.write_text(
        "customer_id,name,email,phone,country,points,account_id\n"
        "c-1,Élodie Dupont,elodie@example.com,06 12 34 56 78,FR,42,acme\n"
        "c-2,Marie Martin,m@example.com,,BE,abc,\n",
        "utf-8",
    )
    orders.write_text("customer_id,order_id,date,total\nc-1,CMD-7,2026-01-31,12.50\n", "utf-8")
    for file in (people, orders):
        assert habitue("import", file, "--data", empty).returncode == 0
    return empty


def test_a_customer_is_found_and_shown_whole(habitue: Habitue, filled: Path) -> None:
    for text in ("elodie dup", "cmd-7", "+33612345678"):
        assert [one["customer"] for one in answer(habitue, filled, "search", text)] == ["user:c-1"]
    whole = answer(habitue, filled, "customer", "c-1")
    assert (whole["name"], whole["orders"], whole["revenue"]) == ("Élodie Dupont", 1, "12.50")
    assert whole["purchases"][0]["order"] == "CMD-7"
    assert [one["account"] for one in whole["accounts"]] == ["account:acme"]
    shown = habitue("customer", "c-1", "--data", filled).stdout
    assert "Élodie Dupont · user:c-1" in shown
    assert "CMD-7 €12.50" in shown
    assert habitue("customer", "c-9", "--data", filled).returncode == 2


def test_a_customer_is_told_in_french(habitue: Habitue, filled: Path) -> None:
    shown = habitue("customer", "c-1", "--data", filled, "--language", "fr").stdout
    for said in (
        "Connu depuis le 31/01/2026",
        "1 commande, 12,50\N{NO-BREAK SPACE}€ net",
        "Cycle transactionnel (six statuts)\N{NO-BREAK SPACE}: Client",
        "31/01/2026 CMD-7 12,50\N{NO-BREAK SPACE}€",
        "Pays\N{NO-BREAK SPACE}: FR",
        "Commande passée",
    ):
        assert said in shown


def test_an_account_is_shown_with_its_members(habitue: Habitue, filled: Path) -> None:
    found = answer(habitue, filled, "account", "ACME")
    assert [(one["key"], one["until"]) for one in found["members"]] == [("user:c-1", None)]
    assert "Élodie Dupont: since" in habitue("account", "acme", "--data", filled).stdout


def test_traits_are_listed_settled_and_shown_with_who_said_them(habitue: Habitue, filled: Path) -> None:
    settled = answer(habitue, filled, "traits", "--type", "number", "--trait", "points")
    assert settled["types"] == {"points": "number"}
    settled = answer(habitue, filled, "traits", "--prefer", "import:*,browser", "--trait", "country")
    assert settled["precedence"] == {"country": ["import:*", "browser"]}
    points = next(one for one in answer(habitue, filled, "traits") if one["trait"] == "points")
    assert (points["type"], points["mismatches"], points["sources"]) == ("number", 1, "import:people.csv")
    told = answer(habitue, filled, "traits", "c-1")
    assert {one["source"] for one in told} == {"import:people.csv"}
    members = answer(habitue, filled, "segment", "trait.points == 42")
    assert [one["customer"] for one in members] == ["user:c-1"]


@pytest.mark.parametrize(
    "words",
    [
        ("--type", "colour", "--trait", "points"),
        ("--type", "number"),
        ("--trait", "points"),
        ("c-1", "--prefer", "shop"),
        ("--prefer", "shop,,till"),
    ],
)
def test_what_can_not_be_settled_is_refused(habitue: Habitue, filled: Path, words: tuple[str, ...]) -> None:
    done = habitue("traits", *words, "--data", filled)
    assert done.returncode == 2
    assert done.stderr.startswith("habitue: ")

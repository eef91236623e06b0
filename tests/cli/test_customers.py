"""Who is in a stage, and why."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import ISO, UNTIL, Habitue, answer

OFTEN = 'count("Order Completed", within="90d") >= 2'


def test_who_lists_as_many_as_the_stage_counts(habitue: Habitue, shop: Path) -> None:
    rows = answer(habitue, shop, "who", "--stage", "dormant", "--at", UNTIL)
    counted = {row["stage"]: row["customers"] for row in answer(habitue, shop, "stages", "--at", UNTIL)}
    assert len(rows) == counted["dormant"]
    assert all(row["then"] == "lost" and ISO.fullmatch(row["until"]) for row in rows)
    assert {row["customer"] for row in rows} == {
        row["customer"]
        for row in answer(habitue, shop, "segment", 'stage("transactional") == "dormant"', "--at", UNTIL)
    }


def test_explain_tells_the_stage_and_each_rule_that_was_asked(habitue: Habitue, shop: Path) -> None:
    who = answer(habitue, shop, "who", "--stage", "dormant", "--at", UNTIL)[0]
    why = answer(habitue, shop, "explain", who["customer"], "--at", UNTIL)
    assert (why["value"], why["since"], why["until"]) == ("dormant", who["since"], who["until"])
    assert [(one["stage"], one["truth"]) for one in why["asked"]] == [("lost", False), ("dormant", True)]
    said = habitue("explain", who["customer"], "--at", UNTIL, "--data", shop).stdout
    assert "✗" in said
    assert "✓" in said


def test_explain_takes_any_rule_and_an_e_mail(habitue: Habitue, shop: Path) -> None:
    who = answer(habitue, shop, "who", "--stage", "dormant", "--at", UNTIL)[0]
    why = answer(habitue, shop, "explain", who["customer"], OFTEN, "--at", UNTIL)
    assert why["truth"] is (why["value"] >= 2)
    assert why["threshold"] == 2


def test_every_form_in_which_a_customer_is_listed_is_taken_back(
    habitue: Habitue, empty: Path, tmp_path: Path
) -> None:
    file = tmp_path / "x.csv"
    file.write_text(
        "client,date,montant\nC-7,2026-01-05,10\nAnna@Example.fr,2026-01-06,20\n0012,2026-01-07,5\n"
    )
    answer(habitue, empty, "import", file)
    listed = ["email:anna@example.fr", "user:0012", "user:c-7"]
    rule = 'ever("Order Completed")'
    assert [row["customer"] for row in answer(habitue, empty, "segment", rule)] == listed
    assert [row["subject"] for row in answer(habitue, empty, "segment", rule, "--history")] == listed
    (stage,) = (row["stage"] for row in answer(habitue, empty, "stages") if row["customers"])
    who = answer(habitue, empty, "who", "--stage", stage)
    assert {row["customer"]: row["email"] for row in who} == {
        "user:c-7": None,
        "email:anna@example.fr": "Anna@Example.fr",
        "user:0012": None,
    }
    shown = habitue("segment", rule, "--data", empty).stdout
    assert "user:" not in shown
    assert "anna@example.fr" in shown
    others = [
        "c-7",
        "C-7",
        "user:C-7",
        "anna@example.fr",
        "user:anna@example.fr",
        "email:Anna@Example.fr",
        "0012",
    ]
    for name in [*listed, *others]:
        assert answer(habitue, empty, "explain", name)["customer"] in listed


def test_names_of_our_own_are_said_in_words(habitue: Habitue, empty: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("client,prénom\n1,Anna\n")
    said = habitue("import", file, "--as", "customers", "--data", empty).stdout
    assert "1 × Details given" in said
    assert "$" not in said

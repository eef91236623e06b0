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

"""Any rule asked on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import ISO, UNTIL, Habitue, answer, table

OFTEN = 'count("Order Completed", within="90d") >= 2'


def test_count_prints_the_number_alone(habitue: Habitue, shop: Path) -> None:
    done = habitue("segment", OFTEN, "--at", UNTIL, "--count", "--data", shop)
    assert re.fullmatch(r"[1-9]\d*\n", done.stdout)
    members = answer(habitue, shop, "segment", OFTEN, "--at", UNTIL)
    assert int(done.stdout) == len(members)
    assert answer(habitue, shop, "segment", OFTEN, "--at", UNTIL, "--count") == {"count": len(members)}


def test_history_is_subject_from_to_and_what_is_expected_in_utc(habitue: Habitue, shop: Path) -> None:
    done = habitue("segment", OFTEN, "--history", "--data", shop)
    assert done.stdout.startswith("subject,from,to,expected\n")
    rows = table(done.stdout)
    assert rows
    assert all(ISO.fullmatch(row["from"]) and (not row["to"] or row["from"] < row["to"]) for row in rows)
    now = f"{UNTIL}T12:00:00Z"
    there = [row["subject"] for row in rows if row["from"] <= now and (not row["to"] or row["to"] > now)]
    assert there == [row["customer"] for row in answer(habitue, shop, "segment", OFTEN, "--at", now)]


def test_no_history_tells_what_has_not_happened(habitue: Habitue, empty: Path, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    days = {"gone": 40, "in": 10}
    lines = [f"{who},{(now - timedelta(days=n)).isoformat()},9.90" for who, n in days.items()]
    (tmp_path / "o.csv").write_text("\n".join(["customer,date,amount", *lines]))
    assert habitue("import", tmp_path / "o.csv", "--data", empty).returncode == 0
    rule = 'days_since_last("Order Completed") <= 30'
    rows = {row["subject"]: row for row in answer(habitue, empty, "segment", rule, "--history")}
    said = f"{now:%Y-%m-%d}"
    assert rows["user:gone"]["to"] < said
    assert rows["user:gone"]["expected"] is None
    assert rows["user:in"]["to"] is None
    assert rows["user:in"]["expected"] > said
    later = 'days_since_last("Order Completed") > 20'
    assert [row["subject"] for row in answer(habitue, empty, "segment", later, "--history")] == ["user:gone"]
    stays = answer(habitue, empty, "stages", "--history")
    assert all(row["from"] <= now.isoformat() and (row["to"] or "") <= now.isoformat() for row in stays)
    (last,) = (row for row in stays if row["subject"] == "user:in" and row["to"] is None)
    assert last["expected"] > said


@pytest.mark.parametrize(("language", "words"), [("fr", "commande"), ("en", "order")])
def test_a_rule_is_said_in_the_language_asked_for(
    habitue: Habitue, shop: Path, language: str, words: str
) -> None:
    said = habitue("segment", OFTEN, "--sentence", language, "--data", shop)
    assert words in said.stdout
    assert said.stdout.count("\n") == 1


def test_a_wrong_rule_is_refused_with_every_mistake_and_its_column(habitue: Habitue, shop: Path) -> None:
    refused = habitue("segment", 'evr("Order Completed") and count("Page")', "--data", shop)
    assert refused.returncode == 2
    assert "Column 1:" in refused.stderr
    assert "Column 28:" in refused.stderr


def test_a_name_never_seen_is_answered_with_a_warning(habitue: Habitue, shop: Path) -> None:
    done = habitue("segment", 'ever("Order Complete")', "--count", "--data", shop)
    assert (done.returncode, done.stdout) == (0, "0\n")
    assert "Order Completed" in done.stderr


def test_a_property_never_seen_is_answered_with_a_warning(habitue: Habitue, shop: Path) -> None:
    words = "segment", 'ever("Order Completed", where=props.product.name == "Tea")', "--count", "--data", shop
    done = habitue(*words)
    assert (done.returncode, done.stdout) == (0, "0\n")
    assert "“props.products.name”" in done.stderr
    assert "props.products.name" in habitue(*words, "--language", "fr").stderr
    assert habitue("segment", OFTEN.replace('",', '", where=props.revenue > 1,'), "--data", shop).stderr == ""


def test_only_one_way_to_answer_at_a_time(habitue: Habitue, shop: Path) -> None:
    assert habitue("segment", OFTEN, "--count", "--history", "--data", shop).returncode == 2
    assert habitue("stages", "--json", "--csv", "--data", shop).returncode == 2

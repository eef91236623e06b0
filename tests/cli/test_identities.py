from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Habitue, answer


def filled(habitue: Habitue, place: Path, tmp_path: Path) -> Path:
    orders = tmp_path / "two.csv"
    orders.write_text("customer,date,amount\nc-1,2026-01-31,12.50\nc-2,2026-02-01,20.00\n", "utf-8")
    assert habitue("import", orders, "--data", place).returncode == 0
    return place


def test_two_customers_are_merged_and_split_and_the_log_says_who_and_why(
    habitue: Habitue, empty: Path, tmp_path: Path
) -> None:
    shop = filled(habitue, empty, tmp_path)
    made = answer(habitue, shop, "merge", "c-1", "c-2", "--why", "same phone", "--by", "ada")
    assert made["keys"] == ["user:c-1", "user:c-2"]
    (first, second) = answer(habitue, shop, "identities", "c-2")
    assert (first["key"], first["joined"], first["by"], first["why"]) == (
        "user:c-1",
        "user:c-2",
        "ada",
        "same phone",
    )
    assert second["key"] == "user:c-2"
    parted = habitue("split", "c-2", "c-1", "--why", "brothers", "--by", "bob", "--data", shop)
    assert parted.stdout == "Two customers now.\n"
    log = answer(habitue, shop, "identities")
    assert [(one["act"], one["by"], one["why"]) for one in log] == [
        ("split", "bob", "brothers"),
        ("merged", "ada", "same phone"),
    ]
    assert answer(habitue, shop, "identities", "--shared") == []


def test_who_decides_is_the_systems_user_and_a_reason_is_needed(
    habitue: Habitue, empty: Path, tmp_path: Path
) -> None:
    shop = filled(habitue, empty, tmp_path)
    assert habitue("merge", "c-1", "c-2", "--data", shop).returncode == 2
    assert (
        habitue("merge", "c-1", "c-2", "--why", "same", "--data", shop, env={"LOGNAME": "eve"}).returncode
        == 0
    )
    assert [one["by"] for one in answer(habitue, shop, "identities")] == ["eve"]
    refused = habitue("merge", "c-1", "c-2", "--why", "same", "--data", shop, "--language", "fr")
    assert (refused.returncode, "un seul client" in refused.stderr) == (2, True)

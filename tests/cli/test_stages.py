"""How many are in which stage, and the questions that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import UNTIL, Habitue, answer, table


def test_everybody_has_a_stage(habitue: Habitue, shop: Path) -> None:
    rows = answer(habitue, shop, "stages", "--at", UNTIL)
    assert [row["stage"] for row in rows] == ["suspect", "prospect", "new", "active", "dormant", "lost"]
    assert sum(row["customers"] for row in rows) == 300 + 60 + 120 + 1
    assert sum(row["share"] for row in rows) == pytest.approx(1)


def test_show_may_be_left_out(habitue: Habitue, shop: Path) -> None:
    words = ("transactional", "--at", UNTIL)
    assert answer(habitue, shop, "stages", *words) == answer(habitue, shop, "stages", "show", *words)


def test_month_by_month_has_a_column_for_each_stage(habitue: Habitue, shop: Path) -> None:
    rows = table(habitue("stages", "--by", "month", "--at", UNTIL, "--csv", "--data", shop).stdout)
    assert [row["month"] for row in rows][-1] == "2026-11"
    assert len(rows) == 24
    now = {row["stage"]: row["customers"] for row in answer(habitue, shop, "stages", "--at", UNTIL)}
    assert {name: int(n) for name, n in rows[-1].items() if name != "month"} == now


def test_months_are_as_many_as_asked_for_and_what_is_left_out_is_said(habitue: Habitue, shop: Path) -> None:
    usual = habitue("stages", "--by", "month", "--at", UNTIL, "--data", shop)
    assert "--months 25" in usual.stderr
    every = answer(habitue, shop, "stages", "--months", "25", "--at", UNTIL)
    assert [every[0]["month"], every[-1]["month"], len(every)] == ["2024-11", "2026-11", 25]
    assert answer(habitue, shop, "stages", "--by", "month", "--since", "1999-01-01", "--at", UNTIL) == every
    some = answer(habitue, shop, "stages", "--by", "month", "--since", "2026-02-10", "--at", UNTIL)
    assert some[0]["month"] == "2026-02"
    assert some == every[-10:]


@pytest.mark.parametrize(
    "words",
    [
        ("--months", "0"),
        ("--months", "99999999"),
        ("--since", "2027-01-01"),
        ("--months", "3", "--since", "2026-01-01"),
    ],
)
def test_months_that_can_not_be_are_refused(habitue: Habitue, shop: Path, words: tuple[str, ...]) -> None:
    refused = habitue("stages", "--by", "month", *words, "--at", UNTIL, "--data", shop)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)


def test_a_draft_is_laid_over_the_whole_past_and_not_kept(
    habitue: Habitue, shop: Path, tmp_path: Path
) -> None:
    draft = tmp_path / "draft.toml"
    draft.write_text('kind = "chabry6"\nsettings = { dormant = "10d", new = "5d" }\n', "utf-8")
    live = {row["stage"]: row["customers"] for row in answer(habitue, shop, "stages", "--at", UNTIL)}
    drawn = {
        row["stage"]: row["customers"]
        for row in answer(habitue, shop, "stages", "--at", UNTIL, "--model-file", draft)
    }
    assert sum(drawn.values()) == sum(live.values())
    assert drawn["dormant"] > live["dormant"]
    assert live == {row["stage"]: row["customers"] for row in answer(habitue, shop, "stages", "--at", UNTIL)}


def test_a_draft_in_another_encoding_is_refused(habitue: Habitue, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "draft.toml").write_bytes(b'kind = "chabry6"  # caf\xe9')
    refused = habitue("stages", "--model-file", tmp_path / "draft.toml", "--data", shop)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "UTF-8" in refused.stderr


def test_models_alive_and_possible(habitue: Habitue, shop: Path) -> None:
    rows = answer(habitue, shop, "stages", "list")
    assert rows[0]["model"] == "transactional"
    assert {row["kind"] for row in rows} == {"chabry6", "aarrl5", "b2b5", "b2c5", "cx6", "klaviyo5"}


def test_suggest_proposes_windows_and_shows_why(habitue: Habitue, shop: Path) -> None:
    assert answer(habitue, shop, "stages", "suggest")["dormant"] > 0
    assert "█" in habitue("stages", "suggest", "--data", shop).stdout
    rows = table(habitue("stages", "suggest", "--data", shop, "--csv").stdout)
    assert {"days", "returned", "chance"} == set(rows[0])


def test_suggest_looks_as_of_the_last_order_unless_told(habitue: Habitue, shop: Path) -> None:
    assert answer(habitue, shop, "stages", "suggest")["at"].startswith("2026-11-21T")
    assert answer(habitue, shop, "stages", "suggest", "--at", "2026-05-01")["horizon"] < 600


@pytest.mark.parametrize(
    "words",
    [
        ("stages", "nonsense"),
        ("stages", "--by", "week"),
        ("stages", "--at", "yesterday"),
        ("stages", "--model-file", "nowhere.toml"),
        ("who", "--stage", "dormnt"),
        ("who",),
        ("explain", "nobody"),
        ("explain", "c-000001", "ever("),
        ("explain", "c-000001", "--at", "1999-01-01"),
    ],
)
def test_a_wrong_question_is_refused_in_one_line(
    habitue: Habitue, shop: Path, words: tuple[str, ...]
) -> None:
    refused = habitue(*words, "--data", shop)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("habitue: ")
    assert refused.stderr.count("\n") == 1


def test_a_draft_for_people_of_whom_nothing_is_known_says_so(shop: Path, habitue: Habitue) -> None:
    draft = shop.parent / "draft.toml"
    draft.write_text('kind = "chabry6"\npopulation = \'trait.contry == "FR"\'\n', "utf-8")
    for more in ((), ("--by", "month")):
        told = habitue("stages", "show", *more, "--model-file", draft, "--data", shop)
        assert told.returncode == 0
        assert "trait.contry" in told.stderr


def test_too_few_gaps_are_told_beside_an_empty_table(habitue: Habitue, empty: Path, orders: Path) -> None:
    assert habitue("import", orders, "--data", empty).returncode == 0
    done = habitue("stages", "suggest", "--csv", "--data", empty)
    assert (done.returncode, done.stdout) == (0, "days,returned,chance\n")
    assert "too few gaps" in done.stderr
    found = answer(habitue, empty, "stages", "suggest")
    assert (found["enough"], found["windows"]) == (False, [])


def test_a_report_in_csv_has_a_column_for_each_of_its_parts(
    habitue: Habitue, empty: Path, orders: Path
) -> None:
    (row,) = table(habitue("import", orders, "--csv", "--data", empty).stdout)
    assert (row["events.Order Completed"], row["revenue"]) == ("2", "32.50")
    assert not any("{" in value for value in row.values())
    (who, *_) = answer(habitue, empty, "who", "--stage", "dormant", "--at", "2026-06-15")
    assert who["revenue"] in ("12.50", "20.00")

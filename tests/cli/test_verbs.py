"""Every verb of the program: what it answers, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from habitue.app import Busy, Shop
from habitue.kernel.errors import UserError
from habitue.store.lock import Lock
from tests.cli.conftest import UNTIL, Habitue

ORDERS = """customer,date,amount,"label, long"
c-1,2026-01-31,12.50,Tea
c-2,2026-02-01,20.00,Coffee
c-2,2026-02-30,5.00,Coffee
"""
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS, "utf-8")
    return path


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def answer(habitue: Habitue, place: Path, *words: str | Path | bytes) -> Any:
    done = habitue(*words, "--data", place, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


# --- a workspace ----------------------------------------------------------------------------------


def test_init_makes_a_workspace_once(habitue: Habitue, tmp_path: Path) -> None:
    words = (
        "init",
        tmp_path / "shop",
        "--currency",
        "chf",
        "--timezone",
        "Europe/Zurich",
        "--language",
        "fr",
    )
    made = habitue(*words, "--json")
    assert made.returncode == 0
    assert json.loads(made.stdout) == {
        "folder": str(tmp_path / "shop"),
        "currency": "CHF",
        "timezone": "Europe/Zurich",
        "language": "fr",
    }
    again = habitue(*words)
    assert (again.returncode, again.stdout) == (2, "")
    assert "shop" in again.stderr


@pytest.mark.parametrize(
    "wrong", [("--currency", "XYZ"), ("--timezone", "Mars/Olympus"), ("--language", "de")]
)
def test_init_refuses_what_is_none(habitue: Habitue, tmp_path: Path, wrong: tuple[str, str]) -> None:
    refused = habitue("init", tmp_path / "shop", *wrong)
    assert refused.returncode == 2
    assert wrong[1] in refused.stderr
    assert not (tmp_path / "shop" / "habitue.toml").exists()


def test_the_workspace_may_be_the_directory_one_is_in_or_a_variable(habitue: Habitue, empty: Path) -> None:
    assert habitue("stages", cwd=empty).returncode == 0
    assert habitue("stages", env={"HABITUE_DATA": str(empty)}).returncode == 0


# --- what comes in --------------------------------------------------------------------------------


def test_import_tells_how_it_read_the_file_and_what_it_refused(
    habitue: Habitue, empty: Path, orders: Path
) -> None:
    report = answer(habitue, empty, "import", orders)
    assert (report["rows"], report["customers"], report["rejected"]) == (3, 2, 1)
    assert report["events"] == {"Order Completed": 2}
    assert report["revenue"] == 32.5
    assert ISO.fullmatch(report["first"])
    assert "2026-02-30" in Path(report["rejects"]).read_text("utf-8-sig")
    said = habitue("import", orders, "--data", empty)
    assert "3 rows read" in said.stdout
    assert "2 events were there already" in said.stdout


def test_a_dry_run_keeps_nothing(habitue: Habitue, empty: Path, orders: Path) -> None:
    assert answer(habitue, empty, "import", orders, "--dry-run")["dry_run"] is True
    assert sum(row["customers"] for row in answer(habitue, empty, "stages")) == 0


def test_any_file_name_will_do(habitue: Habitue, empty: Path, tmp_path: Path) -> None:
    (tmp_path / "-x.csv").write_text(ORDERS, "utf-8")
    assert habitue("import", "--data", empty, "--", "-x.csv", cwd=tmp_path).returncode == 0
    raw = bytes(tmp_path / "strange") + b"\xff\n.csv"
    Path(raw.decode(errors="surrogateescape")).write_text(ORDERS, "utf-8")
    done = habitue("import", raw, "--data", empty, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["known"] == 2


def test_a_mapped_column_may_hold_a_comma(habitue: Habitue, empty: Path, orders: Path) -> None:
    answer(
        habitue,
        empty,
        "import",
        orders,
        "--map",
        'customer=customer,ts=date,revenue=amount,product="label, long"',
    )
    bought = habitue(
        "segment", 'ever("Order Completed", where=props.products.name == "Tea")', "--count", "--data", empty
    )
    assert bought.stdout == "1\n"


@pytest.mark.parametrize(
    "words",
    [
        ("nowhere.csv",),
        ("orders.csv", "--as", "songs"),
        ("orders.csv", "--map", "nonsense"),
        ("orders.csv", "--map", "customer=Nobody"),
        ("orders.csv", "--rate", "USD"),
        ("orders.csv", "--rate", "USD=nan"),
    ],
)
def test_a_wrong_import_is_refused_with_a_reason(
    habitue: Habitue, empty: Path, orders: Path, words: tuple[str, ...]
) -> None:
    refused = habitue("import", *words, "--data", empty, cwd=orders.parent)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("habitue: ")
    assert "Traceback" not in refused.stderr


def test_refresh_goes_up_to_the_instant_asked_for(habitue: Habitue, empty: Path, orders: Path) -> None:
    answer(habitue, empty, "import", orders)
    assert answer(habitue, empty, "refresh", "--now", "2027-01-01T00:00Z")["now"] == "2027-01-01T00:00:00Z"
    assert habitue("refresh", "--now", "soon", "--data", empty).returncode == 2


# --- segments -------------------------------------------------------------------------------------

OFTEN = 'count("Order Completed", within="90d") >= 2'


def test_count_prints_the_number_alone(habitue: Habitue, shop: Path) -> None:
    done = habitue("segment", OFTEN, "--at", UNTIL, "--count", "--data", shop)
    assert re.fullmatch(r"[1-9]\d*\n", done.stdout)
    members = answer(habitue, shop, "segment", OFTEN, "--at", UNTIL)
    assert int(done.stdout) == len(members)
    assert answer(habitue, shop, "segment", OFTEN, "--at", UNTIL, "--count") == {"count": len(members)}


def test_history_is_subject_from_and_to_in_utc(habitue: Habitue, shop: Path) -> None:
    done = habitue("segment", OFTEN, "--history", "--data", shop)
    assert done.stdout.startswith("subject,from,to\n")
    rows = table(done.stdout)
    assert rows
    assert all(ISO.fullmatch(row["from"]) and (not row["to"] or row["from"] < row["to"]) for row in rows)
    now = f"{UNTIL}T12:00:00Z"
    there = [row["subject"] for row in rows if row["from"] <= now and (not row["to"] or row["to"] > now)]
    assert there == [row["customer"] for row in answer(habitue, shop, "segment", OFTEN, "--at", now)]


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


# --- stages ---------------------------------------------------------------------------------------


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


# --- customers ------------------------------------------------------------------------------------


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


# --- its health -----------------------------------------------------------------------------------


def test_rebuild_proves_the_copy_equal(habitue: Habitue, empty: Path, orders: Path) -> None:
    answer(habitue, empty, "import", orders)
    done = answer(habitue, empty, "rebuild")
    assert (done["events"], done["compared"], done["differing"]) == (2, True, [])


def test_doctor_finds_a_new_workspace_sound(habitue: Habitue, empty: Path) -> None:
    assert {row["state"] for row in answer(habitue, empty, "doctor")} <= {"ok", "warn"}


def test_doctor_examines_what_can_not_be_opened(habitue: Habitue, empty: Path) -> None:
    (empty / "ops.sqlite").write_bytes(b"not a database at all" * 200)
    done = habitue("doctor", "--data", empty, "--json")
    assert done.returncode == 2
    found = {row["state"]: row for row in json.loads(done.stdout)}
    assert "ops.sqlite" in found["bad"]["finding"]
    assert found["bad"]["mend"]


def test_doctor_finds_fault_with_an_exit_status(habitue: Habitue, empty: Path, orders: Path) -> None:
    habitue("import", orders, "--data", empty)
    next((empty / "log").glob("*.parquet")).unlink()
    done = habitue("doctor", "--data", empty)
    assert done.returncode == 2
    assert "misses a file" in done.stdout


def test_whoever_comes_first_keeps_the_workspace_while_the_engine_loads(
    habitue: Habitue, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Shop.open

    def late(place: Path, lock: Lock | None = None) -> Shop:
        with pytest.raises(Busy):
            Lock.take(place)
        return real(place, lock)

    monkeypatch.setattr(Shop, "open", late)
    assert habitue("stages", "--data", empty).returncode == 0


# --- the demo shop --------------------------------------------------------------------------------


def test_the_demo_shop_is_made_once(habitue: Habitue, shop: Path) -> None:
    words = ("demo", "--customers", "300", "--no-serve")
    before = answer(habitue, shop, "stages", "--at", UNTIL)
    assert answer(habitue, shop, *words)["people"] == 481
    assert answer(habitue, shop, "stages", "--at", UNTIL) == before


def test_a_demo_shop_whose_making_failed_may_be_another_one(
    habitue: Habitue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise UserError("broken")

    words = ("demo", "--until", UNTIL, "--no-serve", "--data", tmp_path / "shop", "--customers")
    with monkeypatch.context() as patch:
        patch.setattr("habitue.cli.start.parcels", broken)
        assert habitue(*words, "30").returncode == 2
    assert habitue(*words, "20").returncode == 0


@pytest.mark.parametrize("until", ["1950-01-01", "8000-01-01"])
def test_a_demo_shop_of_another_age_is_refused_before_it_is_begun(
    habitue: Habitue, tmp_path: Path, until: str
) -> None:
    refused = habitue("demo", "--until", until, "--no-serve", "--data", tmp_path / "shop")
    assert refused.returncode == 2
    assert "1980" in refused.stderr
    assert not (tmp_path / "shop").exists()


def test_another_seed_needs_another_directory(habitue: Habitue, shop: Path) -> None:
    refused = habitue("demo", "--customers", "300", "--seed", "2", "--no-serve", "--data", shop)
    assert refused.returncode == 2
    assert "--data" in refused.stderr


def test_the_demo_shop_never_mixes_with_data_of_ones_own(habitue: Habitue, empty: Path) -> None:
    refused = habitue("demo", "--no-serve", env={"HABITUE_DATA": str(empty)})
    assert refused.returncode == 2
    assert sum(row["customers"] for row in answer(habitue, empty, "stages")) == 0

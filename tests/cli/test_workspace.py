"""Making a workspace, and its health."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from habitue.app import Busy, Shop
from habitue.store.lock import Lock
from tests.cli.conftest import Habitue, answer


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


@pytest.mark.parametrize("verb", [("init",), ("demo", "--no-serve", "--customers", "20", "--data")])
def test_a_directory_with_other_files_is_left_alone(
    habitue: Habitue, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    (tmp_path / "thesis.doc").write_text("mine")
    refused = habitue(*verb, tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "thesis.doc" in refused.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.doc"]
    place = tmp_path / "new"
    place.mkdir()
    (place / ".DS_Store").touch()
    (place / "lost+found").mkdir()
    assert habitue(*verb, place).returncode == 0


def test_a_workspace_that_lost_its_settings_is_made_again_where_it_is(
    habitue: Habitue, empty: Path, orders: Path
) -> None:
    answer(habitue, empty, "import", orders)
    for lost in empty.glob("ops.sqlite*"):
        lost.unlink()
    (empty / "notes.txt").touch()
    assert habitue("stages", "--data", empty).returncode == 2
    assert habitue("init", empty).returncode == 0
    assert sum(row["customers"] for row in answer(habitue, empty, "stages")) == 2
    (empty / "habitue.toml").unlink()
    (empty / "notes.txt").unlink()
    assert habitue("init", empty).returncode == 0
    assert sum(row["customers"] for row in answer(habitue, empty, "stages")) == 2


def test_the_workspace_may_be_the_directory_one_is_in_or_a_variable(habitue: Habitue, empty: Path) -> None:
    assert habitue("stages", cwd=empty).returncode == 0
    assert habitue("stages", env={"HABITUE_DATA": str(empty)}).returncode == 0


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

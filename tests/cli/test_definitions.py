"""Stage models and segments kept from the command line, in the files and through a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import UNTIL, Habitue, Start, answer, table
from tests.cradle import Cradle

DRAFT = 'kind = "chabry6"\n[settings]\ndormant = "120d"\nlost = "400d"\n'


@pytest.fixture
def demo(habitue: Habitue, tmp_path: Path) -> Path:
    place = tmp_path / "shop"
    words = ("demo", "--data", place, "--customers", "200", "--until", UNTIL, "--no-serve")
    assert habitue(*words).returncode == 0
    return place


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    file = tmp_path / "draft.toml"
    file.write_text(DRAFT, "utf-8")
    return file


def test_what_a_draft_shows_is_what_publishing_makes_live(habitue: Habitue, demo: Path, draft: Path) -> None:
    tried = answer(habitue, demo, "stages", "--at", UNTIL, "--model-file", draft)
    would = habitue("stages", "publish", draft, "transactional", "--dry-run", "--data", demo)
    assert "would be version 2" in would.stdout
    done = habitue("stages", "publish", draft, "transactional", "--by", "ana", "--data", demo)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "Version 2 of “transactional” is live."
    assert done.stdout.splitlines()[1:] == would.stdout.splitlines()[1:]
    assert answer(habitue, demo, "stages", "--at", UNTIL) == tried
    (row, *_) = answer(habitue, demo, "stages", "list")
    assert (row["model"], row["version"], row["since"][:2]) == ("transactional", 2, "20")
    again = habitue("stages", "publish", draft, "transactional", "--data", demo)
    assert "Nothing was changed" in again.stdout
    kept = answer(habitue, demo, "stages", "versions", "transactional")
    assert [(one["version"], one["by"], one["live"]) for one in kept] == [
        (1, "init", None),
        (2, "ana", "yes"),
    ]


def test_the_windows_suggested_go_straight_to_publish(
    habitue: Habitue, cradle: Cradle, demo: Path, tmp_path: Path
) -> None:
    found = answer(habitue, demo, "stages", "suggest")
    suggested = tmp_path / "suggested.toml"
    suggested.write_text(habitue("stages", "suggest", "--toml", "--data", demo).stdout, "utf-8")
    with suggested.open() as toml:
        done = cradle.run("stages", "publish", "-", "--data", demo, stdin=toml.fileno())
    assert (done.returncode, done.stderr) == (0, "")
    settings = answer(habitue, demo, "stages", "versions")[-1]["settings"]
    assert settings == f"dormant = {found['dormant']}d, lost = {found['lost']}d"


def test_a_bad_draft_is_refused_with_all_its_mistakes(habitue: Habitue, demo: Path, draft: Path) -> None:
    draft.write_text('id = "transactional"\nkind = "chabry6"\n[settings]\ndormant = "x"\nlost = "1h"\n')
    refused = habitue("stages", "publish", draft, "--data", demo)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 2)
    assert "Line 4" in refused.stderr
    assert "Line 5" in refused.stderr
    assert len(answer(habitue, demo, "stages", "versions")) == 1


def test_a_segment_is_saved_listed_and_removed(habitue: Habitue, demo: Path) -> None:
    save = ("segments", "save", "vip")
    done = habitue(*save, 'stage("transactional") == "active"', "--data", demo)
    assert (done.returncode, done.stderr) == (0, "")
    said = habitue("segment", "vip", "--count", "--data", demo).stdout.strip()
    assert f": {said} are in it now" in done.stdout
    (row,) = answer(habitue, demo, "segments")
    assert (row["segment"], row["version"], row["rule"]) == ("vip", 1, 'stage("transactional") == "active"')
    changes = habitue(*save, 'stage("transactional") == "lost"', "--dry-run", "--csv", "--data", demo)
    assert [(row["before"], row["after"]) for row in table(changes.stdout)] in (
        [("", "in"), ("in", "")],
        [("in", ""), ("", "in")],
    )
    assert habitue("segments", "save", "two", 'not segment("vip")', "--data", demo).returncode == 0
    refused = habitue("segments", "remove", "vip", "--data", demo)
    assert (refused.returncode, "two" in refused.stderr) == (2, True)
    for name in ("two", "vip"):
        assert habitue("segments", "remove", name, "--data", demo).returncode == 0
    assert answer(habitue, demo, "segments", "list") == []


def test_a_running_server_publishes_too(habitue: Habitue, start: Start, demo: Path, draft: Path) -> None:
    server = start("serve", "--data", demo, "--port", "18420")
    assert server.stdout
    assert "http://" in server.stdout.readline()
    french = ("--language", "fr", "--data", demo)
    done = habitue("stages", "publish", draft, "transactional", *french)
    assert done.stdout.startswith("La version 2 de «\u202ftransactional\u202f» est en vigueur.")
    assert habitue("segments", "save", "vip", 'ever("Order Completed")', *french).returncode == 0
    assert habitue("stages", "restore", "transactional", "1", *french).returncode == 0
    assert answer(habitue, demo, "stages", "list")[0]["version"] == 3
    assert habitue("stages", "remove", "transactional", *french).returncode == 2
    assert server.poll() is None


def test_the_help_of_stages_tells_the_options_of_the_verb_that_may_be_left_out(habitue: Habitue) -> None:
    said = habitue("stages", "--help").stdout
    assert "--model-file" in said
    assert "publish" in said

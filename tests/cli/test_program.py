"""The program as a process: exit statuses, languages, closed pipes, Ctrl-C, and defects."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from habitue.ingest.files.columns import OPTIONS
from tests.cli.conftest import PROGRAM, UNTIL, Habitue, Start
from tests.cradle import Cradle, environment

LATER = "segment", 'ever("Page")', "--history", "--csv"


def test_the_program_makes_a_workspace_takes_orders_and_answers(process: Habitue, tmp_path: Path) -> None:
    orders, place = tmp_path / "orders.csv", tmp_path / "shop"
    orders.write_text("customer,date,amount\nc-1,2026-01-31,12.50\n", "utf-8")
    for words in (
        ("init", place),
        ("import", orders, "--data", place),
        ("refresh", "--data", place),
    ):
        done = process(*words)
        assert (done.returncode, done.stderr) == (0, "")
    counted = process("segment", 'ever("Order Completed")', "--count", "--data", place)
    assert (counted.returncode, counted.stdout, counted.stderr) == (0, "1\n", "")


@pytest.mark.parametrize("words", [("--help",), ("stages", "--help"), ("import", "--help")])
def test_help_speaks_french(habitue: Habitue, words: tuple[str, ...]) -> None:
    said = habitue(*words, env={"LANG": "fr_FR.UTF-8"})
    assert said.returncode == 0
    assert "Afficher ce message." in said.stdout
    assert "Show" not in said.stdout
    assert "Usage" not in said.stdout


@pytest.mark.parametrize("language", ["C", "fr_FR.UTF-8"])
def test_help_of_import_tells_all_that_map_takes_beside_columns(habitue: Habitue, language: str) -> None:
    said = habitue("import", "--help", env={"LANG": language, "COLUMNS": "200"}).stdout
    forms = {form for known in OPTIONS.values() for form in known}
    assert [one for one in ("sheet=", *(f"{name}=" for name in OPTIONS), *forms) if one not in said] == []


def test_a_mistake_is_told_in_the_language_asked_for_or_the_systems(habitue: Habitue) -> None:
    french = "Il n’y a pas de commande"
    assert french in habitue("whoo", env={"LC_ALL": "fr_BE"}).stderr
    assert french not in habitue("whoo").stderr
    assert "Il manque --stage" in habitue("who", "--language", "fr").stderr
    assert (
        "valeur\u00a0: le maximum est 65535" in habitue("serve", "--port", "70000", "--language", "fr").stderr
    )
    assert "n’existe pas" in habitue("stages", "--model-file", "x", "--language", "fr").stderr
    assert "--stage is missing" in habitue("who", "--language=en", env={"LANG": "fr_FR"}).stderr


def test_a_workspace_speaks_its_own_language_where_nobody_asks(habitue: Habitue, tmp_path: Path) -> None:
    place = tmp_path / "shop"
    habitue("init", place, "--language", "fr")
    assert "Étape" in habitue("stages", "--data", place).stdout
    assert "Aucun modèle" in habitue("stages", "nonsense", "--data", place).stderr
    assert "Stage" in habitue("stages", "--data", place, "--language", "en").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("who", "--stage", "lost"), "habitue init"),
        (("who", "--stage", "lost", "--data", "/nowhere"), "/nowhere"),
        (("stage",), "“stages”"),
        (("zzz",), "doctor"),
        (("who", "--stag", "lost"), "--stage"),
        (("segment", "a", "b"), "quotes"),
        (("serve", "--port", "many"), "--port"),
        (("serve", "--port"), "--port"),
        (("serve", "--port", "0"), "the least is 1"),
        (("stages", "--data", ""), "There is no workspace here"),
        (("init", __file__), "test_program.py is a file"),
        (("stages", "--model-file", "nowhere.toml"), "nowhere.toml: there is no such file"),
        (("who", "--stage", "lost", "--language", "de"), "de"),
    ],
)
def test_a_users_mistake_is_one_line_and_status_2(
    habitue: Habitue, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    refused = habitue(*words, cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert told in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_the_version_is_said(habitue: Habitue) -> None:
    assert habitue("--version").stdout.startswith("habitue 0.")


# --- the world outside ----------------------------------------------------------------------------


def test_a_closed_pipe_ends_it_quietly(start: Start, shop: Path) -> None:
    running = start(*LATER, "--data", shop)
    assert running.stdout
    assert running.stderr
    running.stdout.close()
    assert running.stderr.read() == ""
    assert running.wait() == 0


def test_no_standard_output_at_all_is_no_defect(shop: Path) -> None:
    line = '"$0" "$@" >&-'
    words = ["sh", "-c", line, *PROGRAM, *LATER, "--data", str(shop)]
    done = subprocess.run(words, check=False, stderr=subprocess.PIPE, encoding="utf-8", env=environment())
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_told(cradle: Cradle, shop: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = cradle.run(*LATER, "--data", shop, stdout=full.fileno())
    assert done.returncode == 2
    assert done.stderr == "habitue: The disk is full. Free some space and try again.\n"


@pytest.mark.parametrize("form", ["--csv", "--json"])
def test_programs_get_utf_8_whatever_the_terminal(process: Habitue, shop: Path, form: str) -> None:
    words = ("stages", "list", "--data", shop, "--language", "fr")
    narrow = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    assert "réactivation" in process(*words, form, env=narrow).stdout


def test_ctrl_c_ends_a_server_quietly(start: Start, shop: Path) -> None:
    running = start("serve", "--data", shop, "--port", "18300")
    assert running.stdout
    assert "http://127.0.0.1:183" in running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, told = running.communicate()
    assert (running.returncode, told) == (130, "")


def test_ctrl_c_in_an_import_says_that_it_goes_on_where_it_was(
    start: Start, habitue: Habitue, empty: Path, tmp_path: Path
) -> None:
    file = tmp_path / "big.csv"
    many = 120_000  # so that it is held in several parcels
    rows = (f"c{n % 5000},2026-01-{n % 28 + 1:02},{n % 90},n{n}\n" for n in range(many))
    file.write_text("customer,date,amount,order_id\n" + "".join(rows))
    running = start("import", file, "--data", empty)
    running.until(lambda: _begun(empty))
    running.send_signal(signal.SIGINT)
    _, told = running.communicate()
    assert running.returncode == 130
    assert told.count("\n") == 1
    assert "Run the same import again: it goes on where it was" in told
    again = habitue("import", file, "--data", empty, "--json")
    assert (again.returncode, json.loads(again.stdout)["revenue"]) == (
        0,
        f"{sum(n % 90 for n in range(many))}.00",
    )


def _begun(place: Path) -> bool:
    """Whether an import has been written down."""
    with contextlib.closing(sqlite3.connect(place / "ops.sqlite")) as ops:
        return bool(ops.execute("SELECT count(*) FROM import_job").fetchone()[0])


def test_ctrl_c_while_the_demo_is_made_leaves_what_the_next_start_completes(
    start: Start, habitue: Habitue, tmp_path: Path
) -> None:
    place = tmp_path / "shop"
    words = ("demo", "--data", place, "--customers", "1000", "--until", UNTIL, "--no-serve", "--json")
    running = start(*words)
    running.until((place / "habitue.toml").exists)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate()
    assert (running.returncode, told) == (130, "")
    again = habitue(*words)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["people"] == 1000 + 200 + 400 + 1


def test_a_defect_is_one_line_and_a_file(tmp_path: Path, shop: Path) -> None:
    program = "from habitue.cli import desk, main; desk.Desk.do = lambda *_: 1 / 0; main()"
    words = [sys.executable, "-c", program, "stages", "--data", str(shop)]
    quiet, loud = environment(TMPDIR=str(tmp_path)), environment(HABITUE_DEBUG="1")
    told = subprocess.run(words, check=False, capture_output=True, encoding="utf-8", env=quiet)
    assert (told.returncode, told.stdout, told.stderr.count("\n")) == (1, "", 1)
    (report,) = tmp_path.glob("habitue-defect-*.txt")
    assert str(report) in told.stderr
    assert "ZeroDivisionError" in report.read_text("utf-8")
    assert report.stat().st_mode & 0o077 == 0
    shown = subprocess.run(words, check=False, capture_output=True, encoding="utf-8", env=loud)
    assert "Traceback" in shown.stderr


def test_an_empty_address_is_not_every_address(habitue: Habitue, empty: Path) -> None:
    refused = habitue("serve", "--host", "", "--data", empty)
    assert refused.returncode == 2
    assert "--host" in refused.stderr


def test_an_address_that_others_reach_is_warned_of(start: Start, empty: Path) -> None:
    for language, word in (("en", "not encrypted"), ("fr", "Attention")):
        serving = start(
            "serve", "--host", "0.0.0.0", "--port", "18600", "--language", language, "--data", empty
        )
        assert serving.stdout
        assert serving.stderr
        assert "http://0.0.0.0:" in serving.stdout.readline()
        assert word in serving.stderr.readline()
        serving.kill()
        serving.wait()

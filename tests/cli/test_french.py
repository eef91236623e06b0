"""What a French reader sees on the terminal: their words, names and dates; programs get the same as ever."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.conftest import UNTIL, Habitue, answer

ISO_DAY = re.compile(r"\b\d{4}-\d\d(-\d\d)?\b")
DAY = re.compile(r"\b\d\d/\d\d/\d{4}\b")


def french(habitue: Habitue, place: Path, *words: str | Path) -> str:
    done = habitue(*words, "--data", place, env={"LANG": "fr_FR.UTF-8"})
    assert done.returncode == 0
    return done.stdout


def test_dates_are_day_first_on_the_screen_only(habitue: Habitue, shop: Path) -> None:
    (who, *_) = answer(habitue, shop, "who", "--stage", "dormant", "--at", UNTIL)
    asked: list[tuple[str, ...]] = [
        ("who", "--stage", "dormant", "--at", UNTIL),
        ("explain", who["customer"], "--at", UNTIL),
        ("stages", "list"),
        ("stages", "suggest"),
    ]
    for words in asked:
        said = french(habitue, shop, *words)
        assert DAY.search(said)
        assert not ISO_DAY.search(said)
    months = french(habitue, shop, "stages", "--months", "3", "--at", UNTIL)
    assert [line.split()[0] for line in months.splitlines()[1:]] == ["09/2026", "10/2026", "11/2026"]
    for form in ("--csv", "--json"):
        words = ("who", "--stage", "dormant", "--at", UNTIL, form)
        assert french(habitue, shop, *words) == habitue(*words, "--data", shop).stdout


def test_stages_are_called_by_their_names_and_listed_with_them(habitue: Habitue, shop: Path) -> None:
    said = french(habitue, shop, "who", "--stage", "dormant", "--at", UNTIL)
    assert "Client perdu" in said
    assert " lost " not in said
    refused = habitue("who", "--stage", "foo", "--data", shop, "--language", "fr")
    assert "dormant (Client dormant)" in refused.stderr
    assert "dormant (Dormant customer)" in habitue("who", "--stage", "foo", "--data", shop).stderr


def test_an_import_is_told_in_french(habitue: Habitue, empty: Path, orders: Path) -> None:
    said = french(habitue, empty, "import", orders)
    assert "lu comme commandes" in said
    assert "dates année d’abord" in said
    assert "du 31/01/2026 au 01/02/2026" in said


def test_why_denies_a_single_condition_in_one_line(habitue: Habitue, shop: Path) -> None:
    (who, *_) = answer(habitue, shop, "who", "--stage", "dormant", "--at", UNTIL)
    said = french(habitue, shop, "explain", who["customer"], "--at", UNTIL)
    assert "pas ceci" not in said
    assert "depuis qu’ils ont passé leur dernière commande" in said

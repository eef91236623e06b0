"""Duplicates on the command line: looked for, read, merged, kept apart and taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Habitue, answer

CUSTOMERS = """customer,first name,last name,email,phone,postcode,city
c-1,Marie,Lefèvre,marie.lefevre@exemple.fr,06 39 98 12 34,69003,Lyon
c-2,Lefevre,Marie,,+33639981234,69003,LYON
c-3,Paul,Lefèvre,,06 39 98 12 34,69003,Lyon
c-4,M.,Lefevre,marie.lefevr@exemple.fr,,69003,Lyon
c-5,Ada,Moreau,ada@exemple.fr,,29200,Brest
"""


@pytest.fixture
def shop(habitue: Habitue, empty: Path, tmp_path: Path) -> Path:
    file = tmp_path / "customers.csv"
    file.write_text(CUSTOMERS, "utf-8")
    done = habitue("import", file, "--as", "customers", "--data", empty)
    assert done.returncode == 0, done.stderr
    return empty


def test_pairs_are_found_and_settled(habitue: Habitue, shop: Path) -> None:
    nothing = habitue("duplicates", "--data", shop)
    assert "habitue duplicates --find" in nothing.stderr
    found = habitue("duplicates", "--find", "--data", shop, "--language", "fr")
    assert found.returncode == 0, found.stderr
    assert "prénom et nom intervertis" in " ".join(found.stdout.split())
    pairs = answer(habitue, shop, "duplicates", "--least", "0.5")
    [swapped] = [one for one in pairs if (one["customer"], one["other"]) == ("user:c-1", "user:c-2")]
    assert swapped["agree"].startswith("the same name, first and last name swapped · the same phone number")
    number = str(swapped["pair"])
    made = answer(habitue, shop, "duplicates", "merge", number, "--by", "ada")
    assert {"user:c-1", "user:c-2"} <= set(made["keys"])
    [first, *_] = answer(habitue, shop, "identities")
    assert (first["by"], first["act"]) == ("ada", "merged")
    [settled] = answer(habitue, shop, "duplicates", "--settled")
    assert (settled["outcome"], settled["by"]) == ("merged", "ada")
    assert (settled["customer"], settled["other"]) == ("user:c-1", "user:c-2")
    answer(habitue, shop, "duplicates", "undo", number)
    answer(habitue, shop, "duplicates", "dismiss", number)
    again = answer(habitue, shop, "duplicates", "--least", "0.5")
    assert number not in [str(one["pair"]) for one in again]
    twice = habitue("duplicates", "merge", number, "--data", shop)
    assert (twice.returncode, "settled already" in twice.stderr) == (2, True)
    assert habitue("duplicates", "merge", "999", "--data", shop).returncode == 2

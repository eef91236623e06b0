"""Journeys on the command line: checked, kept, exported, compared."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Habitue, answer
from tests.journeys.test_reading import CART

SOUND = CART.replace('segment("vip")', 'stage("transactional") == "active"')


def test_a_journey_is_checked_kept_exported_and_compared(
    habitue: Habitue, empty: Path, tmp_path: Path
) -> None:
    file = tmp_path / "cart.toml"
    file.write_text(SOUND.replace('"active"', '"actve"'))
    done = habitue("journeys", "check", file, "--data", empty)
    assert done.returncode == 2
    assert "which.vip.when: Column 27: The model has no stage “actve”. Did you mean “active”?" in done.stderr
    file.write_text(SOUND)
    assert answer_of(habitue, empty, "check", file)["steps"] == 4
    assert answer_of(habitue, empty, "save", file)["version"] == 1
    assert answer_of(habitue, empty, "save", file)["version"] == 1
    exported = habitue("journeys", "export", "cart", "--data", empty).stdout
    file.write_text(exported.replace('"1h"', '"2h"'))
    assert answer_of(habitue, empty, "save", file)["version"] == 2
    said = habitue("journeys", "diff", "cart", "--data", empty).stdout
    assert '-length = "1h"\n+length = "2h"' in said
    shown = habitue("journeys", "show", "cart", "--data", empty)
    assert "0 are inside; 0 came in over 30 days." in shown.stderr + shown.stdout
    (listed,) = answer(habitue, empty, "journeys", "list")
    assert (listed["journey"], listed["version"], listed["live"]) == ("cart", 2, None)


def answer_of(habitue: Habitue, place: Path, verb: str, file: Path) -> dict[str, object]:
    """The verb's answer; what it says of names never seen is beside it."""
    done = habitue("journeys", verb, file, "--data", place, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found

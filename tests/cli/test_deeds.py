from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tests.cli.conftest import Habitue


def test_the_record_says_who_did_what_and_whether_somebody_meddled(habitue: Habitue, tmp_path: Path) -> None:
    place = tmp_path / "shop"
    assert habitue("init", place).returncode == 0
    rule = 'count("Order Completed") >= 2'
    assert habitue("segments", "save", "often", rule, "--by", "ana", "--data", place).returncode == 0
    (last, *_) = json.loads(habitue("acts", "--json", "--data", place).stdout)
    assert (last["by"], last["act"], last["about"]) == ("ana", "publish", "segment:often")
    told, said = (getattr(habitue("acts", "--data", place), name) for name in ("stdout", "stderr"))
    assert "ana" in told
    assert "Every line is as it was written." in told + said
    ops = sqlite3.connect(place / "ops.sqlite")
    with ops:
        ops.execute("""UPDATE audit SET "by" = 'mallory' WHERE id = ?""", (last["number"],))
    ops.close()
    again = habitue("acts", "--data", place)
    assert f"Line {last['number']} is not as it was written" in (again.stdout + again.stderr)
    assert again.returncode == 2
    found = habitue("doctor", "--data", place)
    assert (found.returncode, f"from line {last['number']} on" in found.stdout) == (2, True)

"""Killed at any step of undoing an import: it is either not undone, or the next opening finishes it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

from habitue.app import Shop
from tests.cradle import Cradle

ORDERS: Final = "customer,date,order_id,amount\nc1,2026-01-05,o1,10\nc2,2026-01-06,o2,20\n"


def undone(cradle: Cradle, place: Path, die_at: int) -> tuple[int, str]:
    done = cradle.run(place, str(die_at), module="tests.faults.undoer")
    return done.returncode, done.stdout


@pytest.mark.long
def test_an_undoing_that_is_killed_anywhere_is_done_wholly_or_not_at_all(
    cradle: Cradle, tmp_path: Path
) -> None:
    whole, file = tmp_path / "whole", tmp_path / "orders.csv"
    file.write_text(ORDERS)
    with Shop.create(whole) as shop:
        shop.import_file(file)
    shutil.copytree(whole, tmp_path / "measured")
    status, said = undone(cradle, tmp_path / "measured", 0)
    assert status == 0
    steps = int(said)
    for die_at in range(2, steps + 1, 2):
        place = tmp_path / f"killed{die_at}"
        shutil.copytree(whole, place)
        assert undone(cradle, place, die_at)[0] == -9
        with Shop.open(place) as shop:
            gone = shop.import_job(1).undone is not None
            assert gone == bool(shop.log.retracted()), die_at
            assert gone or die_at <= 2, die_at  # once it is in the log
            count = shop.warehouse.read("SELECT count(*) AS n FROM event")["n"][0].as_py()
            assert count == (0 if gone else 2), die_at
            assert len([one for one in shop.deeds() if one.act == "undo import"]) == gone
            assert shop.rebuild().differing == (), die_at
        shutil.rmtree(place)
    assert steps >= 6

"""Killed at any step of an erasure: the next opening goes on with it, and nothing is half done."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from habitue.app import Shop
from habitue.kernel.clock import DAY, instant
from tests.cradle import Cradle
from tests.faults.eraser import LEAVING
from tests.ingest.stores import parcel
from tests.store.test_log import written

START: Final = instant("2026-01-01")
KILLS: Final = 5
"""Of all the steps so many, spread evenly."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with those who leave, two of them one, and others."""
    place = tmp_path_factory.mktemp("whole") / "shop"
    with Shop.create(place, now=START) as shop:
        events: list[dict[str, Any]] = [
            {"key": f"user:{who}{n}", "ts": START + n * DAY, "also": [f"email:{who}{n}@b.fr"], "props": props}
            for who in ("vanishes", "stays")
            for n in range(6)
            for props in (json.dumps({"revenue": 12.34, "note": f"{who}{n}"}),)
        ]
        shop.put([parcel("first", *events[:7]), parcel("second", *events[7:])], START)
        shop.refresh(START)
        shop.merge("vanishes1", "vanishes2", "ada", "vanishes1 called", START)
    return place


def erased(cradle: Cradle, place: Path, die_at: int) -> tuple[int, str]:
    done = cradle.run(place, str(die_at), module="tests.faults.eraser")
    return done.returncode, done.stdout


def figures(shop: Shop) -> list[Any]:
    sql = "SELECT ts::DATE AS day, sum(revenue) AS r, count(*) AS n FROM event GROUP BY ALL ORDER BY 1"
    counts = [shop.stages().counts(START + day * DAY) for day in range(0, 600, 60)]
    return [shop.warehouse.read(sql).to_pylist(), counts]


@pytest.mark.long
def test_an_erasure_that_is_killed_anywhere_is_finished_by_the_next_opening(
    cradle: Cradle, tmp_path: Path, whole: Path
) -> None:
    shutil.copytree(whole, tmp_path / "measured")
    status, said = erased(cradle, tmp_path / "measured", 0)
    assert status == 0
    large, small = map(int, said.split())
    points = [*range(1, large + 1), *(1000 + n for n in range(1, small + 1))]
    with Shop.open(tmp_path / "measured") as shop:
        expected = figures(shop)
    kills = 0
    for die_at in points[:: max(1, len(points) // KILLS)]:
        place = tmp_path / f"killed{die_at}"
        shutil.copytree(whole, place)
        kills += erased(cradle, place, die_at)[0] == -9
        with Shop.open(place) as shop:
            asked = shop.erasures()
            if not asked:
                assert shop.customer("vanishes1").profile.key == "user:vanishes1"
                shop.erase(LEAVING, "ada")
            assert [(one.people, one.plan, one.done is None) for one in shop.erasures()] == [(5, None, False)]
            assert figures(shop) == expected, die_at
            assert shop.rebuild().differing == (), die_at
            assert shop.customer("stays1").profile.key == "user:stays1"
        assert "vanishes" not in written(place), die_at
        shutil.rmtree(place)
    print(f"{kills} kills of {len(points)} steps")
    assert kills >= KILLS // 2

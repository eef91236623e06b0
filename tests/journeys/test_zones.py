"""The workspace's clock is set otherwise: whoever has their day comes in once, whichever way it goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from habitue.app import Shop
from habitue.app.settings import Settings
from habitue.journeys.reading import read
from habitue.kernel.clock import DAY, HOUR, instant
from habitue.store import runs
from tests.journeys.scene import Told, go, tell

DAYS = {
    "birthday": {"is": "date", "trait": "birthday", "time": "02:30"},
    "renewal": {"is": "date", "trait": "renewal", "offset": "-60d", "yearly": False},
    "monday": {"is": "schedule", "rule": "trait.birthday != None", "time": "09:00", "days": ["mon"]},
}
LIVE = instant("2026-10-20T00:00Z")
NIGHT = instant("2026-10-25T00:00Z")
"""The day on which clocks go back in Paris: 02:30 comes twice."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Shop.create(tmp_path / "shop", Settings(timezone="Europe/Paris"), now=LIVE - DAY) as made:
        told: list[Told] = [
            ("user:a", "$identify", LIVE - DAY, {"birthday": "1990-10-25", "renewal": "2026-12-24"}),
            ("user:b", "$identify", LIVE - DAY, {"birthday": "1985-10-26", "renewal": "2026-12-25"}),
            ("user:c", "$identify", LIVE - DAY, {"birthday": "1985-10-25", "timezone": "Asia/Tokyo"}),
        ]
        tell(made, LIVE - DAY, *told)
        made.refresh(LIVE)
        for name, entry in DAYS.items():
            steps = [
                {"id": "local", "is": "clock", "time": "09:00"},
                {"id": "done", "is": "tag", "tag": name},
            ]
            made.publish_journey(read({"id": name, "entry": entry, "steps": steps})[0], "test", LIVE)
        yield made


@pytest.mark.parametrize(
    ("other", "turn"),
    [("Pacific/Kiritimati", NIGHT - 3 * HOUR), ("America/New_York", NIGHT + 2 * HOUR)],
)
def test_each_comes_in_once_whatever_becomes_of_the_clock(shop: Shop, other: str, turn: int) -> None:
    go(shop, turn)
    shop.set_sending_rules(shop.sending_rules(), "test", turn)
    shop.configure(other, "en", "test", turn)
    assert shop.sending_rules().zone == other
    for hours in (1, 8, 30, 72, 96):
        go(shop, turn + hours * HOUR)
    with shop.ops.read() as tx:
        came = sorted((row.journey, row.cause) for row in runs.of(tx, range(100)))
        open_ = [row for row in runs.of(tx, range(100)) if row.ended is None]
    causes = {name: [cause for journey, cause in came if journey == name] for name in DAYS}
    day = NIGHT // DAY
    assert causes["birthday"] == [f"date:{day}", f"date:{day}", f"date:{day + 1}"]
    assert causes["renewal"] == [f"date:{day}", f"date:{day + 1}"]
    assert causes["monday"] == [f"schedule:{day + 1}"] * 3
    assert open_ == []


def test_a_customer_who_moves_comes_in_once_whichever_way(shop: Shop) -> None:
    east, west = {"timezone": "Asia/Tokyo"}, {"time_zone": "America/New_York", "timezone": None}
    go(shop, NIGHT - HOUR)
    # In Paris it is not half past two yet, in Tokyo it was hours ago; c has had their day there already.
    go(shop, NIGHT, ("user:a", "$identify", NIGHT, east), ("user:c", "$identify", NIGHT, west))
    # Whoever says only now that it was their day is not congratulated behind time.
    go(shop, NIGHT + 3 * HOUR)
    late = {"birthday": "1990-10-25", **east}
    go(shop, NIGHT + 4 * HOUR, ("user:d", "$identify", NIGHT + 4 * HOUR, late))
    go(shop, NIGHT + 20 * HOUR)
    with shop.ops.read() as tx:
        came = sorted(row.person for row in runs.of(tx, range(100)) if row.journey == "birthday")
    assert came == sorted(shop.person(f"user:{one}") for one in "ac")

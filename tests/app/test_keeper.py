"""Keeping a served workspace fresh."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from habitue.app import Shop
from habitue.app.keeper import Keeper

LONG = 3600.0


def test_what_arrives_is_taken_in_at_once_and_not_at_the_next_look(tmp_path: Path) -> None:
    done = Event()
    with Shop.create(tmp_path / "shop") as shop:
        refresh = shop.refresh

        def told() -> object:
            found = refresh()
            done.set()
            return found

        shop.refresh = told  # type: ignore[method-assign, assignment]
        keeper = Keeper(shop, pause=LONG, pace=0)
        keeper.start()
        keeper.wake()
        assert done.wait(60)
        keeper.stop()
        assert not keeper.is_alive()

"""Keeps a served workspace fresh: takes in what arrives, and tells what time alone changes."""

from __future__ import annotations

import logging
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from habitue.kernel.errors import UserError

if TYPE_CHECKING:
    from habitue.app.shop import Shop

PAUSE: Final = 30.0
"""Seconds between two looks."""

_LOG: Final = logging.getLogger("habitue")


class Keeper(Thread):
    """Refreshes again and again until `stop`; a store that is down is tried again at the next turn."""

    def __init__(self, shop: Shop, pause: float = PAUSE) -> None:
        super().__init__(name="keeper", daemon=True)
        self._shop = shop
        self._pause = pause
        self._over = Event()

    def run(self) -> None:
        while not self._over.wait(self._pause):
            try:
                self._shop.refresh()
            except UserError as error:
                _LOG.warning("%s", error)

    def stop(self) -> None:
        """End after the refresh under way, if there is one."""
        self._over.set()
        self.join()

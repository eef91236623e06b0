"""Keeps a served workspace fresh: takes in what arrives, and tells what time alone changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from habitue.kernel.errors import UserError

if TYPE_CHECKING:
    from habitue.app.shop import Shop

PAUSE: Final = 30.0
"""Seconds between two looks when nothing arrives."""

PACE: Final = 0.5
"""And at least between two in any case: what arrives together is taken in together."""

_LOG: Final = logging.getLogger("habitue")


class Keeper(Thread):
    """Refreshes when woken and now and then, until `stop`; a store that is down is tried again.

    After each round those who are `told` hear that something may be there to be sent.
    """

    def __init__(
        self, shop: Shop, pause: float = PAUSE, pace: float = PACE, told: Sequence[Callable[[], None]] = ()
    ) -> None:
        super().__init__(name="keeper", daemon=True)
        self._shop = shop
        self._pause = pause
        self._pace = pace
        self._told = told
        self._news = Event()
        self._over = Event()

    def run(self) -> None:
        while not self._over.wait(self._pace):
            self._news.wait(self._pause)
            if self._over.is_set():
                return
            self._news.clear()
            try:
                self._shop.refresh()
                self._shop.attend()
                for tell in self._told:
                    tell()
            except UserError as error:
                _LOG.warning("%s", error)
            except Exception:  # noqa: BLE001  a keeper that is gone keeps nothing fresh ever again
                _LOG.exception("A refresh failed; it is tried again.")

    def wake(self) -> None:
        """Something has arrived."""
        self._news.set()

    def stop(self) -> None:
        """End after the refresh under way, if there is one."""
        self._over.set()
        self._news.set()
        self.join()

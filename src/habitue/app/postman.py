"""Sends what is due while a workspace is served: a thread for each lane, so that none waits for another."""

from __future__ import annotations

import logging
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from habitue.kernel.errors import UserError

if TYPE_CHECKING:
    from habitue.app.shop import Shop

PAUSE: Final = (0.5, 2.0)
"""Seconds between two looks, by lane, when nothing was due and nobody woke it: what customers wait for is
looked for often.
"""

BROKEN: Final = 10.0
"""And after something went wrong."""

_LOG: Final = logging.getLogger("habitue")


class Postman(Thread):
    """Sends one lane until `stop`; what goes wrong is told and tried again."""

    def __init__(self, shop: Shop, lane: int) -> None:
        super().__init__(name=f"postman-{lane}", daemon=True)
        self._shop, self._lane = shop, lane
        self._over, self._news = Event(), Event()
        self._sender = shop.outgoing(lane)

    def run(self) -> None:
        while not self._over.is_set():
            self._news.clear()
            try:
                if not self._sender.round():
                    self._news.wait(PAUSE[self._lane])
            except UserError as error:
                _LOG.warning("%s", error)
                self._over.wait(BROKEN)
            except Exception:  # noqa: BLE001  a postman that is gone sends nothing ever again
                _LOG.exception("Sending failed; it is tried again.")
                self._over.wait(BROKEN)

    def wake(self) -> None:
        """Something may be due."""
        self._news.set()

    def stop(self) -> None:
        """End after what is under way; ask both before you wait for one."""
        self._sender.stop()
        self._over.set()
        self._news.set()

    def left(self) -> None:
        """Wait until it is gone."""
        self.join()
        self._sender.close()

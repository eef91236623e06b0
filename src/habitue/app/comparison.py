"""A comparison of all customers, beside what else a shop does: it takes minutes where there are many."""

from __future__ import annotations

import logging
from threading import Lock, Thread
from typing import Final

from habitue.app.duplicates import Alike
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

_LOG: Final = logging.getLogger("habitue")
_BEGINNING: Final = N_("Reading customers")
_FAILED: Final = N_("The comparison failed; the server's log says why. The list is as it was.")


class Comparison:
    """One at a time; `doing` says what it is at, `wrong` why the last one failed."""

    def __init__(self, shop: Alike) -> None:
        self.doing: str | None = None
        self.wrong: UserError | None = None
        self._shop = shop
        self._beginning = Lock()

    def begin(self) -> None:
        """Compare, unless that is under way."""
        with self._beginning:
            if self.doing is None:
                self.doing, self.wrong = _BEGINNING, None
                Thread(target=self._run, name="comparison", daemon=True).start()

    def _run(self) -> None:
        try:
            self._shop.find_duplicates(told=self._told)
        except UserError as error:
            self.wrong = error
        except Exception:  # noqa: BLE001  who waits on a page must be told
            _LOG.exception("Customers could not be compared.")
            self.wrong = UserError(_FAILED)
        finally:
            self.doing = None

    def _told(self, step: str, *_: int) -> None:
        self.doing = step

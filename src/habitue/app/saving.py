"""Segments being saved: a whole history takes a while, and nobody's browser need wait for it."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from secrets import token_urlsafe
from threading import Thread
from typing import Any, Final

from habitue.app.imports import Told
from habitue.app.publishing import Published
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

_KEPT: Final = 50
_LOG: Final = logging.getLogger("habitue")
_FAILED: Final = N_("It could not be saved; the server's log says why. What you wrote is still here.")


class Saving:
    """One segment on its way: `made` or `wrong` once it is over, until then how far its `step` has come.

    `given` is what was sent, so that nothing is lost where it fails.
    """

    def __init__(self, name: str, given: Any, make: Callable[[Told], Published]) -> None:
        self.name = name
        self.given = given
        self.step = ""
        self.share: float | None = None
        self.made: Published | None = None
        self.wrong: UserError | None = None
        self._make = make
        self._thread = Thread(target=self._run, name="saving", daemon=True)
        self._thread.start()

    def over(self, patience: float = 0.0) -> bool:
        """Whether it is saved or has failed, within so many seconds."""
        self._thread.join(patience)
        return self.made is not None or self.wrong is not None

    def _run(self) -> None:
        try:
            self.made = self._make(self._told)
        except UserError as error:
            self.wrong = error
        except Exception:  # noqa: BLE001  who waits on a page must be told
            _LOG.exception("A segment could not be saved.")
            self.wrong = UserError(_FAILED)

    def _told(self, step: str, done: int, total: int) -> None:
        self.step, self.share = step, done / total if total else None


class Savings:
    """The last ones, each under a name that nobody guesses."""

    def __init__(self) -> None:
        self._all: OrderedDict[str, Saving] = OrderedDict()

    def begin(self, name: str, given: Any, make: Callable[[Told], Published]) -> tuple[str, Saving]:
        """Begin to save; under which name it can be looked at."""
        token, one = token_urlsafe(12), Saving(name, given, make)
        self._all[token] = one
        while len(self._all) > _KEPT:
            self._all.popitem(last=False)
        return token, one

    def get(self, token: str) -> Saving | None:
        return self._all.get(token)

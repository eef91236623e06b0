"""Drafts laid beside what is live, and publications: both beside what else a shop does, for they take time.

A small part of the customers is looked at first, which takes half a second however many there are; then all.
Nothing is written: who stops looking leaves nothing behind.
"""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from hashlib import blake2b
from threading import Event, Lock, Thread
from typing import Final

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from habitue.app.publishing import Published
from habitue.app.shop import Shop
from habitue.engine.beside import beside
from habitue.engine.fold import stretches
from habitue.kernel.clock import DAY, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.period import day_of, previous
from habitue.metrics.contrast import Contrast, Counting
from habitue.stages.kept import Kept, Made
from habitue.stages.models import Model
from habitue.stages.overview import MONTHS
from habitue.stages.suggest import Suggestion, latest, suggest
from habitue.stages.versions import same

ROUGHLY: Final = 10_000
"""So many customers are enough for an estimate; where there are no more it is the whole truth."""

QUIET: Final = 60 * DAY
"""Where nothing has happened for so long, one looks at the shop as it was then."""

_KEPT: Final = 8
_CORES: Final = max(1, (os.cpu_count() or 1) // 2)
"""The others stay free for whoever is reading meanwhile."""

_LOG: Final = logging.getLogger("habitue")
_FAILED: Final = N_("The draft could not be worked out; the server's log says why. Nothing was changed.")
_UNPUBLISHED: Final = N_("The draft could not be published; the server's log says why. It is still there.")


class Trial:
    """A draft beside its live model: `rough` of some customers, then `exact` of all, or `wrong`.

    `done` batches of `total` are; `at` is the instant at which it is asked who stands where.
    """

    def __init__(self, live: Model, draft: Model, at: Micros, zone: str, now: Micros) -> None:
        self.live = live
        self.draft = draft
        self.at = at
        self.begun = now
        before, *self.months = previous(day_of(at, zone), MONTHS + 1)
        self.ends = [one.span(zone, at).after for one in (before, *self.months)]
        self.done = self.total = 0
        self.rough: Contrast | None = None
        self.exact: Contrast | None = None
        self.wrong: UserError | None = None
        self.first = Event()
        """Set when there is something to be seen."""
        self.over = Event()
        self.stopped = Event()

    @property
    def seen(self) -> Contrast | None:
        """The best there is."""
        return self.exact or self.rough

    def stop(self) -> None:
        """Go no further: nobody wants to know any more."""
        self.stopped.set()

    def run(self, shop: Shop, turn: Lock) -> None:
        """Work it out; one at a time looks at everybody."""
        try:
            self._run(shop, turn)
        except UserError as error:
            self.wrong = error
        except Exception:  # noqa: BLE001  who waits on a page must be told
            _LOG.exception("A draft could not be worked out.")
            self.wrong = UserError(_FAILED)
        finally:
            self.first.set()
            self.over.set()

    def _run(self, shop: Shop, turn: Lock) -> None:
        subject, read = self.draft.subject, shop.warehouse.read
        whole = int(read(f"SELECT count(*) FROM {subject}").column(0)[0].as_py())
        if whole > ROUGHLY:
            self.rough = self._looked(shop, stretches(subject, read, ROUGHLY), whole)
            self.first.set()
        with turn:
            self.exact = self._looked(shop, stretches(subject, read), whole, exact=True)

    def _looked(
        self, shop: Shop, some: list[tuple[int, int]], whole: int, *, exact: bool = False
    ) -> Contrast | None:
        counting = Counting(
            self.ends, (len(self.live.stages), len(self.draft.stages)), whole, _alike(self.live, self.draft)
        )
        definition = replace(self.draft, version=-1).definition()
        for done, both in enumerate(
            beside(shop.warehouse, self.live.version, definition, shop.known(), some, _CORES), start=1
        ):
            counting.add(both)
            if exact:
                self.done, self.total = done, len(some)
            if self.stopped.is_set():
                return None
        return counting.found(exact)


def _alike(live: Model, draft: Model) -> NDArray[np.bool_]:
    """Which places of the two are the same stage: the one of no stage is 0."""
    old, new = (["", *(stage.id for stage in model.stages)] for model in (live, draft))
    return np.array([[one == other for other in new] for one in old], np.bool_)


class Publication:
    """A draft going live: `step` says what it is at, then `published` or `wrong` what came of it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.step: str | None = None
        self.done = self.total = 0
        self.published: Published | None = None
        self.wrong: UserError | None = None
        self.over = Event()

    def run(self, shop: Shop, model: Model, by: str, now: Micros) -> None:
        """Publish it."""
        try:
            self.published = shop.publish_draft(model, self.number, by, now, self._told)
        except UserError as error:
            self.wrong = error
        except Exception:  # noqa: BLE001  who waits on a page must be told
            _LOG.exception("A draft could not be published.")
            self.wrong = UserError(_UNPUBLISHED)
        finally:
            self.over.set()

    def _told(self, step: str, done: int = 0, total: int = 0) -> None:
        self.step, self.done, self.total = step, done, total


class Trials:
    """The latest trials of a shop, and what is being published."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._trials: OrderedDict[str, Trial] = OrderedDict()
        self._last: dict[int, str] = {}
        self._publications: dict[int, Publication] = {}
        self._suggestion = Kept[str, Suggestion](lambda: shop.generation, 1, rest=600)
        self._lock = Lock()
        self._turn = Lock()

    def of(self, number: int, live: Model, draft: Model, now: Micros, fresh: bool = False) -> Trial | None:
        """The trial of a sound draft, begun unless it was before; what it was before its last change is
        looked at no longer. None where the draft means what is live."""
        if same(live, draft):
            return None
        key = blake2b(msgspec.json.encode([live.version, draft]), digest_size=16).hexdigest()
        with self._lock:
            self._stop(number, key)
            trial = self._trials.get(key)
            if trial is None or fresh or trial.stopped.is_set() or trial.wrong:
                trial = self._trials[key] = self._begun(live, draft, now)
            self._trials.move_to_end(key)
            while len(self._trials) > _KEPT:
                self._trials.popitem(last=False)[1].stop()
        return trial

    def forget(self, number: int) -> None:
        """A draft is gone: what is being worked out of it is not wanted."""
        with self._lock:
            self._stop(number, None)

    def publish(self, model: Model, number: int, by: str, now: Micros) -> Publication:
        """Publish a draft, unless that is under way."""
        with self._lock:
            running = self._publications.get(number)
            if running is None or running.over.is_set():
                running = self._publications[number] = Publication(number)
                args = (self._shop, model, by, now)
                Thread(target=running.run, args=args, name="publication", daemon=True).start()
        return running

    def proposed(self, model: Model, now: Micros) -> dict[str, int]:
        """The windows, in days, that the shop's own rhythm proposes for a model that has them; none while
        they are worked out, or where there are too few orders to tell."""
        if model.subject != "person" or not {"dormant", "lost"} <= set(model.kind.parameters):
            return {}

        def read(_: bool) -> Made[Suggestion]:
            generation = self._shop.generation
            return Made(suggest(self._shop.warehouse, latest(self._shop.warehouse, now)), generation, now)

        found = self._suggestion.glance("", now, None, read, 0.2)
        if found is None or not found.value.enough:
            return {}
        return {"dormant": found.value.dormant, "lost": found.value.lost}

    def publication(self, number: int) -> Publication | None:
        """What became of publishing a draft; None where nobody tried."""
        return self._publications.get(number)

    def _stop(self, number: int, key: str | None) -> None:
        former = self._last.pop(number, None)
        if former not in (None, key) and former not in self._last.values() and former in self._trials:
            trial = self._trials[former]
            if not trial.over.is_set():
                trial.stop()
        if key is not None:
            self._last[number] = key

    def _begun(self, live: Model, draft: Model, now: Micros) -> Trial:
        latest: int | None = (
            self._shop.warehouse.read("SELECT epoch_us(max(ts)) FROM event").column(0)[0].as_py()
        )
        at = latest if latest is not None and latest < now - QUIET else now
        trial = Trial(live, draft, at, self._shop.settings.timezone, now)
        Thread(target=trial.run, args=(self._shop, self._turn), name="trial", daemon=True).start()
        return trial

"""How many customers a rule means, while it is being written: at once from a sample, then exactly."""

from __future__ import annotations

import logging
from collections import OrderedDict
from threading import Lock, Thread
from time import monotonic
from typing import Final

from msgspec import Struct

from habitue.app.workspace import Workspace
from habitue.engine.estimate import Sample, estimate, sample
from habitue.engine.plan import Definition
from habitue.engine.replay import Preview, preview
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.rules.nodes import Rule
from habitue.rules.text import write
from habitue.stages.kept import Kept, Made

AT_ONCE: Final = 0.3
"""Seconds that an exact answer may take to be waited for."""

SMALL: Final = 3_000_000
"""Of so many events an exact answer may come at once."""

_PATIENCE: Final = 8.0
"""Seconds after which nobody waits for an answer that is not asked for again."""

_KEPT: Final = 32
_SOME: Final = 10
_LOG: Final = logging.getLogger("habitue")


class Counted(Struct, frozen=True):
    """So many of the `whole` base satisfy a rule now, `low` to `high` 95 times in 100; and some of them.

    `days` are the sizes of the last year, day by day, once the number is exact.
    """

    count: int
    low: int
    high: int
    whole: int
    some: tuple[int, ...]
    days: tuple[int, ...] = ()

    @property
    def exact(self) -> bool:
        return bool(self.days) or self.low == self.high


class _Given_up(Exception):  # noqa: N801  it never leaves this file
    """Nobody asks for the answer any more."""


class Counting:
    """Counts drafts of one shop; one exact count is under way at a time, and only while it is asked for."""

    def __init__(self, shop: Workspace) -> None:
        self._shop = shop
        self._sample = Kept[str, Sample](lambda: shop.generation, 1)
        self._done: OrderedDict[tuple[int, str], Preview] = OrderedDict()
        self._asked: dict[str, float] = {}
        self._doing: dict[str, Thread] = {}
        self._lock, self._turn = Lock(), Lock()
        shop.forgetting.append(self.forget)

    def forget(self) -> None:
        """Keep nobody's events: somebody was erased."""
        self._sample.forget()

    def quick(self, rule: Rule, now: Micros) -> Counted:
        """What is known at once: exact where that was counted already or is quick, else from the sample."""
        found = self.exact(rule, now, AT_ONCE) if self._small() else self._exact(write(rule))
        if isinstance(found, Counted):
            return found
        drawn = self._sample.get("", now, None, self._draw, wait=True).value
        about = estimate(rule, drawn, self._shop.known(), now, self._shop.warehouse.read)
        some = tuple(int(one) for one in about.some[:_SOME])
        return Counted(about.count, about.low, about.high, about.whole, some)

    def exact(self, rule: Rule, now: Micros, patience: float = 0.0) -> Counted | None:
        """The exact answer if there is one within `patience`; it goes on being counted while asked for."""
        text = write(rule)
        if found := self._exact(text):
            return found
        with self._lock:
            self._asked[text] = monotonic()
            thread = self._doing.get(text)
            if thread is None:
                thread = Thread(target=self._count, args=(rule, text, now), daemon=True, name="counting")
                self._doing[text] = thread
                thread.start()
        thread.join(patience)
        return self._exact(text)

    def _exact(self, text: str) -> Counted | None:
        found = self._done.get((self._shop.generation, text))
        if found is None:
            return None
        some = tuple(int(one) for one in found.sample[:_SOME])
        days = tuple(found.sizes.tolist())
        return Counted(found.count, found.count, found.count, self._whole(), some, days)

    def _count(self, rule: Rule, text: str, now: Micros) -> None:
        try:
            with self._turn:
                self._wanted(text)
                draft = Definition(-1, "segment", "draft", "person", ("in",), (rule,))
                found = preview(
                    self._shop.warehouse,
                    draft,
                    self._shop.known(),
                    now,
                    progress=lambda *_: self._wanted(text),
                )
                # A refresh on the way is seconds of news: who has waited is told all the same.
                self._done[self._shop.generation, text] = found
                while len(self._done) > _KEPT:
                    self._done.popitem(last=False)
        except _Given_up:
            pass
        except UserError as error:  # a store that is down: whoever asks again is told
            _LOG.warning("%s", error)
        except Exception:  # noqa: BLE001  a number that does not come must not be silent
            _LOG.exception("A draft could not be counted.")
        finally:
            with self._lock:
                del self._doing[text]

    def _wanted(self, text: str) -> None:
        if monotonic() - self._asked[text] > _PATIENCE:
            raise _Given_up

    def _draw(self, _: bool) -> Made[Sample]:
        generation = self._shop.generation
        return Made(sample("person", self._shop.warehouse.read), generation, 0)

    def _whole(self) -> int:
        return int(self._shop.warehouse.read("SELECT count(*) AS n FROM person")["n"][0].as_py())

    def _small(self) -> bool:
        found = self._shop.warehouse.read("SELECT count(*) AS n FROM event")["n"][0].as_py()
        return int(found) <= SMALL

"""What every part of the overview needs, and what one asks for in its address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from msgspec import Struct

from habitue.app import Shop
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_
from habitue.metrics.counts import Counts
from habitue.segments import saved
from habitue.stages.calendar import beside, compared, offered
from habitue.stages.models import Model
from habitue.stages.overview import Key, Overview, Pair
from habitue.stages.usual import Usual, usual
from habitue.web.looks import Look
from habitue.web.page import link
from habitue.web.words import Words

ARRIVED: Final = -1
"""The value of those who had no stage yet: a node of the flow, a row of the table."""


class Frame(Struct, frozen=True):
    """What every part of the page needs: the numbers, how stages look, who reads, which months."""

    seen: Overview
    looks: tuple[Look, ...]
    words: Words
    model: str
    month: str
    against: str
    segment: str | None = None

    @property
    def before(self) -> tuple[Look, ...]:
        """The stages people come from; those who had none yet first."""
        return (Look(ARRIVED, "none", self.words.say(N_("Not known yet")), "#cbd5e1", "unknown"), *self.looks)

    def people(self, **params: Any) -> str:
        """The list of people behind a number."""
        return listed(self.model, self.month, self.segment, **params)

    def moved(self, source: Look | Sequence[str], target: Look | Sequence[str]) -> str:
        """The list of those who were in `source` and are in `target`."""
        ids = [[side.id] if isinstance(side, Look) else list(side) for side in (source, target)]
        return self.people(against=self.against, **{"from": ids[0], "to": ids[1]})

    def months(self, now: Micros) -> list[str]:
        """The months to choose from, the latest first, and whatever the address says."""
        some = offered(self.seen.first, now, self.words.zone)
        return sorted({*some, self.month, self.against}, reverse=True)

    @property
    def table(self) -> Counts:
        """Who moved, [from, to] by place: one more than the value, 0 for no stage."""
        found = np.zeros((len(self.looks) + 1,) * 2, np.int64)
        for move in self.seen.moves:
            places = (0 if value is None else value + 1 for value in (move.from_value, move.to_value))
            found[tuple(places)] += move.n
        return found


def listed(model: str, month: str, segment: str | None, **params: Any) -> str:
    """The list of people of a model when a month ends."""
    return link("/customers", **{"model": model, "at": month, "segment": segment, **params})


def asked(
    shop: Shop,
    model: Model,
    month: str | None,
    against: str | None,
    segment: str | None,
    now: Micros,
    shown: str | None = None,
) -> Pair:
    """Which overview is meant; raises `UserError` for a month or a segment that is none.

    `shown` are the months of the page on which they were chosen.
    """
    other = beside(month, against, shown)
    months = compared(month or None, other or None, now, shop.settings.timezone)
    version = saved.named(shop.segments(), segment).version if segment else None
    until = months[0] if segment else None
    return Pair(Key(model.version, len(model.stages), version, until), *months)


def customary(frame: Frame) -> dict[tuple[int, int], Usual]:
    """What is usual for each move, by place; of too few periods nobody knows."""
    return usual(frame.table, frame.seen.usual)

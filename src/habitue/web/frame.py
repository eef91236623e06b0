"""What every part of the overview needs, and what one asks for in its address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from litestar.params import FromQuery
from msgspec import Struct

from habitue.app import Shop
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_
from habitue.kernel.period import Period, Versus, after_end, asked, day_of, until
from habitue.metrics.counts import Counts
from habitue.segments import saved
from habitue.stages.models import Model
from habitue.stages.overview import Key, Overview, Pair
from habitue.stages.usual import Usual, usual
from habitue.web.looks import Look
from habitue.web.page import link
from habitue.web.words import Words

ARRIVED: Final = -1
"""The value of those who had no stage yet: a node of the flow, a row of the table."""

USUAL: Final = "month"
"""The period of an address that names none."""

Compare: TypeAlias = Literal["before", "year"]
"""What a period is compared with: the one before, or the same of the year before."""


class Frame(Struct, frozen=True):
    """What every part of the page needs: the numbers, how stages look, who reads, which period."""

    seen: Overview
    looks: tuple[Look, ...]
    words: Words
    model: str
    versus: Versus
    segment: str | None = None

    @property
    def before(self) -> tuple[Look, ...]:
        """The stages people come from; those who had none yet first."""
        return (Look(ARRIVED, "none", self.words.say(N_("Not known yet")), "#cbd5e1", "unknown"), *self.looks)

    def people(self, **params: Any) -> str:
        """The list of people behind a number."""
        return listed(self.model, self.versus.period, self.segment, **params)

    def moved(self, source: Look | Sequence[str], target: Look | Sequence[str]) -> str:
        """The list of those who were in `source` and are in `target`."""
        ids = [[side.id] if isinstance(side, Look) else list(side) for side in (source, target)]
        before = until(self.versus.period.first - timedelta(days=1))
        return self.people(against=before, **{"from": ids[0], "to": ids[1]})

    @property
    def table(self) -> Counts:
        """Who moved, [from, to] by place: one more than the value, 0 for no stage."""
        found = np.zeros((len(self.looks) + 1,) * 2, np.int64)
        for move in self.seen.moves:
            places = (0 if value is None else value + 1 for value in (move.from_value, move.to_value))
            found[tuple(places)] += move.n
        return found


class Wish(Struct, frozen=True):
    """What an address says of its period: in one word, by two days as a form has them, or by months, as it
    was said before there were periods."""

    period: str | None
    days: tuple[str | None, str | None]
    months: tuple[str | None, str | None]
    compare: Compare

    @property
    def roundabout(self) -> bool:
        """Whether it is said in another way than in one word."""
        return any((*self.days, *self.months))

    def versus(self, today: date) -> Versus:
        """The period that is meant and the one beside it; raises `UserError` for what is none."""
        days = [day for day in self.days if day]
        text = "..".join(days) or self.period
        old = not text and any(self.months)
        found = after_end(*self.months, today) if old else asked(text or USUAL, today)
        return Versus(found, found.year_ago() if self.compare == "year" else found.ago())


def wished(
    period: FromQuery[str | None] = None,
    first: FromQuery[str | None] = None,
    last: FromQuery[str | None] = None,
    month: FromQuery[str | None] = None,
    against: FromQuery[str | None] = None,
    compare: FromQuery[Compare] = "before",
) -> Wish:
    """The parameters of an address that are about its period, see `PERIOD`."""
    return Wish(period, (first, last), (month, against), compare)


PERIOD: Final = ("period", "compare", "first", "last", "month", "against")


def listed(model: str, period: Period, segment: str | None, **params: Any) -> str:
    """The list of people of a model when a period ends."""
    return link("/customers", **{"model": model, "at": until(period.last), "segment": segment, **params})


def paired(shop: Shop, model: Model, wish: Wish, segment: str | None, now: Micros) -> Pair:
    """Which overview is meant; raises `UserError` for a period or a segment that is none."""
    versus = wish.versus(day_of(now, shop.settings.timezone))
    version = saved.named(shop.segments(), segment).version if segment else None
    day = versus.period.last if segment else None
    return Pair(Key(model.version, len(model.stages), version, day), versus)


def came_and_went(table: Counts, place: int) -> tuple[int, int]:
    """How many came to a place, and left it for another."""
    stayed = int(table[place, place])
    return int(table[:, place].sum()) - stayed, int(table[place, 1:].sum()) - stayed


def customary(frame: Frame) -> dict[tuple[int, int], Usual]:
    """What is usual for each move, by place; of too few periods nobody knows."""
    return usual(frame.table, frame.seen.usual)

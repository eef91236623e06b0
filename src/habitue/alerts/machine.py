"""An incident from its beginning to its end: what is told of it, once each.

It begins with a look that finds the figure to be told, and ends after some that don't, one after the other:
a figure at the edge of its limit is one incident, not ten. What can't be known changes nothing. Between the
two it is told again only where it is clearly worse, twice as far beyond as when it was told last, and when a
snooze has run out on it. Its end is told to whom its beginning was.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from habitue.alerts.alert import Every
from habitue.alerts.judge import Reading
from habitue.kernel.clock import LAST, Micros

What = Literal["begun", "worse", "still", "over"]

CALM: Final[dict[Every, int]] = {"hour": 3, "day": 1}
"""So many looks in a row without anything to tell end an incident."""

WORSE: Final = 2.0


class Standing(Struct, frozen=True):
    """How an incident stands; `begun` is None where there is none.

    `told` is how far beyond the figure was when it was told last, None where nothing was told yet; `fine` how
    many looks in a row found nothing. `snoozed` is until when nobody wants to hear of it, `LAST` until it is
    over.
    """

    begun: Micros | None = None
    told: float | None = None
    fine: int = 0
    snoozed: Micros | None = None


QUIET: Final = Standing()


def look(
    one: Standing, reading: Reading, at: Micros, every: Every, muted: bool = False
) -> tuple[Standing, What | None]:
    """How it stands after a look, and what is to be told of it."""
    if reading.on is None:
        return one, None
    if not reading.on:
        return _fine(one, every)
    if one.begun is None:
        one = Standing(begun=at)
    one = replace(one, fine=0)
    if muted:
        return one, None
    if _asleep(one, at):
        return one, None
    if one.told is None:
        return replace(one, told=reading.gap, snoozed=None), "begun"
    if one.snoozed is not None:
        return replace(one, snoozed=None, told=max(one.told, reading.gap)), "still"
    if reading.gap >= WORSE * one.told and reading.gap > 0:
        return replace(one, told=reading.gap), "worse"
    return one, None


def _fine(one: Standing, every: Every) -> tuple[Standing, What | None]:
    if one.begun is None:
        return one, None
    if one.fine + 1 < CALM[every]:
        return replace(one, fine=one.fine + 1), None
    return QUIET, None if one.told is None else "over"


def snooze(one: Standing, until: Micros) -> Standing:
    """Nobody wants to hear of it until then; `LAST`: until it is over."""
    return replace(one, snoozed=until)


def _asleep(one: Standing, at: Micros) -> bool:
    return one.snoozed is not None and (one.snoozed == LAST or at < one.snoozed)

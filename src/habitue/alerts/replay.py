"""What an alert would have told: the past is known, so it can be asked before anything is settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from habitue.alerts.alert import Alert
from habitue.alerts.judge import Reading, judge
from habitue.alerts.looks import begun, looks, weeks
from habitue.alerts.machine import QUIET, Standing, look
from habitue.alerts.roles import Ground
from habitue.kernel.clock import DAY, Micros

DAYS: Final = 90


class Spell(Struct, frozen=True):
    """An incident as it would have been: the look that began it, the worst one, how often it is told."""

    begun: Micros
    ended: Micros | None
    first: Reading
    worst: Reading
    told: int


class Replayed(Struct, frozen=True):
    """Every look, how each was judged, and the incidents."""

    at: tuple[Micros, ...]
    readings: tuple[Reading, ...]
    spells: tuple[Spell, ...]


def readings(alert: Alert, ground: Ground, at: Sequence[Micros]) -> list[Reading]:
    """The figure at each of these instants, judged beside the weeks before it; all in a query or two."""
    if not at:
        return []
    before = [[one, *weeks(one, ground.zone)] for one in at]
    every, places = np.unique(np.asarray(before, np.int64), return_inverse=True)
    found = alert.watch.figures(ground, begun(every, alert.watch.span(), ground.zone), every)
    rows = found[places.reshape(len(before), -1)].tolist()
    return [judge(alert.when, alert.watch.form, row[0], row[1:]) for row in rows]


def replay(alert: Alert, ground: Ground, now: Micros, days: int = DAYS) -> Replayed:
    """The alert over the last days, as if it had been there and nobody had snoozed it."""
    at = looks(alert, now - days * DAY, now, ground.zone)
    judged = readings(alert, ground, at)
    return Replayed(tuple(at), tuple(judged), tuple(spells(alert, at, judged)))


def spells(alert: Alert, at: Sequence[Micros], judged: Sequence[Reading]) -> list[Spell]:
    """The incidents that these looks make."""
    standing: Standing = QUIET
    found: list[Spell] = []
    for when, reading in zip(at, judged, strict=True):
        before = standing
        standing, what = look(before, reading, when, alert.every)
        if before.begun is None and standing.begun is not None:
            found.append(Spell(when, None, reading, reading, 1))
        elif before.begun is not None:
            one = found[-1]
            found[-1] = replace(
                one,
                ended=when if standing.begun is None else None,
                worst=reading if reading.on and reading.gap > one.worst.gap else one.worst,
                told=one.told + (what is not None),
            )
    return found

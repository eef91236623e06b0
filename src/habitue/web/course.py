"""The course of a figure beside what was usual, as a picture of any width: places in percent."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, Final

from habitue.alerts.alert import Alert
from habitue.alerts.judge import Reading
from habitue.alerts.replay import Spell
from habitue.alerts.saying import Speech
from habitue.kernel.clock import DAY, Micros
from habitue.web.words import Words

WIDE: Final = 1000
HIGH: Final = 200
MOST: Final = 240
"""So many points are drawn: more are thinned out, but what is told stays."""


def course(
    alert: Alert,
    at: Sequence[Micros],
    readings: Sequence[Reading],
    spells: Sequence[Spell],
    speech: Speech,
    words: Words,
) -> dict[str, Any] | None:
    """The line, the band of what is usual, the limit, where it is told; None where nothing is known."""
    points = _thinned([(when, one) for when, one in zip(at, readings, strict=True) if one.value is not None])
    if len(points) < 2:
        return None
    start, stop = at[0], at[-1]
    limit = alert.when.limit if alert.when.rule in ("above", "below") else None
    least, most = _range(points, limit)

    def x(when: Micros) -> float:
        return round(WIDE * (when - start) / max(stop - start, 1), 1)

    def y(value: float) -> float:
        return round(HIGH - HIGH * (value - least) / (most - least), 1)

    form = alert.watch.form
    return {
        "line": " ".join(f"{x(when)},{y(one.value)}" for when, one in points if one.value is not None),
        "band": _band(points, x, y),
        "limit": None if limit is None else y(limit),
        "told": [_told(one, start, stop) for one in spells],
        "top": speech.figure(form, most),
        "low": speech.figure(form, least),
        "first": words.date(start),
        "last": words.date(stop),
        "now": speech.figure(form, points[-1][1].value),
    }


Points = Sequence[tuple[Micros, Reading]]


def _range(points: Points, limit: float | None) -> tuple[float, float]:
    """The least and the most that the picture shows: from nothing on, for a figure is never less."""
    tops = [one for _, reading in points for one in (reading.value, reading.high) if one is not None]
    most = max([*tops, limit or 0.0])
    most = most * 1.05 or 1.0
    return 0.0, float(ceil(most)) if most > 10 else most


def _band(points: Points, x: Any, y: Any) -> str:
    """Around what is usual, from the left to the right above and back below."""
    known = [(when, one) for when, one in points if one.low is not None and one.high is not None]
    above = [f"{x(when)},{y(one.high)}" for when, one in known]
    below = [f"{x(when)},{y(one.low)}" for when, one in reversed(known)]
    return " ".join((*above, *below))


def _told(one: Spell, start: Micros, stop: Micros) -> dict[str, Any]:
    left = 100 * (one.begun - start) / max(stop - start, 1)
    right = 100 * ((one.ended or stop) - start) / max(stop - start, 1)
    return {"x": round(left * WIDE / 100, 1), "width": max(round((right - left) * WIDE / 100, 1), 4)}


def _thinned(points: Points) -> Points:
    """Few enough to be drawn; of each run the one that is furthest beyond, else the last."""
    size = max(1, -(-len(points) // MOST))
    runs = [points[n : n + size] for n in range(0, len(points), size)]
    return [max(run, key=lambda one: (one[1].gap, one[0])) for run in runs]


def spelled(spells: Sequence[Spell], alert: Alert, speech: Speech, words: Words, most: int = 8) -> list[Any]:
    """The incidents in words, the latest first: when, how long, how far."""
    form = alert.watch.form
    return [
        {
            "begun": words.time(one.begun) if alert.every == "hour" else words.date(one.begun),
            "value": speech.figure(form, one.worst.value),
            "usual": speech.figure(form, one.worst.usual) if one.worst.usual is not None else "",
            "length": words.days(((one.ended or one.begun) - one.begun) / DAY) if one.ended else "",
        }
        for one in list(reversed(spells))[:most]
    ]

"""What a draft would change, as its page shows it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from msgspec import Struct

from habitue.app.trials import Trial
from habitue.kernel.i18n import N_
from habitue.kernel.period import Period
from habitue.metrics.contrast import OUT, Contrast, Tally
from habitue.stages.kpis import KPIS, Kpi, series
from habitue.web import charts
from habitue.web.looks import Look
from habitue.web.page import link
from habitue.web.words import Words

NONE: Final = "none"
"""The id of those who are in no stage."""

Z: Final = 1.96


class Views(Struct, frozen=True):
    """How the stages of both definitions look, and who reads."""

    old: tuple[Look, ...]
    new: tuple[Look, ...]
    words: Words

    @property
    def nowhere(self) -> Look:
        """Those who are in no stage."""
        return Look(OUT - 1, NONE, self.words.say(N_("In no stage")), "#cbd5e1", "unknown")

    @property
    def sides(self) -> tuple[dict[int, Look], dict[int, Look]]:
        """The looks by place, for the old and the new definition."""
        old, new = (
            {OUT: self.nowhere, **{look.value + 1: look for look in side}} for side in (self.old, self.new)
        )
        return old, new


class Cell(Struct, frozen=True):
    """So many are in one stage now and in another by the draft; `share` of those who are in it now."""

    n: int
    share: str | None
    heat: int
    same: bool
    url: str | None


class Row(Struct, frozen=True):
    """Those who are in a stage now."""

    look: Look
    total: int
    cells: tuple[Cell | None, ...]


class Picture(Struct, frozen=True):
    """A figure of the past months twice; `old`, `new` and `change` are the last month's, as said."""

    id: str
    name: str
    about: str
    colour: str
    old: str
    new: str
    change: str
    mood: str
    spec: charts.Spec
    rows: tuple[tuple[Period, str, str, str], ...]
    differs: bool
    """Whether the two are apart in any month."""


class Shown(Struct, frozen=True):
    """All that the page says of it; `roughly` where it was worked out from some customers only."""

    roughly: bool
    looked: int
    people: int
    moved: int
    share: str
    margin: str | None
    targets: tuple[Look, ...]
    matrix: tuple[Row, ...]
    stages: tuple[Picture, ...]
    kpis: tuple[Picture, ...]
    apart: Picture
    now: int
    transitions: tuple[int, int]
    users: list[str]
    list: str
    sample: int | None


def shown(trial: Trial, seen: Contrast, views: Views, base: str, users: list[str]) -> Shown:
    """What is known by now."""
    words, scale = views.words, seen.scale
    here = seen.cross[-1]
    people, apart = int(here.sum()), len(seen.subject)
    share = apart / people if people else 0.0
    return Shown(
        seen.sampled,
        people,
        round(people * scale),
        round(apart * scale),
        words.percent(share),
        words.percent(Z * seen.error) if seen.sampled else None,
        tuple(look for look in _ordered(views, 1) if look.value + 1 != OUT or here[:, OUT].any()),
        _matrix(seen, views, base),
        _stages(trial, seen, views),
        tuple(_kpi(trial, seen, views, one) for one in KPIS),
        _apart(trial, seen, views),
        trial.at,
        tuple(round(float(_changes(side)) * scale) for side in (seen.old, seen.new)),  # type: ignore[arg-type]
        users,
        f"{base}/people",
        int(seen.subject[len(seen.subject) // 2]) if apart else None,
    )


def _changes(tally: Tally) -> int:
    return int(tally.moves.sum())


def _ordered(views: Views, side: int) -> list[Look]:
    """The looks of one side as people read them, those in no stage last."""
    return [*((views.old, views.new)[side]), views.nowhere]


def _matrix(seen: Contrast, views: Views, base: str) -> tuple[Row, ...]:
    here = seen.cross[-1]
    targets = [look for look in _ordered(views, 1) if look.value + 1 != OUT or here[:, OUT].any()]
    rows = []
    for look in _ordered(views, 0):
        line = here[look.value + 1]
        if total := int(line.sum()):
            cells = tuple(_cell(seen, views, base, look, target, total) for target in targets)
            rows.append(Row(look, round(total * seen.scale), cells))
    return tuple(rows)


def _cell(seen: Contrast, views: Views, base: str, old: Look, new: Look, total: int) -> Cell | None:
    n = int(seen.cross[-1][old.value + 1, new.value + 1])
    if not n:
        return None
    same, share = old.id == new.id, n / total
    heat = 1 + sum(share >= limit for limit in (0.02, 0.05, 0.15, 0.4))
    url = None if same else link(f"{base}/people", **{"from": old.id, "to": new.id})
    return Cell(round(n * seen.scale), views.words.percent(share), heat, same, url)


def _stages(trial: Trial, seen: Contrast, views: Views) -> tuple[Picture, ...]:
    """People in each stage at the end of each month; what only one side has is nothing on the other."""
    sides = [{look.id: look for look in side} for side in (views.old, views.new)]
    pictures = []
    for id_ in dict.fromkeys([*sides[0], *sides[1]]):
        look = sides[1].get(id_) or sides[0][id_]
        old, new = (
            tally.counts[1:, side[id_].value] if id_ in side else np.zeros(len(trial.months))
            for side, tally in zip(sides, (seen.old, seen.new), strict=True)
        )
        pictures.append(
            _picture(
                trial, views.words, id_, look.name, "", look.colour, old * seen.scale, new * seen.scale, None
            )
        )
    return tuple(pictures)


def _kpi(trial: Trial, seen: Contrast, views: Views, kpi: Kpi) -> Picture:
    old, new = (
        series(tally, model.canonical)[kpi.id] * (1 if kpi.rate else seen.scale)
        for tally, model in ((seen.old, trial.live), (seen.new, trial.draft))
    )
    say = views.words.say
    return _picture(trial, views.words, kpi.id, say(kpi.name), say(kpi.about), charts.ACCENT, old, new, kpi)


def _apart(trial: Trial, seen: Contrast, views: Views) -> Picture:
    """How many stand elsewhere at the end of each month."""
    ids = [{place: look.id for place, look in side.items()} for side in views.sides]
    same = np.array([[ids[0][a] == ids[1][b] for b in sorted(ids[1])] for a in sorted(ids[0])])
    apart = seen.cross[1:, ~same].sum(axis=1) * seen.scale
    name = views.words.say(N_("Customers who stand elsewhere"))
    return _picture(trial, views.words, "apart", name, "", charts.ACCENT, np.zeros(len(apart)), apart, None)


def _picture(
    trial: Trial,
    words: Words,
    id_: str,
    name: str,
    about: str,
    colour: str,
    old: Any,
    new: Any,
    kpi: Kpi | None,
) -> Picture:
    rate = kpi is not None and kpi.rate

    def said(n: float) -> str:
        return "–" if np.isnan(n) else words.percent(n) if rate else words.number(round(n))

    def gap(a: float, b: float) -> str:
        if np.isnan(a + b):
            return "–"
        return words.points(b - a) if rate else words.signed(round(b) - round(a))

    ticks = [words.period(month, "LLL y") for month in trial.months]
    rows = tuple(
        (month, said(a), said(b), gap(a, b)) for month, a, b in zip(trial.months, old, new, strict=True)
    )
    tips = [
        "\n".join(
            (
                words.period(month),
                words.say(N_("live: {figure}"), figure=a),
                words.say(N_("draft: {figure}"), figure=b),
                words.say(N_("difference: {figure}"), figure=c),
            )
        )
        for month, a, b, c in rows
    ]
    spec = charts.pair([float(n) for n in old], [float(n) for n in new], colour, ticks, tips, rate)
    up = float(np.nan_to_num(new[-1] - old[-1]))
    alike = rows[-1][1] == rows[-1][2]
    mood = "" if kpi is None or not up or alike else "good" if (up > 0) == kpi.rising else "bad"
    differs = any(a != b for _, a, b, _ in rows)
    return Picture(id_, name, about, colour, *rows[-1][1:], mood, spec, rows[::-1], differs)


def table(trial: Trial, seen: Contrast, views: Views) -> list[list[Any]]:
    """Every figure of every month, unrounded, for programs: month, figure, live, draft."""
    ids = [{look.id: look.value for look in side} for side in (views.old, views.new)]
    rows: list[list[Any]] = []
    pairs: dict[str, tuple[Any, Any]] = {
        f"stage:{one}": tuple(
            tally.counts[1:, side[one]] if one in side else np.zeros(len(trial.months), np.int64)
            for side, tally in zip(ids, (seen.old, seen.new), strict=True)
        )  # type: ignore[misc]
        for one in dict.fromkeys([*ids[0], *ids[1]])
    }
    old, new = series(seen.old, trial.live.canonical), series(seen.new, trial.draft.canonical)
    pairs |= {one.id: (old[one.id], new[one.id]) for one in KPIS}
    for name, (a, b) in pairs.items():
        rows += [
            [str(month), name, *("" if np.isnan(n) else round(float(n), 6) for n in both)]
            for month, *both in zip(trial.months, a, b, strict=True)
        ]
    return rows

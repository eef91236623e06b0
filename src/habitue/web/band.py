"""One customer's stages over time, and what they spent, as places in a picture of any width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.clock import DAY, Micros
from habitue.people import profiles
from habitue.people.profiles import Person, Stay
from habitue.stages.models import Model
from habitue.web.looks import looks
from habitue.web.words import Words

WIDE: Final = 1000
HIGH: Final = 100

Place = Callable[[Micros | None], float]
"""Of an instant, in percent of the width."""


def band(shop: Shop, person: Person, words: Words, now: Micros) -> dict[str, Any]:
    """The stages over time as places in percent, from birth to a good while after now."""
    start = person.birth
    stop = now + max((now - start) // 4, 90 * DAY)

    def place(at: Micros | None) -> float:
        return round(100 * (min(stop if at is None else at, stop) - start) / (stop - start), 3)

    spent = profiles.spent(shop.warehouse, person.person)
    return {
        "line": _line(spent, place, now),
        "most": max(_sums(spent), default=0),
        "rows": [
            {
                "model": one.kind.name.said(words.language),
                "stays": _pieces(shop, one, person, words, now, place),
            }
            for one in shop.models()
            if one.subject == "person"
        ],
        "now": place(now),
        "orders": [place(at) for at, _, ordered in spent if ordered],
        "ticks": [(place(at), said) for at, said in _ticks(start, stop, now, words)],
    }


def _sums(spent: Sequence[tuple[Micros, int, bool]]) -> list[int]:
    """What was spent up to each of them."""
    sums, total = [], 0
    for _, revenue, _ in spent:
        total += revenue
        sums.append(total)
    return sums


def _line(spent: Sequence[tuple[Micros, int, bool]], place: Place, now: Micros) -> str:
    """A path through what was spent, in steps, up to now; empty where that is nothing."""
    sums = _sums(spent)
    most = max(sums, default=0)
    if most <= 0:
        return ""
    path = f"M0 {HIGH}"
    for (at, _, _), total in zip(spent, sums, strict=True):
        path += f"H{place(at) * WIDE / 100:.1f}V{HIGH * (1 - max(total, 0) / most):.1f}"
    return f"{path}H{place(now) * WIDE / 100:.1f}"


def _pieces(
    shop: Shop, model: Model, person: Person, words: Words, now: Micros, place: Place
) -> list[dict[str, Any]]:
    by_value = {look.value: look for look in looks(model, words.language)}
    return [
        {
            "x": place(start),
            "width": max(place(stop) - place(start), 0.15),
            "look": by_value[stay.value],
            "future": start >= now,
            "told": f"{by_value[stay.value].name} · {words.date(stay.start)} – {words.date(stay.stop)}",
        }
        for stay in profiles.stays(shop.warehouse, model.version, person.person)
        for start, stop in _halves(stay, now)
        if place(start) < 100
    ]


def _halves(stay: Stay, now: Micros) -> list[tuple[Micros, Micros | None]]:
    """The stay, cut at now: what is over is sure, what is to come is expected."""
    if stay.start < now and (stay.stop is None or now < stay.stop):
        return [(stay.start, now), (now, stay.stop)]
    return [(stay.start, stay.stop)]


def _ticks(start: Micros, stop: Micros, now: Micros, words: Words, most: int = 8) -> list[tuple[Micros, str]]:
    """Month beginnings that fit under the band, as many as there is room for; none too near to now."""
    first, last = (clock.moment(at, words.zone) for at in (start, stop))
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next((step for step in (1, 2, 3, 6, 12, 24, 60) if months / step <= most), 120)
    n = first.year * 12 + first.month
    n += -n % step
    found = []
    for k in range(n, n + months + step, step):
        at = clock.instant(f"{k // 12:04d}-{k % 12 + 1:02d}-01", words.zone)
        if start < at < stop and abs(at - now) > (stop - start) // 16:
            found.append((at, words.month(date(k // 12, k % 12 + 1, 1), "LLL y")))
    return found

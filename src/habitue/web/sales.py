"""The cards that say what was sold in a period, beside another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct

from habitue.kernel.i18n import N_
from habitue.kernel.period import Versus, previous
from habitue.metrics.sales import Sold
from habitue.stages.overview import MONTHS
from habitue.stages.sales import Sales
from habitue.web import charts
from habitue.web.words import FEW, Words

Figure = Literal["revenue", "buyers", "mean", "repeat"]

FIGURES: Final[tuple[tuple[Figure, str], ...]] = (
    ("revenue", N_("Revenue")),
    ("buyers", N_("Customers who ordered")),
    ("mean", N_("Average order value")),
    ("repeat", N_("Repeat rate")),
)
_LINE: Final = 10_000
"""Of a share, a small line shows hundredths of a percent."""


class Card(Struct, frozen=True):
    """One figure as it is read; `url` lists who stands behind it."""

    name: str
    figure: str
    change: str | None
    mood: str
    spark: str
    url: str


def cards(sales: Sales, versus: Versus, words: Words, people: Callable[..., str]) -> list[Card]:
    """Them all; `people` makes the address of a list."""
    line = [sales.of(one) for one in previous(versus.period.last, MONTHS)]
    both = sales.both(versus)
    return [
        Card(
            words.say(name),
            _said(both[0], figure, words),
            *_change(*both, figure, words),
            charts.spark([round((_value(one, figure) or 0) * _scale(figure)) for one in line]),
            people(bought=str(versus.period), again="1" if figure == "repeat" else None),
        )
        for figure, name in FIGURES
    ]


def _value(sold: Sold, figure: Figure) -> float | None:
    found: float | None = getattr(sold, figure)
    return found


def _scale(figure: Figure) -> int:
    return _LINE if figure == "repeat" else 1


def _said(sold: Sold, figure: Figure, words: Words) -> str:
    value = _value(sold, figure)
    if value is None:
        return "–"
    if figure == "repeat":
        return words.percent(value)
    return words.number(sold.buyers) if figure == "buyers" else words.money(round(value))


def _change(now: Sold, then: Sold, figure: Figure, words: Words) -> tuple[str | None, str]:
    """How it differs, and whether that is good; of two shares in points."""
    one, other = _value(now, figure), _value(then, figure)
    if one is None or other is None or then.buyers < FEW:
        return None, ""
    mood = "" if one == other else "good" if one > other else "bad"
    if figure == "repeat":
        return words.points(one - other), mood
    return words.change(round(one), round(other)), mood

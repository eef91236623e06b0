"""Choosing a period: by its name, by two days, the next one, and what it is held against."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_
from habitue.kernel.period import PRESETS, Period, Versus, day_of
from habitue.web.frame import PERIOD, Compare
from habitue.web.page import Asked, here
from habitue.web.words import Words

NAMES: Final = {
    "7d": N_("Last 7 days"),
    "30d": N_("Last 30 days"),
    "90d": N_("Last 90 days"),
    "12m": N_("Last 12 months"),
    "month": N_("This month"),
    "last-month": N_("Last month"),
    "quarter": N_("This quarter"),
    "last-quarter": N_("Last quarter"),
    "year": N_("Year to date"),
}
"""In the order in which they are offered."""

COMPARES: Final[dict[Compare, str]] = {"before": N_("The period before"), "year": N_("A year earlier")}
_FORM: Final = "LLL y"


class Choice(Struct, frozen=True):
    """One of several: where it leads, what it is called, whether it is the one."""

    url: str
    name: str
    on: bool


class Picker(Struct, frozen=True):
    """All that the panel shows. `days` are what its two fields have, `today` the last that they take; `kept`
    is what of the address goes along with them. `said` is the period as text, `chosen` what the address
    says of it, to go along elsewhere."""

    period: str
    against: str
    presets: tuple[Choice, ...]
    compares: tuple[Choice, ...]
    earlier: str | None
    later: str | None
    days: tuple[str, str]
    today: str
    kept: tuple[tuple[str, str], ...]
    said: str
    chosen: dict[str, str]


def straight(request: Asked, period: Period) -> str:
    """The address of a page that says its period in one word."""
    return here(request, **(dict.fromkeys(PERIOD[2:]) | {"period": str(period)}))


def picker(
    request: Asked, versus: Versus, compare: Compare, words: Words, first: Micros, now: Micros
) -> Picker:
    """The panel of a page about a period; nobody was there before `first`."""
    period, today = versus.period, day_of(now, words.zone)

    def to(some: str | Period, other: Compare = compare) -> str:
        gone = dict.fromkeys(PERIOD)
        kept = other if other != "before" else None
        return here(request, **{**gone, "period": str(some), "compare": kept})

    before, after = period.ago(), period.ago(-1)
    return Picker(
        period=words.period(period),
        against=words.period(versus.against, _FORM),
        presets=tuple(
            Choice(to(one), words.say(name), PRESETS[one](today) == period) for one, name in NAMES.items()
        ),
        compares=tuple(
            Choice(to(request.query_params.get("period") or period, one), words.say(name), one == compare)
            for one, name in COMPARES.items()
        ),
        earlier=to(before) if before.last >= day_of(first, words.zone) else None,
        later=to(after) if after.first <= today else None,
        days=(period.first.isoformat(), min(period.last, today).isoformat()),
        today=today.isoformat(),
        kept=tuple(
            (name, value)
            for name, value in request.query_params.multi_items()
            if value and name not in {*PERIOD, "fresh", "lang"} - {"compare"}
        ),
        said=str(period),
        chosen={name: value for name in PERIOD[:2] if (value := request.query_params.get(name))},
    )

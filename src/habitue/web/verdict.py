"""What messages changed, as a reader is told of it: sure of it, not sure, or too early to say."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from habitue.app.journeys import Figures
from habitue.app.results import Contrast, Results
from habitue.kernel.i18n import N_, spelt
from habitue.metrics.uplift import Group, Interval, needed, wilson
from habitue.web import charts
from habitue.web.charts import Estimate, Spec
from habitue.web.words import Words

CHANGES: Final = (0.1, 0.25, 0.5)
"""Rises of the share that converts, for which it is said how many people show them."""

SHARE: Final = 0.1
"""How many are left alone where nobody said it yet: one in ten."""

_TREATED, _ALONE = charts.ACCENT, "#8b5cf6"


class Verdict(Struct, frozen=True):
    """`how`: absent, early, sure (it is one way) or open (it may be chance). `revenue`, `conversions` and
    `share` are figures with what they may be; `groups`: name, people, share that converted, each spent.
    `sizes`: a rise, how many people show it, and in how many days so many come.
    """

    how: str
    revenue: tuple[str, str, str] | None = None
    conversions: tuple[str, str, str] | None = None
    rate: tuple[str, str, str] | None = None
    lacking: str = ""
    groups: tuple[tuple[str, str, str, str], ...] = ()
    chart: Spec | None = None
    sizes: tuple[tuple[str, str, str], ...] = ()
    known: dict[str, Any] = {}


def verdict(result: Results, figures: Figures, words: Words, days: int) -> Verdict:
    """What is to be said of it."""
    contrast = result.contrast
    if contrast is None:
        rate = figures.converted / figures.entered if figures.entered else 0.0
        return Verdict("absent", sizes=sizes(rate, figures.entered, SHARE, days, words))
    uplift = contrast.uplift
    groups = (
        _group(N_("Were to get it"), uplift.treated, words),
        _group(N_("Left alone"), uplift.control, words),
    )
    known = _known(contrast, words)
    if uplift.rate is None or uplift.each is None:
        rate = (uplift.treated.converted + uplift.control.converted) / max(
            1, uplift.treated.n + uplift.control.n
        )
        everybody = uplift.treated.n + uplift.control.n
        return Verdict(
            "early",
            lacking=words.number(uplift.lacking),
            groups=groups,
            known=known,
            sizes=sizes(rate, everybody, contrast.share, days, words),
        )
    assert uplift.revenue is not None
    assert uplift.conversions is not None
    return Verdict(
        "sure" if uplift.rate.sure or uplift.each.sure else "open",
        revenue=_said(uplift.revenue, words.gain),
        conversions=_said(uplift.conversions, lambda n: words.signed(round(n))),
        rate=_said(uplift.rate, words.points),
        groups=groups,
        chart=_chart(uplift.treated, uplift.control, words),
        known=known,
    )


def _said(one: Interval, how: Any) -> tuple[str, str, str]:
    return how(one.estimate), how(one.low), how(one.high)


def _known(contrast: Contrast, words: Words) -> dict[str, Any]:
    return {
        "own": contrast.group == "own",
        "share": words.percent(contrast.share, "#,##0.#%"),
        "within": spelt(contrast.within, words.language),
        "goal": contrast.goal,
        "since": words.date(contrast.since + 1) if contrast.since > 0 else "",
        "open": contrast.open,
    }


def _group(name: str, one: Group, words: Words) -> tuple[str, str, str, str]:
    share = words.percent(one.rate) if one.n else "–"
    return words.say(name), words.number(one.n), share, words.money(round(one.each)) if one.n else "–"


def _chart(treated: Group, control: Group, words: Words) -> Spec:
    rows = []
    for name, group, colour in (
        (N_("Were to get it"), treated, _TREATED),
        (N_("Left alone"), control, _ALONE),
    ):
        low, high = wilson(group.converted, group.n)
        tip = words.say(
            N_("{group}: {share}, between {low} and {high}"),
            group=words.say(name),
            share=words.percent(group.rate),
            low=words.percent(low),
            high=words.percent(high),
        )
        rows.append(Estimate(words.say(name), group.rate, low, high, colour, tip))
    return charts.intervals(rows, share=True)


def sizes(rate: float, came: int, share: float, days: int, words: Words) -> tuple[tuple[str, str, str], ...]:
    """How many people it takes to see a rise, and how long until so many have come at the present pace."""
    found = []
    for change in CHANGES:
        n = needed(rate, change, share)
        if n is not None:
            wait = words.days(max(1.0, n * days / came)) if came else "–"
            found.append((words.percent(change, "+#,##0%"), words.number(n), wait))
    return tuple(found)

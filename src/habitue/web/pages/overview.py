"""`/`: the stages now, who moved between two months, and how long people stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.i18n import N_
from habitue.metrics.flow import Move
from habitue.metrics.survival import Curve
from habitue.stages.overview import Overview, Overviews, compared, month_of, previous
from habitue.web import charts
from habitue.web.looks import Look, looks
from habitue.web.page import Asked, here, link, only, page, reader
from habitue.web.words import Words

ARRIVED: Final = -1
"""The value of those who had no stage yet: a node of the flow, a row of the table."""

CARDS: Final = (
    (N_("Active customers"), ("active", "loyal", "reactivated"), True),
    (N_("New customers"), ("new",), True),
    (N_("At risk or dormant"), ("at_risk", "dormant"), False),
    (N_("Lost customers"), ("lost",), False),
    (N_("Everyone known"), (), True),
)
"""Name, canonical stages (none: all), whether more is good."""

ALONE: Final = {"at_risk": N_("Customers at risk"), "dormant": N_("Dormant customers")}
"""What a card of several is called in a model that has only this one of them."""

HIDES: Final = {"prospects": N_("Hide prospects"), "unchanged": N_("Hide unchanged")}
_BEFORE: Final = ("unknown", "prospect", "qualified", "evaluating")


class Frame(Struct, frozen=True):
    """What every part of the page needs: the numbers, how stages look, who reads, which months."""

    seen: Overview
    looks: tuple[Look, ...]
    words: Words
    model: str
    month: str
    against: str

    @property
    def before(self) -> tuple[Look, ...]:
        """The stages people come from; those who had none yet first."""
        return (Look(ARRIVED, "none", self.words.say(N_("Not known yet")), "#cbd5e1", "unknown"), *self.looks)

    def people(self, **params: Any) -> str:
        """The list of people behind a number."""
        return link("/customers", **{"model": self.model, "at": self.month, **params})

    def moved(self, source: Look | Sequence[str], target: Look | Sequence[str]) -> str:
        """The list of those who were in `source` and are in `target`."""
        ids = [[side.id] if isinstance(side, Look) else list(side) for side in (source, target)]
        return self.people(against=self.against, **{"from": ids[0], "to": ids[1]})


@get("/", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    overviews: NamedDependency[Overviews],
    model: FromQuery[str | None] = None,
    month: FromQuery[str | None] = None,
    against: FromQuery[str | None] = None,
    hide: Annotated[list[str] | None, QueryParameter(name="hide")] = None,
    fresh: FromQuery[bool] = False,
) -> Response[Any]:
    """The lifecycle overview of one model between two months.

    Months that it can't mean, such as one to come, lead to those that it does.
    """
    only(request, "model", "month", "against", "hide", "fresh")
    now = clock.now()
    chosen = shop.model(model) if model else shop.models()[0]
    this = month_of(now, shop.settings.timezone)
    asked = month, against
    month, against = compared(month or None, against or None, now, shop.settings.timezone)
    if any(wish and wish != found for wish, found in zip(asked, (month, against), strict=True)):
        return Redirect(here(request, month=month, against=against))
    seen = overviews.get(chosen.version, len(chosen.stages), month, against, now, fresh)
    words = reader(request, shop)
    if not seen.moves and seen.latest is None:
        return page(request, shop, "empty.html")
    frame = Frame(seen, looks(chosen, words.language), words, chosen.id, month, against)
    hidden = [one for one in hide or [] if one in HIDES]
    shown = _shown(frame, hidden)
    return page(
        request,
        shop,
        "overview.html",
        model=frame.model,
        title=chosen.kind.name.said(words.language),
        models=[(one.id, one.kind.name.said(words.language)) for one in shop.models()],
        month=month,
        against=against,
        months=_choices(this, month, against),
        computed=seen.computed,
        quiet=_quiet(seen, shop.settings.timezone),
        looks=frame.looks,
        hidden=hidden,
        toggles=[_toggle(request, words, one, hidden) for one in HIDES],
        cards=_cards(frame),
        flow=_flow(frame, shown) if shown else None,
        monthly=_monthly(frame),
        history=[
            (one, frame.people(at=one), [int(seen.counts[i, look.value]) for look in frame.looks])
            for i, one in enumerate(seen.months)
        ][::-1],
        balance=_balance(frame),
        matrix=_matrix(frame),
        stays=[_stay(frame, look, seen.stays[look.value]) for look in frame.looks],
        survival=_survival(frame),
    )


def _choices(this: str, month: str, against: str) -> list[str]:
    """Five years of months to choose from, and whatever the address says."""
    return sorted({*previous(this, 60), month, against}, reverse=True)


def _quiet(seen: Overview, zone: str) -> str | None:
    """The month of the last event, where it lies before both months that are compared."""
    return month_of(seen.latest, zone) if seen.latest is not None and seen.latest < seen.before else None


def _toggle(request: Asked, words: Words, name: str, hidden: Sequence[str]) -> dict[str, Any]:
    others = [one for one in hidden if one != name]
    on = name in hidden
    return {
        "name": words.say(HIDES[name]),
        "on": on,
        "url": here(request, hide=others if on else [*others, name]) + "#flow",
    }


def _cards(frame: Frame) -> list[dict[str, Any]]:
    return [_card(frame, name, canonical, rising) for name, canonical, rising in CARDS]


def _card(frame: Frame, name: str, canonical: Sequence[str], rising: bool) -> dict[str, Any]:
    meant = [look for look in frame.looks if not canonical or look.canonical in canonical]
    values = [look.value for look in meant]
    stands, was = (
        sum(side.get(value, 0) for value in values) for side in (frame.seen.stands, frame.seen.was)
    )
    line = [int(n) for n in frame.seen.counts[:, values].sum(axis=1)] if values else []
    change = (stands - was) / was if was else None
    return {
        "name": frame.words.say(ALONE.get(meant[0].canonical, name) if len(meant) == 1 else name),
        "count": stands,
        "url": frame.people(stage=[look.id for look in meant] if canonical else None),
        "change": frame.words.percent(abs(change)) if change is not None else None,
        "arrow": "▲" if change and change > 0 else "▼" if change else "=",
        "mood": "" if not change or not canonical else "good" if (change > 0) == rising else "bad",
        "colour": meant[0].colour if canonical and meant else "#94a3b8",
        "spark": charts.spark(line),
    }


def _moves(frame: Frame) -> list[tuple[Look, Look, Move]]:
    """The moves with their looks, in order of the stages; who left the population is nobody's to show."""
    by_value = {look.value: look for look in frame.before}
    order = {look.value: i for i, look in enumerate(frame.before)}
    pairs = [
        (by_value[ARRIVED if move.from_value is None else move.from_value], by_value[move.to_value], move)
        for move in frame.seen.moves
        if move.to_value is not None
    ]
    return sorted(pairs, key=lambda pair: (order[pair[0].value], order[pair[1].value]))


def _shown(frame: Frame, hidden: Sequence[str]) -> list[tuple[Look, Look, Move]]:
    """The moves that the flow picture shows after its toggles."""
    return [
        (source, target, move)
        for source, target, move in _moves(frame)
        if not ("unchanged" in hidden and source.value == target.value)
        and not ("prospects" in hidden and target.canonical in _BEFORE)
    ]


def _flow(frame: Frame, shown: Sequence[tuple[Look, Look, Move]]) -> charts.Spec:
    words = frame.words
    out, into = Counter[int](), Counter[int]()
    for source, target, move in shown:
        out[source.value] += move.n
        into[target.value] += move.n
    return charts.flow(
        [
            charts.Node(look.value, look.name, words.number(out[look.value]), look.colour)
            for look in frame.before
        ],
        [
            charts.Node(look.value, look.name, words.number(into[look.value]), look.colour)
            for look in frame.looks
        ],
        [
            charts.Link(
                source.value,
                target.value,
                move.n,
                _told(words, source, target, move),
                frame.moved(source, target),
            )
            for source, target, move in shown
        ],
    )


def _told(words: Words, source: Look, target: Look, move: Move) -> str:
    """What a ribbon says under the pointer."""
    said = [
        f"{source.name} → {target.name}",
        words.say.n("{count} person", "{count} people", move.n, count=words.number(move.n)),
    ]
    if move.share is not None:
        said.append(words.say(N_("{share} of {stage}"), share=words.percent(move.share), stage=source.name))
    if move.days is not None:
        said.append(words.say(N_("after {time} there (median)"), time=words.days(move.days)))
    return "\n".join(said)


def _monthly(frame: Frame) -> charts.Spec:
    words, seen = frame.words, frame.seen
    series = [
        charts.Series(look.name, look.colour, [(i, int(n)) for i, n in enumerate(seen.counts[:, look.value])])
        for look in frame.looks
    ]
    tips = [
        "\n".join(
            [
                words.month(one),
                *(
                    f"{look.name}\N{EN SPACE}{words.number(int(seen.counts[i, look.value]))}"
                    for look in reversed(frame.looks)
                ),
            ]
        )
        for i, one in enumerate(seen.months)
    ]
    return charts.stacked(series, [words.month(one, "LLL y") for one in seen.months], tips)


def _balance(frame: Frame) -> list[dict[str, Any]]:
    moved = [pair for pair in _moves(frame) if pair[0].value != pair[1].value]
    rows: list[dict[str, Any]] = []
    for look in frame.looks:
        others = [one.id for one in frame.before if one.value != look.value]
        rows.append(
            {
                "look": look,
                "arrived": sum(move.n for _, target, move in moved if target.value == look.value),
                "gone": sum(move.n for source, _, move in moved if source.value == look.value),
                "into": frame.moved(others, look),
                "out": frame.moved(look, [one for one in others if one != "none"]),
            }
        )
    most = max([1, *(row[way] for row in rows for way in ("arrived", "gone"))])
    return [row | {"right": 50 * row["arrived"] / most, "left": 50 * row["gone"] / most} for row in rows]


def _matrix(frame: Frame) -> list[dict[str, Any]]:
    cells = {(source.value, target.value): move for source, target, move in _moves(frame)}
    return [
        {
            "look": source,
            "cells": [
                _cell(frame, source, target, cells.get((source.value, target.value)))
                for target in frame.looks
            ],
            "total": sum(move.n for (value, _), move in cells.items() if value == source.value),
        }
        for source in frame.before
        if any(value == source.value for value, _ in cells)
    ]


def _cell(frame: Frame, source: Look, target: Look, move: Move | None) -> dict[str, Any] | None:
    if move is None:
        return None
    return {
        "n": move.n,
        "same": source.value == target.value,
        "heat": 1 + sum((move.share or 0) >= limit for limit in (0.02, 0.05, 0.15, 0.4)),
        "share": frame.words.percent(move.share) if move.share is not None else None,
        "days": frame.words.days(move.days) if move.days is not None else None,
        "url": frame.moved(source, target),
    }


def _stay(frame: Frame, look: Look, curve: Curve) -> dict[str, Any]:
    said = [
        frame.words.days(days, "short") if days is not None else None for days in (curve.median, curve.p90)
    ]
    return {
        "look": look,
        "n": curve.n,
        "people": frame.seen.ever.get(look.value, 0),
        "open": curve.open,
        "median": said[0],
        "p90": said[1],
        "ever": frame.people(ever=look.id),
        "still": frame.people(stage=look.id),
    }


def _survival(frame: Frame) -> charts.Spec:
    words = frame.words
    series = []
    for look in frame.looks:
        curve = frame.seen.stays[look.value]
        if curve.n:
            points = [*zip(curve.days, curve.survival, strict=True), (curve.horizon, curve.survival[-1])]
            series.append(charts.Series(look.name, look.colour, charts.thinned(points, 120)))
    return charts.survival(series, words.say(N_("days")), words.say(N_("share still in the stage")))

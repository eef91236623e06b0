"""`/`: the stages now, who moved in a period, and how long people stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeAlias

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_
from habitue.kernel.period import Period, day_of, month_of, until
from habitue.metrics.flow import Move
from habitue.metrics.stakes import Stake
from habitue.metrics.survival import Curve
from habitue.stages.models import Model
from habitue.stages.overview import Overview, Overviews, Pair
from habitue.stages.usual import Usual
from habitue.web import charts
from habitue.web.advice import Task, plays, tasks
from habitue.web.frame import ARRIVED, PERIOD, Frame, Wish, came_and_went, customary, paired
from habitue.web.looks import Look, looks
from habitue.web.page import Asked, here, link, only, page, reader
from habitue.web.pages import sales
from habitue.web.pages.welcome import instead
from habitue.web.periods import picker, straight
from habitue.web.saying import circles
from habitue.web.words import Words

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

PATIENCE: Final = 1.0
"""Seconds for which a first look at a large shop keeps its reader waiting; then the page says so."""

Common: TypeAlias = dict[tuple[int, int], Usual]

HIDES: Final = {"prospects": N_("Hide prospects"), "unchanged": N_("Hide unchanged")}
_BEFORE: Final = ("unknown", "prospect", "qualified", "evaluating")


@get("/", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    overviews: NamedDependency[Overviews],
    wish: NamedDependency[Wish],
    model: FromQuery[str | None] = None,
    segment: FromQuery[str | None] = None,
    hide: Annotated[list[str] | None, QueryParameter(name="hide")] = None,
    fresh: FromQuery[bool] = False,
) -> Response[Any]:
    """The lifecycle overview of one model in a period, which has one address however it was asked for."""
    only(request, "model", "segment", "hide", "fresh", *PERIOD)
    now = clock.now()
    chosen = shop.model(model) if model else shop.models()[0]
    pair = paired(shop, chosen, wish, segment, now)
    if wish.roundabout:
        return Redirect(straight(request, pair.versus.period))
    seen = _seen(overviews, pair, now, fresh)
    if seen is None:
        return page(request, shop, "pending.html", title=N_("Lifecycle"), again=here(request))
    if not seen.moves and seen.latest is None:
        return instead(request, shop)
    words = reader(request, shop)
    named = looks(chosen, words.language)
    frame = Frame(seen, named, words, chosen.id, pair.versus, segment or None)
    stakes = overviews.stakes(chosen.version, chosen.subject, now, pair.of.within)
    return page(
        request,
        shop,
        "overview.html",
        **_choices(request, shop, chosen, frame),
        picker=picker(request, pair.versus, wish.compare, words, seen.first, now),
        **_pictures(request, frame, [one for one in hide or [] if one in HIDES]),
        **_tables(frame),
        **sales.context(overviews, pair, chosen, frame, now),
        tasks=None if stakes is None else _tasks(shop, chosen, stakes, words, segment or None),
    )


def _seen(overviews: Overviews, pair: Pair, now: Micros, fresh: bool) -> Overview | None:
    """The numbers; None where the first look takes longer than its reader is kept waiting."""
    if fresh and pair.of.within is None:
        return overviews.get(pair, now, fresh)
    return overviews.glance(pair, now, PATIENCE)


def _choices(request: Asked, shop: Shop, model: Model, frame: Frame) -> dict[str, Any]:
    """What is looked at, what else could be, and as of when."""
    words, seen = frame.words, frame.seen
    return {
        "model": frame.model,
        "title": model.kind.name.said(words.language),
        "models": [(one.id, one.kind.name.said(words.language)) for one in shop.models()],
        "segment": frame.segment,
        "segments": [
            (one.id, one.title) for one in circles(shop, words.language) if one.subject == model.subject
        ],
        "seen": seen,
        "early": seen.after < seen.first,
        "quiet": _quiet(seen, shop.settings.timezone),
        "figures": here(request, hide=None).replace("/", "/overview.csv", 1),
    }


def _pictures(request: Asked, frame: Frame, hidden: Sequence[str]) -> dict[str, Any]:
    """The cards and the charts."""
    flows = _shown(frame, hidden)
    return {
        "looks": frame.looks,
        "cards": _cards(frame),
        "hidden": hidden,
        "toggles": [_toggle(request, frame.words, one, hidden) for one in HIDES],
        "flow": _flow(frame, flows) if flows else None,
        "monthly": _monthly(frame),
        "survival": _survival(frame),
    }


def _tables(frame: Frame) -> dict[str, Any]:
    """The tables."""
    common = customary(frame)
    return {
        "history": _history(frame),
        "balance": _balance(frame),
        "matrix": _matrix(frame, common),
        "enough": bool(common),
        "stays": [_stay(frame, look, frame.seen.stays[look.value]) for look in frame.looks],
    }


def _tasks(shop: Shop, model: Model, stakes: list[Stake], words: Words, segment: str | None) -> list[Task]:
    """As of now, whatever months are chosen."""
    shown = looks(model, words.language)
    return tasks(
        stakes,
        shown,
        plays(shop, model, words),
        model.id,
        words,
        lambda **params: link("/customers", model=model.id, segment=segment, **params),
    )


def _quiet(seen: Overview, zone: str) -> Period | None:
    """The month of the last event, where it lies before the period."""
    if seen.latest is None or seen.latest >= seen.before:
        return None
    return month_of(day_of(seen.latest, zone))


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
        sum(side.get(value, 0) for value in values) for side in (frame.seen.stands, frame.seen.then)
    )
    line = [int(n) for n in frame.seen.counts[:, values].sum(axis=1)] if values else []
    return {
        "name": frame.words.say(ALONE.get(meant[0].canonical, name) if len(meant) == 1 else name),
        "count": stands,
        "url": frame.people(stage=[look.id for look in meant] if canonical else None),
        "change": frame.words.change(stands, was),
        "mood": "" if stands == was or not canonical else "good" if (stands > was) == rising else "bad",
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
                words.period(one),
                *(
                    f"{look.name}\N{EN SPACE}{words.number(int(seen.counts[i, look.value]))}"
                    for look in reversed(frame.looks)
                ),
            ]
        )
        for i, one in enumerate(seen.months)
    ]
    return charts.stacked(series, [words.month(one.first, "LLL y") for one in seen.months], tips)


def _history(frame: Frame) -> list[tuple[Period, str | None, list[int]]]:
    """The months, the latest first; of a segment no list tells who of it was where then."""
    return [
        (
            month,
            None if frame.segment else frame.people(at=until(month.last)),
            [int(frame.seen.counts[n, look.value]) for look in frame.looks],
        )
        for n, month in enumerate(frame.seen.months)
    ][::-1]


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
                "before": came_and_went(frame.seen.other, look.value + 1),
                "into": frame.moved(others, look),
                "out": frame.moved(look, [one for one in others if one != "none"]),
            }
        )
    most = max([1, *(row[way] for row in rows for way in ("arrived", "gone"))])
    return [row | {"right": 50 * row["arrived"] / most, "left": 50 * row["gone"] / most} for row in rows]


def _matrix(frame: Frame, common: Common) -> list[dict[str, Any]]:
    cells = {(source.value, target.value): move for source, target, move in _moves(frame)}
    return [
        {
            "look": source,
            "cells": [
                _cell(frame, source, target, cells.get((source.value, target.value)), common)
                for target in frame.looks
            ],
            "total": sum(move.n for (value, _), move in cells.items() if value == source.value),
        }
        for source in frame.before
        if any(value == source.value for value, _ in cells)
    ]


def _cell(
    frame: Frame, source: Look, target: Look, move: Move | None, common: Common
) -> dict[str, Any] | None:
    if move is None:
        return None
    usual = common.get((source.value + 1, target.value + 1))
    return {
        "odd": usual.odd if usual else 0,
        "usual": _usual(usual, frame.words) if usual else None,
        "n": move.n,
        "same": source.value == target.value,
        "heat": 1 + sum((move.share or 0) >= limit for limit in (0.02, 0.05, 0.15, 0.4)),
        "share": frame.words.percent(move.share) if move.share is not None else None,
        "days": frame.words.days(move.days) if move.days is not None else None,
        "url": frame.moved(source, target),
    }


def _usual(usual: Usual, words: Words) -> str:
    """`usual: 2.1 ± 0.4%`."""
    scale, said = (1, words.number) if usual.counted else (100, words.percent)
    mean, spread = words.number(round(usual.mean * scale, 1)), said(usual.deviation)
    return words.say(N_("usual: {mean} ± {spread}"), mean=mean, spread=spread)


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

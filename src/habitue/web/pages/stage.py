"""`/stages/{model}/{stage}`: what a stage means, who comes and goes, how long they stay, what to do here."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import numpy as np
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop, usage
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.period import day_of, previous, until
from habitue.metrics.contrast import Tally
from habitue.metrics.stakes import Stake
from habitue.rules.text import write
from habitue.stages.kind import Canonical
from habitue.stages.kpis import KPIS, Kpi, Name, series
from habitue.stages.models import Model
from habitue.stages.overview import MONTHS, Overviews
from habitue.store.playbook import Play
from habitue.web import charts
from habitue.web.advice import plays
from habitue.web.flash import done
from habitue.web.frame import PERIOD, Frame, Wish, paired
from habitue.web.gate import by
from habitue.web.looks import Look, looks
from habitue.web.page import Asked, link, only, page, reader
from habitue.web.periods import picker, straight
from habitue.web.saying import meant, names
from habitue.web.words import Words

LONGEST: Final = 5_000
GOING: Final = 30
"""Days for which it is told how journeys go."""
_USUAL: Final[dict[Canonical, Name]] = {
    "active": "active",
    "loyal": "active",
    "reactivated": "back",
    "at_risk": "back",
    "dormant": "back",
    "lost": "lost",
}
"""The figure by which a stage is judged until somebody chooses another; of all others it is “won”."""


class Written(Struct):
    """What the form says: the playbook, who answers for it, and a figure with its target."""

    text: str = ""
    owner: str = ""
    kpi: str = ""
    target: str = ""


@get("/stages/{model:str}/{stage:str}", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    overviews: NamedDependency[Overviews],
    model: FromPath[str],
    stage: FromPath[str],
    wish: NamedDependency[Wish],
) -> Response[Any]:
    """All that there is to know of a stage in a period."""
    only(request, *PERIOD)
    now, chosen = clock.now(), shop.model(model)
    value = chosen.value(stage)
    pair = paired(shop, chosen, wish, None, now)
    if wish.roundabout:
        return Redirect(straight(request, pair.versus.period))
    seen = overviews.glance(pair, now, 1.0)
    words = reader(request, shop)
    if seen is None:
        return page(request, shop, "pending.html", title=chosen.stages[value].name.said(words.language))
    frame = Frame(seen, looks(chosen, words.language), words, chosen.id, pair.versus)
    tally = overviews.tally(chosen.version, len(chosen.stages), now)
    stakes = overviews.stakes(chosen.version, chosen.subject, now)
    return page(
        request,
        shop,
        "stage.html",
        picker=picker(request, pair.versus, wish.compare, words, seen.first, now),
        **_context(shop, chosen, value, frame, tally, stakes, now),
    )


@post("/stages/{model:str}/{stage:str}", sync_to_thread=True, status_code=303)
def put(
    request: Asked,
    shop: NamedDependency[Shop],
    model: FromPath[str],
    stage: FromPath[str],
    data: Annotated[Written, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Write down what is done here, by whom, and what is to be reached."""
    chosen, words = shop.model(model), reader(request, shop)
    shipped = chosen.stages[chosen.value(stage)].advice.said(words.language)
    text = data.text.replace("\r\n", "\n").strip()[:LONGEST]
    play = Play(
        stage,
        text if text and text != shipped else None,
        data.owner.strip()[:200] or None,
        data.kpi if data.kpi in {one.id for one in KPIS} else None,
        _target(data.target, data.kpi),
    )
    shop.write_play(chosen, play, by(request), clock.now())
    return done(f"/stages/{chosen.id}/{stage}#playbook", _WRITTEN)


_WRITTEN: Final = N_("Saved.")
_NO_TARGET: Final = N_("“{text}” is not a number. Write the target such as 1200, or 85 for 85%.")
_NO_PEOPLE: Final = N_(
    "“{text}” can’t be a target: this figure counts people. Write a whole number, such as 1200."
)
_BLANKS: Final = re.compile(r"[\s\u00a0\u202f]")
_GROUPED: Final = re.compile(r"\d{1,3}(?:[,.]\d{3})+")


def _target(text: str, kpi: str) -> float | None:
    """A rate is written in percent; people are whole, and `1,200` and `1.200` are twelve hundred of them."""
    if not text.strip():
        return None
    rate, bare = _kpi(kpi).rate, _BLANKS.sub("", text)
    if not rate and _GROUPED.fullmatch(bare):
        bare = bare.replace(",", "").replace(".", "")
    try:
        number = float(bare.replace(",", ".").rstrip("%") if rate else bare.replace(",", "."))
    except ValueError as error:
        raise UserError(_NO_TARGET, text=text) from error
    if not 0 <= number < 1e12:
        raise UserError(_NO_TARGET, text=text)
    if not rate and not number.is_integer():
        raise UserError(_NO_PEOPLE, text=text)
    return number / 100 if rate else number


def _kpi(name: str | None) -> Kpi:
    return next((one for one in KPIS if one.id == name), KPIS[0])


def _context(
    shop: Shop,
    model: Model,
    value: int,
    frame: Frame,
    tally: Tally | None,
    stakes: list[Stake] | None,
    now: clock.Micros,
) -> dict[str, Any]:
    words, stage = frame.words, model.stages[value]
    look = next(one for one in frame.looks if one.value == value)
    rule = model.definition().rules[value]
    curve, called = frame.seen.stays[value], names(shop, words.language)
    own = shop.plays(model.id).get(stage.id) or Play(stage.id)
    users = usage.stage_uses(shop, model.id, stage.id)
    others = [one.id for one in frame.before if one.value != value]
    return {
        "model": model.id,
        "title": model.kind.name.said(words.language),
        "look": look,
        "all": frame.looks,
        "about": stage.description.said(words.language),
        "said": meant(rule, words, called, model.subject) if rule is not None else None,
        "text": write(rule) if rule is not None else None,
        "seen": frame.seen,
        "count": frame.seen.stands.get(value, 0),
        "was": frame.seen.then.get(value, 0),
        "people": frame.people(stage=look.id),
        "into": frame.moved(others, look),
        "out": frame.moved(look, [one for one in others if one != "none"]),
        "came": _sides(frame, look, into=True),
        "went": _sides(frame, look, into=False),
        "curve": curve,
        "stay": [words.days(days) if days is not None else None for days in (curve.median, curve.p90)],
        "survival": _survival(look, frame),
        "size": _size(look, frame),
        "history": [
            (month, frame.people(at=until(month.last), stage=look.id), int(frame.seen.counts[n, value]))
            for n, month in enumerate(frame.seen.months)
        ][::-1],
        "ahead": None if stakes is None else _ahead(stakes, look, frame),
        "goal": None if tally is None else _goal(model, stage.canonical, own, tally, words, now),
        "kpis": KPIS,
        "play": plays(shop, model, words)[stage.id],
        "own": own,
        "users": users,
        "figures": {
            one.id: _going(shop, one.id, words, now)
            for one in users
            if one.kind == "journey" and not one.drafted
        },
    }


def _going(shop: Shop, journey: str, words: Words, now: clock.Micros) -> str:
    """How many a journey has let in and out lately."""
    figures = shop.journey_figures(shop.journey_versions(journey), now, GOING)
    inside = sum(figures.inside.values())
    text = N_("{entered} came in over {days} days, {inside} are inside now")
    return words.say(text, entered=words.number(figures.entered), days=GOING, inside=words.number(inside))


def _sides(frame: Frame, look: Look, *, into: bool) -> list[tuple[Look, int, str]]:
    """From where people came, or where they went, the most first, each with its list."""
    by_value = {one.value: one for one in frame.before}
    found = []
    for move in frame.seen.moves:
        source = -1 if move.from_value is None else move.from_value
        mine, other = (move.to_value, source) if into else (source, move.to_value)
        if mine != look.value or other is None or other == look.value:
            continue
        ways = (by_value[other], look) if into else (look, by_value[other])
        found.append((by_value[other], move.n, frame.moved(*ways)))
    return sorted(found, key=lambda one: -one[1])


def _survival(look: Look, frame: Frame) -> charts.Spec | None:
    curve = frame.seen.stays[look.value]
    if not curve.n:
        return None
    points = [*zip(curve.days, curve.survival, strict=True), (curve.horizon, curve.survival[-1])]
    say = frame.words.say
    series = [charts.Series(look.name, look.colour, charts.thinned(points, 120))]
    return charts.survival(series, say(N_("days")), say(N_("share still in the stage")))


def _size(look: Look, frame: Frame) -> charts.Spec:
    counts = [int(n) for n in frame.seen.counts[:, look.value]]
    words = frame.words
    tips = [
        f"{words.period(month)}\n{words.number(n)}"
        for month, n in zip(frame.seen.months, counts, strict=True)
    ]
    short = [words.month(month.first, "LLL y") for month in frame.seen.months]
    return charts.stacked([charts.Series(look.name, look.colour, list(enumerate(counts)))], short, tips)


def _ahead(stakes: list[Stake], look: Look, frame: Frame) -> list[tuple[Look, int, str, str]]:
    """Who goes where within 30 days if nothing happens: how many, what they brought, the list."""
    by_value = {one.value: one for one in frame.looks}
    return [
        (
            by_value[one.following],
            one.n,
            frame.words.money(one.revenue),
            link("/customers", model=frame.model, stage=look.id, becomes=by_value[one.following].id),
        )
        for one in stakes
        if one.value == look.value and one.following is not None
    ]


def _goal(
    model: Model, canonical: Canonical, own: Play, tally: Tally, words: Words, now: clock.Micros
) -> dict[str, Any]:
    """The stage's figure, month by month, beside what it is to reach; judged by the last whole month."""
    kpi = _kpi(own.kpi or _USUAL.get(canonical, "won"))
    line = series(tally, model.canonical)[kpi.id]
    months = previous(day_of(now, words.zone), MONTHS)
    target = own.target if own.kpi == kpi.id else None

    def shown(n: float) -> str:
        return "–" if np.isnan(n) else words.percent(n) if kpi.rate else words.number(round(n))

    last = float(line[-2])
    reached = None if target is None or np.isnan(last) else (last >= target) == kpi.rising or last == target
    tips = [f"{words.period(month)}\n{shown(n)}" for month, n in zip(months, line, strict=True)]
    short = [words.month(month.first, "LLL y") for month in months]
    beside = np.full(len(line), line if target is None else target)
    return {
        "kpi": kpi,
        "value": shown(last),
        "month": months[-2],
        "target": None if target is None else shown(target),
        "field": "" if target is None else f"{target * (100 if kpi.rate else 1):g}",
        "reached": reached,
        "spec": charts.pair(beside.tolist(), line.tolist(), charts.ACCENT, short, tips, kpi.rate),
        "rows": [(month, shown(n)) for month, n in zip(months, line, strict=True)][::-1],
    }

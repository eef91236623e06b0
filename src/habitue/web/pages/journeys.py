"""`/journeys`: what is done with customers step by step: the list, one of them, what it would have done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath, FromQuery

from habitue.app import Shop, blanks
from habitue.app.effects import Effect, effect
from habitue.app.journeys import Figures
from habitue.app.usage import slugs
from habitue.journeys.kept import Saved
from habitue.journeys.plan import plan
from habitue.journeys.reading import read
from habitue.journeys.recipes import recipes
from habitue.journeys.replay import Replayed
from habitue.journeys.trials import BY, Trial
from habitue.journeys.writing import body, to_json, to_toml
from habitue.kernel import clock, money
from habitue.kernel.clock import DAY
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.reasons import GUARDS
from habitue.stages.kind import CANONICAL
from habitue.web import charts, flash
from habitue.web.charts import Series, Spec
from habitue.web.gate import by
from habitue.web.itinerary import Itinerary
from habitue.web.page import Asked, fragment, only, page, reader
from habitue.web.saying import names
from habitue.web.words import Words

Form: TypeAlias = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]

DAYS: Final = 30
YEAR: Final = 365
_WEEK: Final = 7
STATES: Final = {
    "live": (N_("live"), "good"),
    "paused": (N_("paused"), "note"),
    "stopped": (N_("stopped"), ""),
    "draft": (N_("draft"), ""),
}
BRANDED: Final = {
    "name": N_("Name of the shop"),
    "website": N_("Website"),
    "address": N_("Postal address"),
    "logo": N_("Address of the logo"),
    "color": N_("Colour of buttons"),
    "email": N_("E-mail for questions"),
}
"""What messages say of the shop, as it is called where it is settled."""

DONE: Final = {
    "pause": N_("Paused: nobody goes on, nothing is sent."),
    "resume": N_("It goes on."),
    "stop": N_("Nobody comes in any more. Who is under way finishes it."),
    "choose": N_("Everybody who comes there takes this way from now on."),
}
COLOURS: Final = {
    "sent": charts.ACCENT,
    "address": "#94a3b8",
    "consent": "#f59e0b",
    "holdout": "#8b5cf6",
    "cap": "#ef4444",
    "late": "#64748b",
    "suppressed": "#dc2626",
    "twin": "#0ea5e9",
    "collision": "#ec4899",
    "quiet": "#14b8a6",
    "budget": "#a16207",
}


@get("/journeys", sync_to_thread=True)
def index(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """The list, those that are live first."""
    only(request)
    words, now = reader(request, shop), clock.now()
    told = Itinerary(words, names(shop, words.language))
    states, found = shop.journey_states(), shop.journeys()
    rows = []
    for one in found:
        slug = one.journey.id
        figures = shop.journey_figures([one], now, DAYS)
        rows.append(
            {
                "own": one,
                "state": STATES[standing(slug, states, one)],
                "entry": told.entry(body(one.journey)["entry"]),
                "figures": figures,
                "inside": sum(figures.inside.values()),
                "share": _share(one, figures, words),
            }
        )
    begun = [slug for slug in shop.drafted_journeys() if slug not in {one.journey.id for one in found}]
    return page(
        request,
        shop,
        "journeys.html",
        journeys=sorted(rows, key=lambda row: row["own"].journey.title.casefold()),
        drafts=begun,
        recipes=_recipes(words),
        days=DAYS,
    )


@get("/journeys/{name:str}", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop], name: FromPath[str]) -> Response[str]:
    """One journey: its steps, with who is where."""
    only(request)
    words, now = reader(request, shop), clock.now()
    saved = versions(shop, name)
    shown = next((one for one in saved if one.live), saved[-1])
    told = Itinerary(words, names(shop, words.language))
    plain, figures = body(shown.journey), shop.journey_figures(saved, now, DAYS)
    how = standing(name, shop.journey_states(), shown)
    goal = plain.get("goal")
    return page(
        request,
        shop,
        "journey.html",
        own=shown,
        state=(how, *STATES[how]),
        entry=told.entry(plain["entry"]),
        exits=[told.watched(one) for one in plain.get("exits", [])],
        goal=goal and (told.watched(goal), told.length(goal.get("within", "30d"))),
        cards=told.cards(plain["steps"]),
        passed=passed(shown, saved, figures),
        trials={one.step: _trial(one, shown, words) for one in shop.journey_trials(shown, now)},
        figures=figures,
        inside=sum(figures.inside.values()),
        share=_share(shown, figures, words),
        versions=list(reversed(saved)),
        draft=shop.journey_draft(name),
        days=DAYS,
        unsettled=unsettled(shop, plain, words),
    )


def unsettled(shop: Shop, plain: Mapping[str, Any], words: Words) -> str:
    """What the messages of a journey say of the shop that nobody has settled, in words; else empty."""
    lacking = blanks.unsettled(shop, dict.fromkeys(slugs(plain)))
    return ", ".join(words.say(BRANDED.get(name, name)) for name in lacking)


@post("/journeys/{name:str}", sync_to_thread=True, status_code=303)
def steer(request: Asked, shop: NamedDependency[Shop], name: FromPath[str], data: Form) -> Response[Any]:
    """Pause it, let it go on, or stop it."""
    versions(shop, name)
    act = str(data.get("do", ""))
    if act == "pause":
        shop.pause_journey(name, by(request))
    elif act == "resume":
        shop.resume_journey(name, by(request))
    elif act == "stop":
        shop.stop_journey(name, by(request))
    elif act == "choose":
        shop.choose_way(name, str(data.get("step", "")), str(data.get("way", "")), by(request))
    else:
        raise UserError(N_("Choose one of: {known}."), known=", ".join(DONE))
    return flash.done(f"/journeys/{name}", DONE[act])


@get("/journeys/{name:str}/export", sync_to_thread=True)
def export(
    request: Asked, shop: NamedDependency[Shop], name: FromPath[str], form: FromQuery[str] = "toml"
) -> Response[str]:
    """The newest version as a file."""
    only(request, "form")
    journey = versions(shop, name)[-1].journey
    text = to_json(journey) if form == "json" else to_toml(journey)
    kind = "json" if form == "json" else "toml"
    headers = {"content-disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(text, media_type=MediaType.TEXT, headers=headers)


@get("/journeys/{name:str}/replay", sync_to_thread=True)
def replayed(request: Asked, shop: NamedDependency[Shop], name: FromPath[str]) -> Response[str]:
    """What the draft, or else the newest version, would have done in the last year."""
    only(request)
    draft = shop.journey_draft(name)
    raw = draft.body if draft else body(versions(shop, name)[-1].journey)
    journey, _ = read(raw, shop.around_journeys())
    found, words = shop.replay_journey(journey, days=YEAR), reader(request, shop)
    context: dict[str, Any] = {
        "own": journey,
        "found": found,
        "cost": "" if found.cost is None else words.money(money.whole(found.cost)),
        "chart": _chart(found, words),
        "legend": [
            (COLOURS[name], words.say(N_("Sent") if name == "sent" else GUARDS[name]))
            for name, daily in found.daily.items()
            if any(daily)
        ],
        "guards": {guard: words.say(GUARDS[guard]) for guard in found.stopped},
        "titles": {step.id: words.say(step.does.title) for step in journey.every()},
        "days": YEAR,
        "effect": _effect(effect(shop, name, found), words),
        "called": {one.journey.id: one.journey.title for one in shop.journeys()},
    }
    if request.headers.get("hx-request"):
        return fragment(request, shop, "parts/replay.html", **context)
    return page(request, shop, "replay.html", **context)


def _effect(one: Effect, words: Words) -> str:
    """What it can be expected to change, or why that is not known."""
    say = words.say
    if one.why == "new":
        return say(N_("Not known: this journey has never run. With a control group it will be measured."))
    if one.why == "alone":
        return say(N_("Not known: nobody was left alone to compare with. A control group would show it."))
    if one.conversions is None or one.revenue is None:
        text = N_("Not known yet: {count} more customers have to be in the smaller group.")
        return say(text, count=words.number(one.lacking))
    more, money = one.conversions, one.revenue
    return say(
        N_(
            "{n} more reach the goal ({low} to {high}), {money} more ({least} to {most}), as measured so far."
        ),
        n=words.signed(round(more.estimate)),
        low=words.signed(round(more.low)),
        high=words.signed(round(more.high)),
        money=words.gain(money.estimate),
        least=words.gain(money.low),
        most=words.gain(money.high),
    )


def _chart(found: Replayed, words: Words) -> Spec:
    """Messages week by week: what would have gone, and what each guard would have stopped."""
    weeks = range(0, len(found.arrivals), _WEEK)
    label = {name: words.say(N_("Sent") if name == "sent" else GUARDS[name]) for name in found.daily}
    sums = {
        name: [sum(days[at : at + _WEEK]) for at in weeks] for name, days in found.daily.items() if any(days)
    }
    if not sums:
        sums = {"sent": [sum(found.arrivals[at : at + _WEEK]) for at in weeks]}
        label = {"sent": words.say(N_("came in"))}
    series = [Series(label[name], COLOURS[name], list(enumerate(counts))) for name, counts in sums.items()]
    starts = [words.calendar(words.day(found.since + at * DAY)) for at in weeks]
    tips = [
        "\n".join([start, *(f"{label[name]}: {words.number(counts[n])}" for name, counts in sums.items())])
        for n, start in enumerate(starts)
    ]
    return charts.stacked(series, starts, tips, unit=words.say(N_("messages each week")))


def passed(shown: Saved, saved: list[Saved], figures: Figures) -> dict[str, dict[str, int]]:
    """Of each step: who came, went on, left and is there, whichever version they were in."""
    found: dict[str, dict[str, int]] = {}
    for one in saved:
        for node, told in enumerate(plan(one.journey).nodes):
            mine = found.setdefault(told.step.id, {"in": 0, "out": 0, "left": 0, "there": 0, "unsent": 0})
            for what in ("in", "out", "left", "unsent"):
                mine[what] += figures.passed.get((one.version, node, what), 0)
            mine["there"] += figures.inside.get((one.version, node), 0)
    wanted = {step.id for step in shown.journey.every()}
    return {name: counts for name, counts in found.items() if name in wanted}


def _trial(one: Trial, shown: Saved, words: Words) -> dict[str, Any]:
    """How ways stand that are tried against each other, in words."""
    reached = N_("Reached the goal") if one.measure == "goal" else N_("Clicked")
    verdict, gap = one.verdict, one.gap
    return {
        "own": one,
        "reached": words.say(reached),
        "open": verdict is None and shown.live,
        "ways": [
            (way, words.percent(way.rate), words.percent(way.low), words.percent(way.high))
            for way in one.ways
        ],
        "said": _said(one, words),
        "gap": gap
        and words.say(
            N_("{lead} is ahead by {gap} (95 times in 100 between {low} and {high})."),
            lead=one.ways[one.lead or 0].id,
            gap=words.points(gap.estimate),
            low=words.points(gap.low),
            high=words.points(gap.high),
        ),
        "chance": gap is not None and not gap.sure,
    }


def _said(one: Trial, words: Words) -> str:
    """What is settled, or what is missing until it is."""
    if one.verdict is not None:
        text = (
            N_("Since {day} everybody takes {way}, as that was the better one.")
            if one.verdict.by == BY
            else N_("Since {day} everybody takes {way}: {by} chose so.")
        )
        way = one.ways[one.verdict.way].id
        return words.say(text, day=words.day(one.verdict.at), way=way, by=one.verdict.by)
    if one.lacking:
        return words.say.n(
            "Too little to say anything yet: the way that the fewest took needs {count} customer more.",
            "Too little to say anything yet: the way that the fewest took needs {count} customers more.",
            one.lacking,
            count=words.number(one.lacking),
        )
    return words.say(N_("Chance still decides; the better way is chosen once the test is over."))


def _share(one: Saved, figures: Figures, words: Words) -> str:
    """How many of those who came in reached the goal, where there is one."""
    if one.journey.goal is None or not figures.entered:
        return "–"
    return words.percent(figures.converted / figures.entered)


def standing(slug: str, states: Any, shown: Saved) -> str:
    state = states.get(slug)
    if state is None:
        return "draft"
    if state.paused is not None:
        return "paused"
    return "live" if shown.live and state.since is not None else "stopped"


def _recipes(words: Words) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "name": one.names[words.language],
            "about": one.abouts[words.language],
            "goal": one.goals[words.language],
            "stage": words.say(CANONICAL[one.stage]) if one.stage in CANONICAL else "",
        }
        for one in recipes().values()
    ]


def versions(shop: Shop, name: str) -> list[Saved]:
    """Every version of it; a page that is not there where there is none."""
    found = shop.journey_versions(name)
    if not found:
        raise NotFoundException
    return found

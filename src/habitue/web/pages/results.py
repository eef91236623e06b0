"""`/journeys/{name}/results`: what a journey came to, and who was not written to."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from habitue.app import Shop
from habitue.app.results import Results
from habitue.journeys.graph import Journey
from habitue.journeys.roles import Act, Message
from habitue.journeys.writing import body
from habitue.kernel import clock
from habitue.kernel.clock import DAY
from habitue.kernel.i18n import N_, spelt
from habitue.messaging.outbox import Told
from habitue.messaging.reasons import GUARDS, STATES, sentence
from habitue.people import identities, profiles
from habitue.web import charts
from habitue.web.charts import Bar, Spec
from habitue.web.itinerary import Itinerary
from habitue.web.page import Asked, link, only, page, reader
from habitue.web.pages.journeys import DAYS, passed, standing, versions
from habitue.web.pages.journeys import STATES as STANDING
from habitue.web.saying import names
from habitue.web.verdict import verdict
from habitue.web.words import Words

PERIODS: Final = (7, 30, 90, 365)
MOST: Final = 50
_GONE: Final = frozenset(("sent", "bounced", "unknown"))
_WAITING: Final = frozenset(("wanted", "held", "sending"))


@get("/journeys/{name:str}/results", sync_to_thread=True)
def show(
    request: Asked, shop: NamedDependency[Shop], name: FromPath[str], days: FromQuery[int] = DAYS
) -> Response[str]:
    """Step by step: who came, what was sent, what came of it; and what it changed."""
    only(request, "days")
    length = days if days in PERIODS else DAYS
    words, now = reader(request, shop), clock.now()
    saved = versions(shop, name)
    shown = next((one for one in saved if one.live), saved[-1])
    figures = shop.journey_figures(saved, now, length)
    result = shop.results(f"journey:{name}", now - length * DAY, now)
    told = _titled(shop, shown.journey, words)
    steps = passed(shown, saved, figures)
    return page(
        request,
        shop,
        "results.html",
        own=shown,
        state=STANDING[standing(name, shop.journey_states(), shown)],
        figures=figures,
        result=result,
        share=figures.converted / figures.entered if figures.entered else None,
        days=length,
        periods=[(link(f"/journeys/{name}/results", days=one), _period(one, words)) for one in PERIODS],
        steps=[(one.id, told[one.id], steps[one.id]) for one in shown.journey.every() if one.id in steps],
        chart=_chart(shown.journey, told, steps, words),
        sends=[(one, told.get(one, one), _sent(result, one)) for one in _sending(shown.journey, result)],
        stopped=_stopped(result, told, name, length, words),
        verdict=verdict(result, figures, words, length),
        windows=tuple(
            spelt(one, words.language) if one else ""
            for one in (result.windows.click, result.windows.delivery)
        ),
    )


@get("/journeys/{name:str}/results/customers", sync_to_thread=True)
def people(
    request: Asked,
    shop: NamedDependency[Shop],
    name: FromPath[str],
    step: FromQuery[str],
    became: FromQuery[str],
    reason: FromQuery[str] = "",
    days: FromQuery[int] = DAYS,
) -> Response[str]:
    """Who was not written to at a step for a reason, or was; the latest."""
    only(request, "step", "became", "reason", "days")
    if became not in STATES:
        raise NotFoundException
    words, own = reader(request, shop), versions(shop, name)[-1].journey
    days = days if days in PERIODS else DAYS
    since = clock.now() - days * DAY
    rows = shop.stopped(f"journey:{name}", step, became, reason or None, since, MOST)
    whole = identities.wholes(shop.warehouse, [person for person, _ in rows])
    known = profiles.known(shop.warehouse, sorted(set(whole.values())))
    told = [(whole.get(person, person), one.changed, _last(one, words)) for person, one in rows]
    return page(
        request,
        shop,
        "stopped.html",
        own=own,
        days=days,
        title=words.say(GUARDS[reason] if reason in GUARDS else STATES[became]),
        step=_titled(shop, own, words).get(step, step),
        rows=[(person, known[person], at, why) for person, at, why in told if person in known],
        most=MOST,
    )


def _last(one: Told, words: Words) -> str:
    """The last decision about a message, as a sentence."""
    line = one.lines[-1]
    return sentence(line.state, line.reason, line.fields, words.say, words.time)


def _period(days: int, words: Words) -> str:
    return words.say.n("{n} day", "{n} days", days)


def _titled(shop: Shop, journey: Journey, words: Words) -> dict[str, str]:
    """What each step is and says, by its id: two of a kind are told apart by what they send."""
    told = Itinerary(words, names(shop, words.language))
    plain = {str(one.get("id")): one for one in _flat(body(journey)["steps"])}
    found = {}
    for step in journey.every():
        line, sends = told.line(plain[step.id]), plain[step.id].get("is") == "send"
        parts = [] if sends else [words.say(step.does.title)]
        found[step.id] = " · ".join(filter(None, [*parts, line]))
    return found


def _flat(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    inside = [
        deeper for one in steps for way in one.get("branches", []) for deeper in _flat(way.get("steps", []))
    ]
    return [*steps, *inside]


def _chart(
    journey: Journey, told: dict[str, str], steps: dict[str, dict[str, int]], words: Words
) -> Spec | None:
    """How many came to which step, and are there still; None where nobody came."""
    bars = [
        Bar(
            told[one.id],
            steps[one.id]["in"],
            min(steps[one.id]["there"], steps[one.id]["in"]),
            words.number(steps[one.id]["in"]),
            words.say(
                N_("{step}: {came} came, {there} are here now"),
                step=told[one.id],
                came=words.number(steps[one.id]["in"]),
                there=words.number(steps[one.id]["there"]),
            ),
        )
        for one in journey.every()
        if one.id in steps
    ]
    return charts.funnel(bars, charts.ACCENT) if any(one.n for one in bars) else None


def _sending(journey: Journey, result: Results) -> list[str]:
    """The steps that send, and those of earlier versions of which there is something to be told."""
    own = [
        step.id
        for step in journey.every()
        if isinstance(step.does, Act) and isinstance(step.does.deed(), Message)
    ]
    earlier = {step for step, *_ in result.messages} | {step for step, _ in result.reactions}
    return [*own, *sorted(earlier - {*own})]


def _sent(result: Results, step: str) -> dict[str, int]:
    """What became of a step's messages: what left, what arrived as far as is known, and what came of it."""
    count = {what: result.reactions.get((step, what), 0) for what in _MET}
    left, back = result.count(step, *_GONE), result.count(step, "bounced")
    return count | {
        "left": left,
        "arrived": max(0, left - back),
        "back": back,
        "waiting": result.count(step, *_WAITING),
    }


_MET: Final = ("clicked", "scanned", "opened", "fetched", "unsubscribed", "complained")


def _stopped(
    result: Results, told: dict[str, str], name: str, days: int, words: Words
) -> list[tuple[str, str, int, str]]:
    """What was not sent at which step, for which reason, how often, and where to see to whom."""
    rows = []
    for (step, state_, reason), n in sorted(result.messages.items(), key=lambda one: -one[1]):
        if state_ in ("skipped", "expired", "failed", "unknown", "bounced"):
            why = words.say(GUARDS[reason] if reason in GUARDS else STATES[state_])
            path = f"/journeys/{name}/results/customers"
            to = link(path, step=step, became=state_, reason=reason, days=days)
            rows.append((told.get(step, step), why, n, to))
    return rows

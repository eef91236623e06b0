"""`/campaigns/{name}`: how a broadcast goes, or went, and what can be done with it."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath, FromQuery
from msgspec import structs

from habitue.app import Shop
from habitue.app.broadcasts import Course
from habitue.broadcasts.shape import Broadcast, from_body
from habitue.broadcasts.state import STATES
from habitue.kernel import clock
from habitue.kernel.clock import DAY
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.reasons import GUARDS
from habitue.messaging.reasons import STATES as MESSAGES
from habitue.people import profiles
from habitue.people.keys import bare
from habitue.store.broadcasts import Kept, Turn
from habitue.web import flash
from habitue.web.gate import by
from habitue.web.itinerary import Itinerary
from habitue.web.page import Asked, only, page, reader
from habitue.web.pages.campaigns import TONES
from habitue.web.saying import meant, names
from habitue.web.words import Words

Form: TypeAlias = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]

DONE: Final = {
    "send": N_("It goes out at its time."),
    "recall": N_("It is a draft again: nothing is sent."),
    "pause": N_("Paused: nothing more of it is sent."),
    "resume": N_("The broadcast goes on."),
    "cancel": N_("Cancelled: who has not got it doesn’t."),
    "choose": N_("The others get the variant that you chose."),
    "drop": N_("The draft is gone."),
}


@get("/campaigns/{name:str}", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop], name: FromPath[str]) -> Response[Any]:
    """How it goes, or went; a draft is shown as what it says."""
    only(request)
    kept, words = found_(shop, name), reader(request, shop)
    one, now = from_body(kept.body), clock.now()
    course = shop.broadcast_course(kept, now)
    begun = kept.state not in ("draft", "scheduled")
    since = (kept.starts or kept.made) - DAY
    return page(
        request,
        shop,
        "campaign.html",
        kept=kept,
        own=one,
        state=(words.say(STATES[kept.state]), TONES[kept.state]),
        told=_told(kept, one, words),
        summary=summary(shop, one, kept, words),
        begun=begun,
        figures=_figures(course) if begun else None,
        reasons=_reasons(course, words),
        variants=_variants(one, course, words),
        winner=kept.winner,
        outcome=shop.results(one.origin, since, now) if begun else None,
        windows=[long(text, words) for text in structs.astuple(shop.attribution())],
        turns=[_turned(turn, words) for turn in reversed(course.turns)],
    )


def _figures(course: Course) -> dict[str, int]:
    sent = course.among("sent", "bounced", "unknown")
    waiting = course.among("wanted", "held", "sending") + course.left
    return {
        "recipients": course.recipients,
        "sent": sent,
        "stopped": course.among("skipped", "failed", "expired"),
        "waiting": waiting,
        "done": course.recipients - waiting,
        "bounced": course.among("bounced"),
        "clicks": sum(one.clicks for one in course.results),
        "orders": sum(one.orders for one in course.results),
    }


def _reasons(course: Course, words: Words) -> list[dict[str, Any]]:
    """Who did not get it, and why: most first."""
    some = [
        (n, state, reason)
        for (state, reason), n in course.tally.items()
        if state in ("skipped", "failed", "expired", "held", "bounced", "unknown")
    ]
    return [
        {
            "n": n,
            "state": state,
            "reason": reason or "",
            "name": words.say(GUARDS[reason]) if reason in GUARDS else words.say(MESSAGES[state]),
            "waits": state == "held",
        }
        for n, state, reason in sorted(some, reverse=True, key=lambda each: each[0])
    ]


def _variants(one: Broadcast, course: Course, words: Words) -> list[dict[str, Any]]:
    return [
        {
            "id": each.variant,
            "template": next(v.template for v in one.variants if v.id == each.variant),
            "reached": each.reached,
            "clicks": each.clicks,
            "orders": each.orders,
            "click_rate": words.percent(each.clicks / each.reached) if each.reached else "–",
            "order_rate": words.percent(each.orders / each.reached) if each.reached else "–",
        }
        for each in course.results
    ]


_WHY: Final = {
    "clear": N_("Variant {id} did clearly better; the others get it."),
    "tie": N_("The variants did about equally well, so the others get the first one, {id}."),
    "few": N_("Too few reacted to tell, so the others get the first one, {id}."),
    "chosen": N_("Somebody chose variant {id} for the others."),
}


def _told(kept: Kept, one: Broadcast, words: Words) -> tuple[str, str] | None:
    """What there is to say of how it stands, and in which tone."""
    say, why = words.say, kept.told.get("why")
    if kept.state == "draft" and why == "late":
        return say(N_("It should have gone out while nobody served the shop, more than a day ago.")), "note"
    if kept.state == "draft" and why == "template":
        return say(N_("Its message was not live any more when its time came: nothing was sent.")), "note"
    if kept.state == "asking":
        text = {
            "tie": N_("The variants did about equally well. Which one are the others to get?"),
            "few": N_("Too few reacted to tell which variant is better. Which one are the others to get?"),
        }
        return say(text.get(str(why), text["tie"])), "note"
    if kept.winner is not None and why in _WHY and len(one.variants) > 1:
        return say(_WHY[str(why)], id=kept.winner), "info"
    return None


def summary(shop: Shop, one: Broadcast, kept: Kept | None, words: Words) -> list[tuple[str, str]]:
    """What it says, a line for each thing: to whom, what, when, how fast."""
    say = words.say
    lines = [(say(N_("For whom")), audience(shop, one.to, words) or "–")]
    lines += [(say(N_("Except")), audience(shop, rule, words)) for rule in one.without if rule]
    titles = {each.template.slug: each.template.title for each in shop.templates()}
    what = [titles.get(each.template, each.template) for each in one.variants if each.template]
    lines.append((say(N_("Message")), ", ".join(what) or "–"))
    starts = kept.starts if kept is not None and kept.state != "draft" else None
    if one.at:
        at = words.time(clock.instant(one.at, words.zone))
        own = N_("{time}, on each customer’s own clock")
        lines.append((say(N_("When")), say(own, time=at) if one.clock == "customer" else at))
    else:
        lines.append((say(N_("When")), words.time(starts) if starts else say(N_("at once"))))
    if one.pace:
        count, _, per = one.pace.partition("/")
        text = N_("{n} a minute at most") if per.strip() == "m" else N_("{n} an hour at most")
        lines.append((say(N_("Pace")), say(text, n=count.strip())))
    if one.holdout:
        lines.append((say(N_("Control group")), words.percent(one.holdout)))
    if one.trial is not None and len(one.variants) > 1:
        text = N_("{share} try the variants; the one with most {metric} after {length} goes to the others")
        metric = say(N_("clicks") if one.trial.by == "clicks" else N_("orders"))
        share = words.percent(one.trial.share, "#,##0%")
        lines.append(
            (say(N_("Test")), say(text, share=share, metric=metric, length=long(one.trial.after, words)))
        )
    return lines


def long(text: str, words: Words) -> str:
    """A length as people say it; what is none stays as it was written."""
    return Itinerary(words, {}).length(text) if text else "–"


def audience(shop: Shop, rule: str, words: Words) -> str:
    """A rule as a sentence, or as it stands where it can't be read."""
    if not rule.strip():
        return ""
    try:
        found = meant(shop.segment(rule).rule, words, names(shop, words.language))
    except UserError:
        return rule
    return " ".join([found.line, *found.parts])


def _turned(turn: Turn, words: Words) -> dict[str, Any]:
    return {"state": words.say(STATES[turn.state]), "at": turn.at, "by": turn.by, "tone": TONES[turn.state]}


@post("/campaigns/{name:str}", sync_to_thread=True, status_code=303)
def steer(request: Asked, shop: NamedDependency[Shop], name: FromPath[str], data: Form) -> Response[Any]:
    """Send it, take it back, pause, resume, cancel or copy it, choose its variant, or drop the draft."""
    found_(shop, name)
    who, (act, _, rest) = by(request), str(data.get("do", "")).partition(":")
    if act == "copy":
        made = shop.copy_broadcast(name, who)
        return flash.done(f"/campaigns/{made.slug}/edit", N_("A draft that says the same."), "info")
    shop.steer_broadcast(name, act, who, rest)
    request.app.state.mend()  # whoever brings it forward looks at once
    return flash.done("/campaigns" if act == "drop" else f"/campaigns/{name}", DONE[act])


@get("/campaigns/{name:str}/people", sync_to_thread=True)
def people(
    request: Asked,
    shop: NamedDependency[Shop],
    name: FromPath[str],
    guard: FromQuery[str] = "",
    what: FromQuery[str] = "",
) -> Response[Any]:
    """Some of those who did not get it for a reason, or would not."""
    only(request, "guard", "what")
    kept, words = found_(shop, name), reader(request, shop)
    if kept.state in ("draft", "scheduled"):
        numbers = list(shop.broadcast_funnel(from_body(kept.body)).people.get(guard, ()))
    else:
        numbers = shop.broadcast_people(kept, what, guard or None)
    title = GUARDS.get(guard) or MESSAGES.get(what)
    if title is None:
        raise NotFoundException
    return page(
        request,
        shop,
        "campaign-people.html",
        kept=kept,
        own=from_body(kept.body),
        title=words.say(title),
        people=_called(shop, numbers),
        guard=guard,
    )


def _called(shop: Shop, numbers: list[int]) -> list[tuple[int, str]]:
    known = profiles.people(shop.warehouse, numbers)
    return [(one, known[one].name or bare(known[one].key)) for one in numbers if one in known]


def found_(shop: Shop, name: str) -> Kept:
    found = next((kept for kept in shop.broadcasts() if kept.slug == name), None)
    if found is None:
        raise NotFoundException
    return found

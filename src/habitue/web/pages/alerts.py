"""`/alerts`: what the team is told by itself: what is under way, every alert, what became of each."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from habitue.alerts.alert import EVERY, HOOK, Alert
from habitue.alerts.kept import to_toml
from habitue.alerts.saying import Speech
from habitue.app import Shop, herald
from habitue.app.alerts import Watched, reading
from habitue.app.channels import EMAIL
from habitue.kernel import clock
from habitue.kernel.clock import DAY, HOUR, LAST, WEEK, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.number import Number
from habitue.store import incidents
from habitue.store.incidents import Incident, Told
from habitue.web import flash
from habitue.web.course import course
from habitue.web.gate import by, who
from habitue.web.page import Asked, only, page, reader
from habitue.web.pages.watch import starts
from habitue.web.words import Words

Form: TypeAlias = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]

NEAR: Final = 28
"""Days that the picture of an incident shows."""

SNOOZES: Final = (
    ("hour", N_("for an hour"), HOUR),
    ("day", N_("for a day"), DAY),
    ("week", N_("for a week"), WEEK),
    ("over", N_("until it is over"), 0),
)
WHATS: Final = {
    "begun": N_("it began"),
    "worse": N_("it got worse"),
    "still": N_("it was still so"),
    "over": N_("it was over"),
}
STATES: Final = {
    "due": N_("on its way"),
    "sent": N_("sent"),
    "failed": N_("failed"),
    "dropped": N_("not sent: it was no news any more"),
}
_MUTED: Final = N_("“{name}” tells nothing until it is unmuted. It goes on looking.")
_UNMUTED: Final = N_("“{name}” tells again.")
_REMOVED: Final = N_("“{name}” looks no more.")
_SNOOZED: Final = N_("Nobody is told more of it for now.")
_WOKEN: Final = N_("You are told of it again.")
_HOOKED: Final = N_("The webhook “{name}” is ready.")
_UNHOOKED: Final = N_("Nothing is told to the webhook “{name}” any more.")
_ANSWERED: Final = N_("The webhook “{name}” took it.")
_REFUSED: Final = N_("The webhook “{name}” didn’t take it: {answer}")


@get("/alerts", sync_to_thread=True)
def index(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """What is under way first, then every alert; who looks has seen what was told."""
    only(request)
    now, words = clock.now(), reader(request, shop)
    speech, found = shop.speech(words.language), shop.alerts()
    open_ = [_open(shop, one, one.incident, speech, words, now) for one in found if one.incident]
    answer = page(
        request,
        shop,
        "alerts.html",
        open=open_,
        rows=[_row(one, speech, words) for one in found],
        **starts(words, {one.alert.id for one in found}),
        hooks=incidents.hooks(shop.ops),
        snoozes=SNOOZES,
        mail=EMAIL in shop.channels(),
    )
    shop.alerts_seen(who(request, shop), now)
    return answer


@get("/alerts/{name:str}", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop], name: FromPath[str]) -> Response[str]:
    """One alert: its figure over the last ninety days, and every incident with what was told of it."""
    only(request)
    now, words = clock.now(), reader(request, shop)
    one, speech = shop.alert(name), shop.speech(words.language)
    found = shop.replay_alert(one.alert, now)
    past = incidents.incidents(shop.ops, name)
    told = incidents.told(shop.ops, [each.id for each in past])
    return page(
        request,
        shop,
        "alert.html",
        own=_row(one, speech, words),
        open=_open(shop, one, one.incident, speech, words, now) if one.incident else None,
        course=course(one.alert, found.at, found.readings, found.spells, speech, words),
        why=speech.why(one.alert, found.readings[-1]) if found.readings else "",
        headline=speech.headline(one.alert, found.readings[-1]) if found.readings else "",
        past=[_past(each, told[each.id], one.alert, speech, words) for each in past],
        facts=_facts(one.alert, speech, words),
        toml=to_toml(one.alert),
        snoozes=SNOOZES,
    )


@post("/alerts/{name:str}", sync_to_thread=True, status_code=303)
def steer(request: Asked, shop: NamedDependency[Shop], name: FromPath[str], data: Form) -> Response[Any]:
    """Mute it, unmute it, or let it look no more."""
    title, act = shop.alert(name).alert.title, data.get("do", "")
    if act in ("mute", "unmute"):
        shop.mute_alert(name, by(request), on=act == "mute")
        return flash.done(f"/alerts/{name}", _MUTED if act == "mute" else _UNMUTED, name=title)
    if act == "remove":
        shop.remove_alert(name, by(request))
        return flash.done("/alerts", _REMOVED, name=title)
    raise UserError(N_("Choose one of: {known}."), known="mute, unmute, remove")


@post("/alerts/-/incidents/{number:int}", sync_to_thread=True, status_code=303)
def snooze(request: Asked, shop: NamedDependency[Shop], number: Number, data: Form) -> Response[Any]:
    """Be told nothing of an incident for a while, or again."""
    now, wish = clock.now(), data.get("for", "")
    lengths = {name: length for name, _, length in SNOOZES}
    if wish == "none":
        shop.snooze_incident(number, None, by(request), now)
        return flash.done("/alerts", _WOKEN)
    if wish not in lengths:
        raise UserError(N_("Choose one of: {known}."), known=", ".join([*lengths, "none"]))
    shop.snooze_incident(number, now + lengths[wish] if lengths[wish] else LAST, by(request), now)
    return flash.done("/alerts", _SNOOZED)


@post("/alerts/-/hooks", sync_to_thread=True, status_code=303)
def hook(request: Asked, shop: NamedDependency[Shop], data: Form) -> Response[Any]:
    """Name a webhook of a channel of the team's, try it, or let it go."""
    now, name = clock.now(), data.get("name", "").strip()
    match data.get("do", "add"):
        case "end":
            herald.end_hook(shop, name, by(request), now)
            return flash.done("/alerts", _UNHOOKED, name=name)
        case "try":
            outcome = herald.try_hook(shop, name, now)
            if outcome.state == "sent":
                return flash.done("/alerts", _ANSWERED, name=name)
            return flash.done("/alerts", _REFUSED, "bad", name=name, answer=outcome.answer[:200])
    herald.add_hook(shop, name, data.get("url", "").strip(), by(request), now)
    return flash.done("/alerts", _HOOKED, name=name)


def _open(
    shop: Shop, one: Watched, incident: Incident, speech: Speech, words: Words, now: Micros
) -> dict[str, Any]:
    """An incident under way, with its picture."""
    alert, last = one.alert, reading(incident.last)
    assert last is not None
    found = shop.replay_alert(alert, now, NEAR)
    return {
        "id": incident.id,
        "slug": alert.id,
        "title": alert.title,
        "headline": speech.headline(alert, last),
        "why": speech.why(alert, last),
        "begun": incident.begun,
        "fine": incident.fine,
        "snoozed": incident.snoozed,
        "endless": incident.snoozed == LAST,
        "asleep": incident.snoozed is not None and incident.snoozed > now,
        "snoozed_by": incident.snoozed_by or "",
        "muted": one.state.muted is not None,
        "behind": alert.watch.behind(incident.begun - _span(alert), now),
        "course": course(alert, found.at, found.readings, found.spells, speech, words),
    }


def _span(alert: Alert) -> Micros:
    span = alert.watch.span()
    return clock.duration(span) if span else 0


def _row(one: Watched, speech: Speech, words: Words) -> dict[str, Any]:
    """An alert in a line."""
    alert, last = one.alert, one.reading
    state = (N_("quiet"), "good")
    if one.state.muted is not None:
        state = (N_("muted"), "")
    elif one.incident is not None:
        state = (N_("under way"), "bad")
    elif last is None:
        state = (N_("not looked at yet"), "")
    elif last.on is None:
        state = (N_("not known yet"), "note")
    return {
        "id": alert.id,
        "title": alert.title,
        "about": alert.about,
        "icon": alert.watch.icon,
        "what": speech.what(alert),
        "when": speech.when(alert),
        "state": state,
        "value": speech.figure(alert.watch.form, last.value) if last else "–",
        "looked": one.state.looked,
        "to": _targets(alert, words),
        "muted": one.state.muted,
        "muted_by": one.state.muted_by or "",
        "by": one.saved.by,
        "number": one.saved.number,
    }


def _targets(alert: Alert, words: Words) -> list[str]:
    hooked = N_("webhook {name}")
    return [
        words.say(hooked, name=one.removeprefix(HOOK)) if one.startswith(HOOK) else one for one in alert.to
    ]


def _facts(alert: Alert, speech: Speech, words: Words) -> list[tuple[str, str]]:
    """How it is settled, in words."""
    say, looked = words.say, words.say(EVERY[alert.every])
    if alert.every == "day":
        looked = say(N_("once a day, at {time}"), time=alert.at)
    found = [
        (say(N_("Watches")), speech.what(alert)),
        (say(N_("Tells")), speech.when(alert)),
        (say(N_("Is looked at")), looked),
        (say(N_("To whom")), ", ".join([say(N_("in the app")), *_targets(alert, words)])),
    ]
    if alert.quiet:
        start, stop = alert.quiet.split("-")
        quiet = say(N_("from {start} to {stop}"), start=start, stop=stop)
        found.append((say(N_("Nobody is disturbed")), quiet))
    if alert.owner:
        found.append((say(N_("Answers for it")), alert.owner))
    return found


def _past(one: Incident, told: list[Told], alert: Alert, speech: Speech, words: Words) -> dict[str, Any]:
    first = reading(one.first)
    assert first is not None
    return {
        "begun": one.begun,
        "length": words.days((one.ended - one.begun) / DAY) if one.ended else "",
        "headline": speech.headline(alert, first),
        "told": [
            (
                words.say(WHATS[each.what]),
                each.at,
                [
                    (target.removeprefix(HOOK), words.say(STATES[state]), answer)
                    for target, state, answer in each.sent
                ],
            )
            for each in told
        ],
    }

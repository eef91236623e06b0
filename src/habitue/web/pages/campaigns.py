"""`/campaigns`: one message to many: the list, the calendar, and what to begin with."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Final, TypeAlias

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery

from habitue.app import Shop
from habitue.broadcasts.shape import Broadcast, from_body
from habitue.broadcasts.state import STATES
from habitue.kernel import clock
from habitue.kernel.clock import moment
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.period import Period, day_of, month_of, parse
from habitue.store.broadcasts import Kept
from habitue.web import flash
from habitue.web.gate import by
from habitue.web.page import Asked, only, page, reader
from habitue.web.words import Words

Form: TypeAlias = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]

TONES: Final = {
    "scheduled": "info",
    "sending": "good",
    "asking": "note",
    "paused": "note",
    "finished": "",
    "cancelled": "",
    "draft": "",
}
IDEAS: Final = {
    "prospect": (N_("A first order"), N_("What makes you different, and a reason to try it now.")),
    "qualified": (N_("What speaks for you"), N_("Answers to what people ask before they buy.")),
    "new": (N_("The second order"), N_("What goes well with what they bought first.")),
    "active": (N_("News"), N_("What is new, for those who know you.")),
    "loyal": (N_("First pick"), N_("Let your best customers choose before the others.")),
    "at_risk": (N_("We thought of you"), N_("A reason to come by again, before the habit is lost.")),
    "dormant": (N_("It has been a while"), N_("What has changed since, and a small welcome back.")),
    "lost": (N_("A last word"), N_("Ask whether they still want to hear from you.")),
    "reactivated": (N_("Good to see you again"), N_("Thank those who came back.")),
}
"""One suggestion for each stage: what the message could be, and what it says."""


@get("/campaigns", sync_to_thread=True)
def index(request: Asked, shop: NamedDependency[Shop], month: FromQuery[str] = "") -> Response[str]:
    """The list with what came of each, or the calendar of a month."""
    only(request, "month")
    words, found = reader(request, shop), shop.broadcasts()
    shown = _month(month) if month else None
    return page(
        request,
        shop,
        "campaigns.html",
        rows=[] if month else _rows(shop, found, words),
        ideas=_ideas(shop, words),
        month=month,
        shown=shown,
        weeks=_weeks(found, shown, words) if shown else [],
        around=(shown.ago(), shown.ago(-1)) if shown else (),
        here_now=str(month_of(day_of(clock.now(), shop.settings.timezone))),
        some=bool(found),
    )


def _rows(shop: Shop, found: list[Kept], words: Words) -> list[dict[str, Any]]:
    brought = shop.brought(min((kept.starts for kept in found if kept.starts), default=None))
    rows = []
    for kept in found:
        one = from_body(kept.body)
        tally = _tally(shop, kept)
        revenue, orders, clicks = brought.get(one.origin, (0, 0, 0))
        rows.append(
            {
                "slug": kept.slug,
                "name": one.title,
                "state": (words.say(STATES[kept.state]), TONES[kept.state]),
                "when": kept.starts or kept.changed,
                "sent": sum(tally.get(state, 0) for state in ("sent", "bounced", "unknown")),
                "delivered": tally.get("sent", 0),
                "clicks": clicks,
                "orders": orders,
                "revenue": words.money(revenue) if orders else "–",
                "draft": kept.state == "draft",
            }
        )
    return rows


def _tally(shop: Shop, kept: Kept) -> dict[str, int]:
    """Messages by state: of one that is over as they were then, of one under way as they are."""
    if kept.state in ("draft", "scheduled"):
        return {}
    told = kept.told.get("tally")
    rows = [(state, n) for _, state, _, n in _flat(told)] if told is not None else shop.broadcast_tally(kept)
    found: dict[str, int] = {}
    for state, n in rows:
        found[state] = found.get(state, 0) + n
    return found


def _flat(told: list[list[Any]]) -> list[tuple[Any, ...]]:
    return [tuple(one) for one in told]


def _ideas(shop: Shop, words: Words) -> list[dict[str, str]]:
    """One suggestion for each stage of the shop's first model."""
    model = shop.models()[0]
    return [
        {
            "stage": stage.id,
            "called": stage.name.said(words.language),
            "name": words.say(IDEAS[stage.canonical][0]),
            "about": words.say(IDEAS[stage.canonical][1]),
        }
        for stage in (model.stages[place] for place in model.shown)
        if stage.canonical in IDEAS
    ]


# --- the calendar ---------------------------------------------------------------------------------


def _month(text: str) -> Period:
    found = parse(text)
    if found.months != 1:
        raise UserError(N_("“{month}” is no month. Write it as 2026-11."), month=text[:20])
    return found


def _weeks(found: list[Kept], month: Period, words: Words) -> list[list[dict[str, Any]]]:
    """The weeks of a month from Monday on, with what begins on each day."""
    first = month.first
    day = first - timedelta(days=first.weekday())
    by_day: dict[date, list[dict[str, Any]]] = {}
    for kept in found:
        if kept.starts is not None and kept.state != "draft":
            at = moment(kept.starts, words.zone)
            told = {
                "slug": kept.slug,
                "name": from_body(kept.body).title,
                "starts": kept.starts,
                "time": words.hour(kept.starts),
                "tone": TONES[kept.state],
                "state": words.say(STATES[kept.state]),
            }
            by_day.setdefault(at.date(), []).append(told)
    weeks = []
    while day < first or day.month == first.month or day.weekday():
        if not day.weekday():
            weeks.append(list[dict[str, Any]]())
        some = sorted(by_day.get(day, []), key=lambda one: int(one["starts"]))
        said = words.calendar(day.isoformat())
        weeks[-1].append({"day": day.day, "said": said, "inside": day.month == first.month, "all": some})
        day += timedelta(days=1)
    return weeks


# --- one of them ----------------------------------------------------------------------------------


@post("/campaigns/new", sync_to_thread=True, status_code=303)
def begin(request: Asked, shop: NamedDependency[Shop], data: Form) -> Response[Any]:
    """A draft: to a stage with what is suggested for it, to a segment, or to nobody yet."""
    words, stage, to = reader(request, shop), str(data.get("stage", "")), str(data.get("to", ""))
    title, model = words.say(N_("New broadcast")), shop.models()[0]
    chosen = next((one for one in model.stages if one.id == stage), None)
    if chosen is not None:
        to = f'stage("{model.id}") == "{chosen.id}"'
        title = words.say(IDEAS[chosen.canonical][0]) if chosen.canonical in IDEAS else title
    slug = shop.free_broadcast(f"{chosen.id}" if chosen else "broadcast")
    shop.keep_broadcast(Broadcast(slug, title, to), by(request))
    return flash.done(f"/campaigns/{slug}/edit", N_("A draft: nothing is sent until you say so."), "info")

"""`/settings/deliverability`: whether mails arrive, what DNS says, and how many call them spam."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body

from habitue.app import Shop
from habitue.app.repute import worst
from habitue.kernel import clock
from habitue.kernel.clock import DAY
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging import repute as rules
from habitue.messaging.domain import TITLES
from habitue.messaging.mailbox import NAMES
from habitue.messaging.repute import Rate
from habitue.web import charts, flash
from habitue.web.charts import Spec
from habitue.web.gate import by
from habitue.web.page import Asked, only, page, reader
from habitue.web.pages.settings import rooms
from habitue.web.words import Words

PATH: Final = "/settings/deliverability"
WEEK, MONTH = 7, 30
Filled = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
LOOKED: Final = N_("Looked at again.")
RESUMED: Final = N_("Marketing goes on.")
_COLOUR: Final = "#4f46e5"


@get(PATH, sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """What was found last, and the shares of the last weeks; nothing is looked up meanwhile."""
    only(request)
    return _page(request, shop)


@post(PATH, sync_to_thread=True, status_code=303)
def change(request: Asked, shop: NamedDependency[Shop], data: Filled) -> Response[Any]:
    """Look again, or let marketing go on."""
    try:
        if data.get("do") == "resume":
            shop.resume_marketing(by(request), data.get("why", ""))
            return flash.done(PATH, RESUMED)
        shop.check_domain(by(request))
    except UserError as error:
        return _page(request, shop, error.say(reader(request, shop).say))
    return flash.done(PATH, LOOKED)


def _page(request: Asked, shop: Shop, wrong: str = "") -> Response[str]:
    words, now = reader(request, shop), clock.now()
    looked, week = shop.domain_checked(), shop.rates(WEEK, now)
    daily = shop.daily_rates(MONTH, now)
    return page(
        request,
        shop,
        "repute.html",
        400 if wrong else 200,
        rooms=rooms(request, shop, words),
        wrong=wrong,
        sender=shop.mail_sender(),
        looked=looked,
        titles=TITLES,
        state=worst(looked.checks) if looked else "",
        week=rules.whole(week),
        month=rules.whole(shop.rates(MONTH, now)),
        rates=[(NAMES.get(one.provider, ""), one, _tone(one)) for one in week],
        chart=_chart(daily, now, words) if daily else None,
        days=[(words.date(day * DAY), one) for day, one in sorted(daily.items())],
        tone=_tone,
        limits={
            "warn": words.percent(rules.WARN),
            "stop": words.percent(rules.STOP),
            "back": words.percent(rules.BACK, "#,##0%"),
            "least": words.number(rules.LEAST),
        },
    )


def _tone(one: Rate) -> str:
    """How a share of complaints looks: bad from where it stops, note from where one should worry."""
    if not one.sent or not one.known:
        return ""
    return "bad" if one.complaints >= rules.STOP else "note" if one.complaints >= rules.WARN else "good"


def _chart(daily: dict[int, Rate], now: int, words: Words) -> Spec:
    last = now // DAY
    days = range(last - MONTH + 1, last + 1)
    found = [daily.get(day) for day in days]
    starts = [words.date(day * DAY) for day in days]
    tips = [
        words.say(
            N_("{day}: {n} mails, {spam} called spam ({share})"),
            day=start,
            n=words.number(one.sent if one else 0),
            spam=words.number(one.spam if one else 0),
            share=words.percent(one.complaints if one else 0.0, "#,##0.00%"),
        )
        for start, one in zip(starts, found, strict=True)
    ]
    limits = [
        (rules.WARN, words.say(N_("should stay under {share}"), share=words.percent(rules.WARN)), "#d97706"),
        (rules.STOP, words.say(N_("marketing stops at {share}"), share=words.percent(rules.STOP)), "#dc2626"),
    ]
    return charts.limited([one.complaints if one else None for one in found], starts, tips, limits, _COLOUR)

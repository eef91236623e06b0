"""`/settings/deliverability`: whether mails arrive, what DNS says, and how many call them spam."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body

from habitue.app import Shop
from habitue.app.repute import worst
from habitue.kernel import clock
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
_AMBER, _RED = "var(--note)", "var(--bad)"
_NONE: Final = Rate("", 0, 0, 0)


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
        opens=shop.sending_rules().opens,
        titles=TITLES,
        state=worst(looked.checks) if looked else "",
        week=rules.whole(week),
        month=rules.whole(shop.rates(MONTH, now)),
        rates=[(NAMES.get(one.provider, ""), one, _tone(one)) for one in week],
        charts=_charts(daily, now, words) if daily else None,
        days=[(words.calendar(day.isoformat()), one) for day, one in daily.items()],
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


def _charts(daily: dict[date, Rate], now: int, words: Words) -> dict[str, Spec]:
    """What was called spam and what came back, of each day's mails, beside what mailboxes allow."""
    last = clock.moment(now, words.zone).date()
    days = [last - timedelta(days=MONTH - 1 - n) for n in range(MONTH)]
    found = [daily.get(day, _NONE) for day in days]
    ticks = [words.calendar(day.isoformat()) for day in days]
    under, stops = N_("should stay under {share}"), N_("marketing stops at {share}")

    def drawn(told: str, share: Callable[[Rate], tuple[int, float]], *limits: tuple[float, str, str]) -> Spec:
        tips = [
            words.say(
                told,
                day=tick,
                n=words.number(one.sent),
                some=words.number(share(one)[0]),
                share=words.percent(share(one)[1], "#,##0.00%"),
            )
            for tick, one in zip(ticks, found, strict=True)
        ]
        lines = [(limit, words.say(text, share=words.percent(limit)), tone) for limit, text, tone in limits]
        shares = [share(one)[1] if one.sent else None for one in found]
        return charts.limited(shares, ticks, tips, lines, charts.ACCENT)

    return {
        "spam": drawn(
            N_("{day}: {n} mails, {some} called spam ({share})"),
            lambda one: (one.spam, one.complaints),
            (rules.WARN, under, _AMBER),
            (rules.STOP, stops, _RED),
        ),
        "back": drawn(
            N_("{day}: {n} mails, {some} came back ({share})"),
            lambda one: (one.back, one.bounces),
            (rules.BACK, under, _AMBER),
        ),
    }

"""What a journey came to, as `/api/v1/journeys/{journey}/results` and `habitue journeys results` tell it."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any, Final

from babel.numbers import format_decimal, format_percent
from msgspec import to_builtins

from habitue.api import command as commands
from habitue.api import shapes
from habitue.api.answer import Answer, Facts
from habitue.api.perform import Asked, perform
from habitue.app import Shop
from habitue.app.results import Contrast, Results
from habitue.kernel import clock, money
from habitue.kernel.clock import DAY, Micros
from habitue.kernel.i18n import N_, spelt
from habitue.messaging.reasons import GUARDS, STATES
from habitue.metrics.credit import Credit
from habitue.metrics.uplift import Group, Interval

_UNSENT: Final = ("skipped", "expired", "failed", "unknown", "bounced")


def told(shop: Shop, name: str, days: int, now: Micros) -> shapes.Results:
    """Over so many days until that instant; raises `UserError` where there is no such journey."""
    shop.journey(name)
    saved = shop.journey_versions(name)
    figures = shop.journey_figures(saved, now, days)
    found = shop.results(f"journey:{name}", now - days * DAY, now)
    currency = shop.settings.currency
    passed = figures.steps(saved)
    return shapes.Results(
        name,
        clock.iso(found.since),
        clock.iso(found.until),
        figures.entered,
        figures.converted,
        found.windows.click,
        found.windows.delivery,
        _attributed([*found.credit.values()], currency),
        None if found.contrast is None else _incremental(found.contrast, currency),
        [_step(step.id, passed, found, currency) for step in saved[-1].journey.every()],
        [
            shapes.Unsent(step, state, reason, n)
            for (step, state, reason), n in sorted(found.messages.items(), key=str)
            if state in _UNSENT
        ],
    )


def _step(name: str, passed: Counter[tuple[str, str]], found: Results, currency: str) -> shapes.Passed:
    messages: Counter[str] = Counter()
    for (step, state, _), n in found.messages.items():
        if step == name:
            messages[state] += n
    for (step, what), n in found.reactions.items():
        if step == name and what != "bounced":
            messages[what] += n
    came, on, left, there = (passed[name, what] for what in ("in", "out", "left", "there"))
    own = [found.credit[name]] if name in found.credit else []
    return shapes.Passed(name, came, on, left, there, dict(messages), _attributed(own, currency))


def _attributed(some: list[Credit], currency: str) -> shapes.Attributed:
    revenue = str(money.major(sum(one.revenue for one in some), currency))
    return shapes.Attributed(sum(one.orders for one in some), revenue, sum(one.clicked for one in some))


def _incremental(one: Contrast, currency: str) -> shapes.Incremental:
    uplift, unit = one.uplift, 10 ** money.digits(currency)
    return shapes.Incremental(
        one.group,
        one.share,
        one.within,
        _side(uplift.treated, currency),
        _side(uplift.control, currency),
        uplift.lacking,
        _estimated(uplift.conversions, 1),
        _estimated(uplift.revenue, unit),
    )


def _side(group: Group, currency: str) -> shapes.Side:
    return shapes.Side(group.n, group.converted, str(money.major(group.revenue, currency)))


def _estimated(one: Interval | None, unit: int) -> shapes.Estimated | None:
    return one and shapes.Estimated(*(round(part / unit, 2) for part in one))


@perform.register
def _results(command: commands.JourneyResults, asked: Asked) -> Answer:
    found = told(asked.shop, command.journey, command.days, clock.now())
    say, number = asked.say, partial(format_decimal, locale=asked.language)
    amount = partial(_amount, asked)
    lines = [
        say.n(
            "Over {n} day: {entered} came in, {converted} reached the goal.",
            "Over {n} days: {entered} came in, {converted} reached the goal.",
            command.days,
            entered=number(found.entered),
            converted=number(found.converted),
        ),
        say(
            N_("Attributed: {revenue} in {orders} orders, {clicked} of them after a click."),
            revenue=amount(float(found.attributed.revenue)),
            orders=number(found.attributed.orders),
            clicked=number(found.attributed.after_click),
        ),
        *_changed(found.incremental, asked),
        *(
            f"  {one.id:<24}" + "".join(f"{number(n):>10}" for n in (one.came, one.there, one.left))
            for one in found.steps
        ),
        *(
            say(
                N_("{step}: {n} not sent ({why})"),
                step=one.step,
                n=number(one.messages),
                why=say(GUARDS.get(one.reason or "", STATES[one.state])),
            )
            for one in found.unsent
        ),
    ]
    return Facts(to_builtins(found), lines)


def _changed(one: shapes.Incremental | None, asked: Asked) -> list[str]:
    """What the messages changed, in lines."""
    say, number = asked.say, partial(format_decimal, locale=asked.language)
    if one is None:
        return [say(N_("Incremental: nobody is left alone, so nobody knows. Set a control group (holdout)."))]
    if one.revenue is None or one.conversions is None:
        text = N_("Incremental: too early to say, {n} more customers are needed in the smaller group.")
        return [say(text, n=number(one.lacking))]
    amount = partial(_amount, asked)
    share = format_percent(one.share, format="#,##0.#%", locale=asked.language)
    return [
        say(
            N_("Incremental: {revenue} (between {low} and {high})."),
            revenue=amount(one.revenue.estimate),
            low=amount(one.revenue.low),
            high=amount(one.revenue.high),
        ),
        say(
            N_("{n} more customers did it (between {low} and {high}); {share} left alone, {length} count."),
            n=number(round(one.conversions.estimate)),
            low=number(round(one.conversions.low)),
            high=number(round(one.conversions.high)),
            share=share,
            length=spelt(one.within, asked.language),
        ),
    ]


def _amount(asked: Asked, major: float) -> str:
    currency: Any = asked.shop.settings.currency
    return money.shown(round(major * 10 ** money.digits(currency)), currency, asked.language)

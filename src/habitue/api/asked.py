"""How the API is asked: what every address answers on failure, and the parameters that several share."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final, TypeAlias

from litestar import Request, get
from litestar.datastructures import State
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from habitue.api.shapes import Failure
from habitue.app import Shop
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.period import Period, after_end, asked, day_of, month_of, parse
from habitue.stages.models import Model
from habitue.team.rights import Actor

API: Final = "api"
"""Whose decision it is where nobody is named."""

_FAILURES: Final = {
    400: ResponseSpec(Failure, description="What is wrong with the request."),
    401: ResponseSpec(Failure, description="A key of the API is needed."),
    403: ResponseSpec(Failure, description="The key may not do that."),
    404: ResponseSpec(Failure, description="There is no such thing."),
}

read = partial(get, sync_to_thread=True, responses=_FAILURES, security=[{"token": []}])
"""An address that is read: `@read("/path")`."""

ModelId: TypeAlias = Annotated[
    str | None,
    QueryParameter(name="model", max_length=100, description="A model's id; the first live one if not said."),
]
Month: TypeAlias = Annotated[
    str | None,
    QueryParameter(name="month", max_length=10, description="A month such as 2026-11; this one if not said."),
]
Against: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="against", max_length=10, description="The month to compare with; the one before if not said."
    ),
]
Days: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="period",
        max_length=24,
        description="In place of months: 2026-04, 2026-04-17, 2026-04-03..2026-04-17, or 7d, 30d, 90d, "
        "month, last-month, quarter, last-quarter, 12m or year.",
    ),
]
At: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="at",
        max_length=40,
        description="A month or `..2026-04-17` (its end), a date or an instant; now if not said.",
    ),
]
RuleText: TypeAlias = Annotated[
    str,
    QueryParameter(name="rule", description='A rule, such as ever("Order Completed").'),
]
Size: TypeAlias = Annotated[int, QueryParameter(name="size", ge=1, le=1_000, description="How many at most.")]


def chosen(shop: Shop, model: str | None) -> Model:
    """The model asked for, or the first live one; raises `UserError` for one that is none."""
    return shop.model(model) if model else shop.models()[0]


def meant(shop: Shop, period: str | None, month: str | None, against: str | None, now: Micros) -> Period:
    """The period asked for, this month if none is; raises `UserError` for two at once."""
    if period and (month or against):
        raise UserError(N_("Say either `period`, or `month` and `against`."))
    today = day_of(now, shop.settings.timezone)
    last = month or str(month_of(today))
    if against and parse(against) >= parse(last):
        text = N_("`against` is {against}, and must be a month before the other one, {month}.")
        raise UserError(text, against=against, month=last)
    return asked(period, today) if period else after_end(month, against, today)


def by(request: Request[Any, Any, State], said: str) -> str:
    """Whose decision it is: a member's own; a program's key, and whom it names; else who is named."""
    actor: Actor = request.user
    if actor.kind == "member":
        return actor.name
    if actor.kind == "key":
        return actor.name if said == API else f"{actor.name}, {said}"
    return said

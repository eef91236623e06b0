"""`/api/v1/errands`: calls to make and letters to print, and what came of calls."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import Body, QueryParameter
from msgspec import Struct

from habitue.api.asked import API, Size, by, read
from habitue.api.shapes import Failure
from habitue.app import Shop
from habitue.app.errands import OUTCOMES
from habitue.kernel.clock import iso
from habitue.kernel.number import Number


class Errand(Struct, frozen=True):
    """A call or a letter that is to be done: `to` is a number, or the lines on the envelope."""

    message: int
    customer: int
    name: str
    to: list[str]
    subject: str
    text: str
    origin: str
    made: str
    tries: int


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """What came of a call."""

    outcome: Literal["reached", "nobody", "refused", "wrong"]


assert {*OUTCOMES} == {"reached", "nobody", "refused", "wrong"}

_REFUSED: Final = {
    400: ResponseSpec(Failure, description="What is wrong with the request."),
    401: ResponseSpec(Failure, description="A key of the API is needed."),
    403: ResponseSpec(Failure, description="The key may not do that."),
    404: ResponseSpec(Failure, description="There is no such thing."),
}
_TOKEN: Final[list[dict[str, list[str]]]] = [{"token": []}]


@read("/errands")
def index(
    shop: NamedDependency[Shop],
    channel: Annotated[Literal["phone", "post"], QueryParameter(description="Calls or letters.")] = "phone",
    size: Size = 100,
) -> list[Errand]:
    """What the team has still to do, the oldest first; not for those who said no meanwhile."""
    return [
        Errand(
            one.message,
            one.person,
            one.name,
            one.to.split("\n"),
            *(one.subject, one.text, one.origin, str(iso(one.made)), one.tries),
        )
        for one in shop.errands(channel, size)
    ]


@post("/errands/{message:int}", sync_to_thread=True, responses=_REFUSED, security=_TOKEN, status_code=204)
def settle(
    request: Request[Any, Any, State],
    shop: NamedDependency[Shop],
    message: Number,
    data: Annotated[Outcome, Body()],
) -> None:
    """Note what came of a call. Who wants none has withdrawn consent; a wrong number is not called again."""
    shop.settle_call(message, data.outcome, by(request, API))

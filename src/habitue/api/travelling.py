"""`/api/v1/journeys`: which there are, who is in one, who is put into it or taken out, by a program."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import Body, PathParameter, QueryParameter
from msgspec import Meta, Struct

from habitue.api.asked import API, by, read
from habitue.api.shapes import Failure
from habitue.app import Shop
from habitue.kernel.clock import iso

Name = Annotated[str, PathParameter(max_length=64, description="The journey’s id.")]
Keys = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=400)]], Meta(min_length=1, max_length=1_000)
]


class Way(Struct, frozen=True):
    """A journey: its newest version, whether it lets customers in, and how many are inside."""

    journey: str
    name: str
    version: int
    live: bool
    inside: int


class Run(Struct, frozen=True):
    """One time that a customer (a number) is or was in it: at which step, and when they go on.

    `outcome` is done, exit, goal, held, moved or stopped; null while they are inside.
    """

    id: int
    customer: int
    entered: str
    step: str | None
    on: str | None
    ended: str | None
    outcome: str | None
    converted: str | None


class Runs(Struct, frozen=True):
    """The latest first; `before` asks for the ones before these, null where there are none."""

    runs: list[Run]
    before: int | None


class Those(Struct, frozen=True, forbid_unknown_fields=True):
    """Customers by any of their keys, such as `email:ada@example.com`; all of them must be known."""

    customers: Keys


class Moved(Struct, frozen=True):
    """So many came in, or left."""

    customers: int


_REFUSED: Final = {
    400: ResponseSpec(Failure, description="What is wrong with the request; nothing was changed."),
    401: ResponseSpec(Failure, description="A key of the API is needed."),
    403: ResponseSpec(Failure, description="The key may not do that."),
}
_CHANGE: Final[dict[str, Any]] = {
    "status_code": 200,
    "sync_to_thread": True,
    "responses": _REFUSED,
    "security": [{"token": []}],
}


@read("/journeys")
def index(shop: NamedDependency[Shop]) -> list[Way]:
    """Every journey: its newest version, whether it lets customers in, and how many are inside."""
    open_ = {one.slug for one in shop.running() if one.open}
    inside = shop.insiders()
    return [
        Way(slug, one.journey.title, one.number, slug in open_, inside.get(slug, 0))
        for one in shop.journeys()
        for slug in (one.journey.id,)
    ]


@read("/journeys/{journey:str}/runs")
def runs(
    shop: NamedDependency[Shop],
    journey: Name,
    show: Annotated[
        Literal["all", "inside", "ended"],
        QueryParameter(description="All, those inside, or those that ended."),
    ] = "all",
    before: Annotated[int | None, QueryParameter(ge=1, le=1 << 62, description="Only those before.")] = None,
    size: Annotated[int, QueryParameter(ge=1, le=1_000, description="How many at most.")] = 100,
) -> Runs:
    """Who is or was in a journey, the latest first."""
    inside = None if show == "all" else show == "inside"
    found = shop.runs_of(journey, size + 1, before, inside)
    told = [
        Run(
            number,
            person,
            iso(one.entered),
            one.step.id if one.step else None,
            iso(one.on) if one.on is not None else None,
            iso(one.ended) if one.ended is not None else None,
            one.outcome,
            iso(one.converted) if one.converted is not None else None,
        )
        for number, person, one in found[:size]
    ]
    return Runs(told, told[-1].id if len(found) > size else None)


@post("/journeys/{journey:str}/enter", **_CHANGE)
def enter(
    request: Request[Any, Any, State],
    shop: NamedDependency[Shop],
    journey: Name,
    data: Annotated[Those, Body()],
) -> Moved:
    """Put customers into a live journey; how many came in. Who is inside already, or may not, doesn't."""
    return Moved(shop.enter_journey(journey, data.customers, by(request, API)))


@post("/journeys/{journey:str}/leave", **_CHANGE)
def leave(
    request: Request[Any, Any, State],
    shop: NamedDependency[Shop],
    journey: Name,
    data: Annotated[Those, Body()],
) -> Moved:
    """Take customers out of a journey, with what it has not sent them yet; how many left."""
    return Moved(shop.leave_journey(journey, data.customers, by(request, API)))

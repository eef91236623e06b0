"""`/api/v1/duplicates`: customers who may be one, to be merged or kept apart.

What each address takes of whoever asks stands in `habitue.routes`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import Body, PathParameter, QueryParameter
from msgspec import Meta, Struct

from habitue.api.asked import by, read
from habitue.api.shapes import Failure
from habitue.app import Shop
from habitue.app.duplicates import LIKELY, MOST
from habitue.kernel import clock, money
from habitue.people import duplicates
from habitue.people.profiles import Person

Number = Annotated[int, PathParameter(ge=1, le=2**31 - 1, description="The pair's number.")]


class Side(Struct, frozen=True):
    """One of the two: how they are called and reached, and what they ordered."""

    customer: int
    key: str
    name: str | None
    email: str | None
    phone: str | None
    orders: int
    revenue: str
    first_order: str | None
    last_order: str | None


class Pair(Struct, frozen=True):
    """Two customers who may be one: how likely (0 to 1), what speaks for it and what against.

    `outcome` once somebody decided: `merged`, or `dismissed`, who are never proposed again.
    """

    pair: int
    likely: float
    agree: list[str]
    differ: list[str]
    one: Side
    other: Side
    found: str
    outcome: Literal["merged", "dismissed"] | None
    settled: str | None
    by: str | None


class Pairs(Struct, frozen=True):
    """Some of the pairs, the likeliest first, and how many wait in all."""

    total: int
    pairs: list[Pair]


class Decided(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who decides it, and why: of a merge that stays in the merge log."""

    by: Annotated[str, Meta(min_length=1, max_length=100)] = "api"
    why: Annotated[str, Meta(max_length=500)] | None = None


class Outcome(Struct, frozen=True):
    """The pair, and what holds for it now; None: it waits again."""

    pair: int
    outcome: Literal["merged", "dismissed"] | None


class Searched(Struct, frozen=True):
    """How many pairs were compared, and how many wait for somebody to decide."""

    compared: int
    waiting: int


_REFUSED: Final = {
    400: ResponseSpec(Failure, description="What is wrong with the request; nothing was changed."),
    401: ResponseSpec(Failure, description="A key of the API is needed."),
    403: ResponseSpec(Failure, description="The key may not do that."),
    404: ResponseSpec(Failure, description="There is no such pair."),
}
_CHANGE: Final[dict[str, Any]] = {
    "status_code": 200,
    "sync_to_thread": True,
    "responses": _REFUSED,
    "security": [{"token": []}],
}


@read("/duplicates")
def index(
    shop: NamedDependency[Shop],
    least: Annotated[
        float, QueryParameter(name="least", ge=0.5, le=1, description="Only pairs at least so likely.")
    ] = LIKELY,
    settled: Annotated[
        bool, QueryParameter(name="settled", description="Those that were decided about instead.")
    ] = False,
    size: Annotated[int, QueryParameter(name="size", ge=1, le=1000, description="How many at most.")] = MOST,
    offset: Annotated[
        int, QueryParameter(name="offset", ge=0, le=10**6, description="So many are left out.")
    ] = 0,
) -> Pairs:
    """Pairs of customers who may be one, as the last search found them. Nothing is merged by itself."""
    found = shop.settled_duplicates(size) if settled else shop.duplicates(least, size, offset)
    return Pairs(shop.count_duplicates(least), [_pair(shop, one) for one in found])


@post("/duplicates/search", **_CHANGE)
def search(shop: NamedDependency[Shop]) -> Searched:
    """Compare all customers and renew the list; of a million that takes minutes."""
    found = shop.find_duplicates()
    return Searched(found.compared, found.waiting)


@post("/duplicates/{pair:int}/merge", **_CHANGE)
def merge(
    request: Request[Any, Any, State],
    shop: NamedDependency[Shop],
    pair: Number,
    data: Annotated[Decided, Body()],
) -> Outcome:
    """Make one customer of a pair; `undo` takes it back."""
    _there(shop, pair)
    shop.merge_duplicate(pair, by(request, data.by), data.why)
    return Outcome(pair, "merged")


@post("/duplicates/{pair:int}/dismiss", **_CHANGE)
def dismiss(
    request: Request[Any, Any, State],
    shop: NamedDependency[Shop],
    pair: Number,
    data: Annotated[Decided, Body()],
) -> Outcome:
    """Keep the two apart: they are never proposed again."""
    _there(shop, pair)
    shop.dismiss_duplicate(pair, by(request, data.by))
    return Outcome(pair, "dismissed")


@post("/duplicates/{pair:int}/undo", **_CHANGE)
def undo(
    request: Request[Any, Any, State],
    shop: NamedDependency[Shop],
    pair: Number,
    data: Annotated[Decided, Body()],
) -> Outcome:
    """Take back what was decided: a merge is split again, and the pair waits again."""
    _there(shop, pair)
    shop.undo_duplicate(pair, by(request, data.by), data.why)
    return Outcome(pair, None)


def _there(shop: Shop, pair: int) -> None:
    if shop.duplicate(pair) is None:
        raise NotFoundException


def _pair(shop: Shop, one: duplicates.Duplicate) -> Pair:
    """A pair in the API's words, which are English."""
    return Pair(
        pair=one.id,
        likely=one.likely,
        agree=one.agree,
        differ=one.differ,
        one=_side(shop, one.one),
        other=_side(shop, one.other),
        found=clock.iso(one.found),
        outcome=one.outcome,
        settled=clock.iso(one.settled) or None,
        by=one.by,
    )


def _side(shop: Shop, one: Person) -> Side:
    return Side(
        customer=one.person,
        key=one.key,
        name=one.name,
        email=_text(one.traits.get("email")),
        phone=_text(one.traits.get("phone")),
        orders=one.orders,
        revenue=str(money.major(one.revenue, shop.settings.currency)),
        first_order=clock.iso(one.first_order) or None,
        last_order=clock.iso(one.last_order) or None,
    )


def _text(told: object) -> str | None:
    return None if told in (None, "") else str(told)

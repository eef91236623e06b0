"""`/api/v1/views`: lists of customers under a name, as the page of customers shows them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, delete, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import Body
from msgspec import Meta, Struct

from habitue.api.asked import API, by, read
from habitue.api.shapes import Failure
from habitue.app import Shop, naming
from habitue.kernel import clock
from habitue.kernel.number import Number
from habitue.store import views
from habitue.store.views import View


class Named(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list and its name: `query` is what stands behind `?` in the address of `/customers`."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    query: Annotated[str, Meta(max_length=20_000)]
    shared: bool = False


class Told(Struct, frozen=True):
    """A view as it is kept; its `owner` may drop it, everybody in the team sees it if it is `shared`."""

    id: int
    name: str
    owner: str
    shared: bool
    query: str
    made: str


_REFUSED: Final = {
    400: ResponseSpec(Failure, description="What is wrong with the request."),
    401: ResponseSpec(Failure, description="A key of the API is needed."),
    403: ResponseSpec(Failure, description="The key may not do that."),
    404: ResponseSpec(Failure, description="There is no such view of yours."),
}
_TOKEN: Final[list[dict[str, list[str]]]] = [{"token": []}]


@read("/views")
def index(request: Request[Any, Any, State], shop: NamedDependency[Shop]) -> list[Told]:
    """One's own views and those that others share, in the order in which they were made."""
    return [_told(one) for one in views.seen(shop.ops, by(request, API))]


@post("/views", sync_to_thread=True, responses=_REFUSED, security=_TOKEN)
def keep(
    request: Request[Any, Any, State], shop: NamedDependency[Shop], data: Annotated[Named, Body()]
) -> Told:
    """Keep a list under a name, in the place of one's own of that name."""
    owner = by(request, API)
    return _told(naming.keep(shop, data.name, data.query, owner, data.shared, clock.now()))


@delete("/views/{view:int}", sync_to_thread=True, responses=_REFUSED, security=_TOKEN)
def drop(request: Request[Any, Any, State], shop: NamedDependency[Shop], view: Number) -> None:
    """Let one's own view go."""
    if not naming.drop(shop, view, by(request, API)):
        raise NotFoundException


def _told(one: View) -> Told:
    return Told(one.id, one.name, one.owner, one.shared, one.query, clock.iso(one.made))

"""`/api/v1/customers/{key}/export` and `/api/v1/privacy/erasures`: what a person may ask for."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import Body, PathParameter
from msgspec import Meta, Struct

from habitue.api.asked import by, read
from habitue.api.shapes import Failure
from habitue.app import Shop, access, leaflet
from habitue.kernel import clock
from habitue.kernel.errors import UserError

Key = Annotated[
    str,
    PathParameter(
        max_length=300, description="A customer's number, or a key such as user:c-001 or email:a@b.fr."
    ),
]


class Wish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to erase, by any of their keys, and who asks for it."""

    customers: Annotated[list[Annotated[str, Meta(min_length=1, max_length=300)]], Meta(min_length=1)]
    by: Annotated[str, Meta(max_length=100)] = "api"


class Outcome(Struct, frozen=True):
    """The request's number, how many people were erased, and keys of theirs that others share."""

    request: int
    people: int
    shared: list[str]


class Erasure(Struct, frozen=True):
    """A request: who asked when, why, about how many people, and when it was done."""

    request: int
    asked: str
    by: str
    reason: Literal["asked", "retention", "replay"]
    people: int
    done: str | None


_Content = TypeVar("_Content", str, bytes)

_REFUSED: Final = {
    400: ResponseSpec(Failure, description="What is wrong with the request; nobody was erased."),
    401: ResponseSpec(Failure, description="A key of the API is needed."),
    403: ResponseSpec(Failure, description="The key may not do that."),
}


@read("/customers/{key:str}/export")
def export(shop: NamedDependency[Shop], key: Key) -> Response[access.Record]:
    """All that is kept of a customer, from every store: for programs."""
    return _handed(_files(shop, key)[access.JSON], "application/json", access.JSON)  # type: ignore[return-value]  # bytes that are the document's record


@read("/customers/{key:str}/export.html", media_type="text/html")
def export_page(shop: NamedDependency[Shop], key: Key) -> Response[str]:
    """The same for people, as a page that stands alone."""
    page = _handed(_files(shop, key)[access.HTML].decode(), "text/html", access.HTML)
    page.headers["content-security-policy"] = leaflet.POLICY
    return page


@read("/customers/{key:str}/export.zip", media_type="application/zip")
def export_files(shop: NamedDependency[Shop], key: Key) -> Response[bytes]:
    """Both in one file."""
    return _handed(access.zipped(_files(shop, key)), "application/zip", "customer.zip")


def _files(shop: Shop, key: str) -> dict[str, bytes]:
    try:
        found = shop.record(int(key) if key.isascii() and key.isdigit() and len(key) < 10 else key)
    except UserError as error:
        raise NotFoundException(str(error)) from error
    return access.files(found, shop.settings.language, shop.settings)


def _handed(content: _Content, kind: str, name: str) -> Response[_Content]:
    told = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store"}
    return Response(content, media_type=kind, headers=told)


@read("/privacy/erasures")
def erasures(shop: NamedDependency[Shop]) -> list[Erasure]:
    """What was asked to be erased, by whom and when; never who it was."""
    return [
        Erasure(one.id, clock.iso(one.asked), one.by, one.reason, one.people, clock.iso(one.done) or None)  # type: ignore[arg-type]  # a reason is one of them
        for one in shop.erasures()
    ]


@post("/privacy/erasures", sync_to_thread=True, responses=_REFUSED, security=[{"token": []}])
def erase(
    request: Request[Any, Any, State], shop: NamedDependency[Shop], data: Annotated[Wish, Body()]
) -> Outcome:
    """Erase people from every store; their events stay in the figures, as the events of nobody.

    Answers when it is done. One that is not known makes it erase nobody.
    """
    done = shop.erase(data.customers, by(request, data.by))
    return Outcome(done.request, done.people, done.shared)

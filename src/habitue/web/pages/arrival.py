"""`/join/{secret}` and `/reset/{secret}`: links that somebody was given, to set a password by."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from msgspec import Struct

from habitue.app import Shop
from habitue.kernel.errors import UserError
from habitue.store.failure import StoreDown
from habitue.team.entry import FactorNeeded
from habitue.team.password import SHORTEST
from habitue.team.rights import ABOUT, NAMES
from habitue.web import gate
from habitue.web.page import Asked, page, reader
from habitue.web.pages import entry


class Chosen(Struct):
    """A name and a password."""

    name: str = ""
    new: str = ""


Form = Annotated[Chosen, Body(media_type=RequestEncodingType.URL_ENCODED)]
_EMPTY: Final = Chosen()


@get("/join/{secret:str}", sync_to_thread=True)
def invited(request: Asked, shop: NamedDependency[Shop], secret: FromPath[str]) -> Response[Any]:
    """What the invitation says, and a form to take it."""
    return _joining(request, shop, secret, _EMPTY)


@post("/join/{secret:str}", sync_to_thread=True, status_code=303)
def join(request: Asked, shop: NamedDependency[Shop], secret: FromPath[str], data: Form) -> Response[Any]:
    """Take it: a member, signed in."""
    try:
        made = shop.join(secret, data.name, data.new, gate.came(request, shop))
    except StoreDown:
        raise
    except UserError as error:
        return _joining(request, shop, secret, data, error)
    return entry.inside(request, shop, made)


@get("/reset/{secret:str}", sync_to_thread=True)
def lost(request: Asked, shop: NamedDependency[Shop], secret: FromPath[str]) -> Response[Any]:
    """Whose password it sets, and the form."""
    return _resetting(request, shop, secret)


@post("/reset/{secret:str}", sync_to_thread=True, status_code=303)
def reset(request: Asked, shop: NamedDependency[Shop], secret: FromPath[str], data: Form) -> Response[Any]:
    """Set it, and let them in; a second factor is asked for as ever."""
    try:
        made = shop.reset(secret, data.new, gate.came(request, shop))
    except FactorNeeded as needed:
        return entry.asked(request, shop, entry.Attempt(half=needed.secret))
    except StoreDown:
        raise
    except UserError as error:
        return _resetting(request, shop, secret, error)
    return entry.inside(request, shop, made)


def _joining(
    request: Asked, shop: Shop, secret: str, data: Chosen, error: UserError | None = None
) -> Response[Any]:
    say = reader(request, shop).say
    try:
        found = shop.invited(secret)
    except StoreDown:
        raise
    except UserError as spent:
        return _spent(request, shop, spent)
    role = say(NAMES[found.role]), say(ABOUT[found.role])
    return _page(request, shop, error, secret=secret, found=found, role=role, data=data)


def _resetting(request: Asked, shop: Shop, secret: str, error: UserError | None = None) -> Response[Any]:
    try:
        found = shop.lost(secret)
    except StoreDown:
        raise
    except UserError as spent:
        return _spent(request, shop, spent)
    return _page(request, shop, error, secret=secret, found=found, role=None, data=_EMPTY)


def _spent(request: Asked, shop: Shop, error: UserError) -> Response[Any]:
    return _page(request, shop, error, secret=None, found=None, role=None, data=_EMPTY)


def _page(request: Asked, shop: Shop, error: UserError | None, **context: Any) -> Response[Any]:
    wrong = error.say(reader(request, shop).say) if error else None
    status = 400 if error else 200
    return page(request, shop, "arrival.html", status, wrong=wrong, shortest=SHORTEST, **context)

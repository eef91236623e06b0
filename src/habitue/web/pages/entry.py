"""The way in and out: `/sign-in` with a password and six digits, `/sign-in/{secret}` by a one-time link."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, QueryParameter
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop
from habitue.kernel.clock import SECOND
from habitue.kernel.errors import UserError
from habitue.store.failure import StoreDown
from habitue.team.entry import Entered, FactorNeeded, TooMany
from habitue.team.rights import NOBODY
from habitue.web import gate
from habitue.web.page import Asked, page, reader


class Attempt(Struct):
    """What somebody says to be let in: their password or, once it was right (`half`), their app’s code."""

    email: str = ""
    password: str = ""
    half: str = ""
    code: str = ""
    next: str = ""


@get("/sign-in", sync_to_thread=True)
def show(
    request: Asked, shop: NamedDependency[Shop], back: Annotated[str, QueryParameter(name="next")] = ""
) -> Response[Any]:
    """Where one says who one is; whoever is in is led on."""
    actor = gate.who(request, shop)
    if actor is not NOBODY:
        return Redirect(gate.local(back) or gate.home(actor), status_code=303)
    return asked(request, shop, Attempt(next=back))


@post("/sign-in", sync_to_thread=True, status_code=303)
def sign_in(
    request: Asked,
    shop: NamedDependency[Shop],
    data: Annotated[Attempt, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Let them in, ask for the second factor, or say what is wrong."""
    came = gate.came(request, shop)
    try:
        if data.half:
            made = shop.second(data.half, data.code, came)
        else:
            made = shop.sign_in(data.email, data.password, came)
    except FactorNeeded as needed:
        return asked(request, shop, Attempt(half=needed.secret, next=data.next))
    except StoreDown:
        raise
    except UserError as error:
        return asked(request, shop, data, error)
    return inside(request, shop, made, data.next)


@get("/sign-in/{secret:str}", sync_to_thread=True)
def link(request: Asked, shop: NamedDependency[Shop], secret: FromPath[str]) -> Response[Any]:
    """A button: what looks ahead at links, as mail programs do, must not use this one up."""
    return page(
        request, shop, "entry.html", attempt=None, secret=secret, wrong=None, founded=True, provider=None
    )


@post("/sign-in/{secret:str}", sync_to_thread=True, status_code=303)
def by_link(request: Asked, shop: NamedDependency[Shop], secret: FromPath[str]) -> Response[Any]:
    """Let in who holds the link."""
    try:
        made = shop.by_link(secret, gate.came(request, shop))
    except StoreDown:
        raise
    except UserError as error:
        return asked(request, shop, Attempt(), error)
    return inside(request, shop, made)


@post("/sign-out", sync_to_thread=True, status_code=303)
def leave(request: Asked, shop: NamedDependency[Shop]) -> Response[Any]:
    """End the session that is used."""
    shop.leave(gate.who(request, shop))
    return gate.left(request, shop, Redirect("/sign-in", status_code=303))


def inside(request: Asked, shop: Shop, made: Entered, back: str = "") -> Response[Any]:
    """Where they wanted to go, or to the first page, with their new session."""
    actor = shop.actor(made.session)
    answer = Redirect(gate.local(back) or gate.home(actor), status_code=303)
    return gate.entered(request, shop, answer, made)


def asked(request: Asked, shop: Shop, attempt: Attempt, error: UserError | None = None) -> Response[Any]:
    """The page that asks who it is, with what was wrong with the last attempt."""
    wrong = error.say(reader(request, shop).say) if error else None
    status = 200 if error is None else 429 if isinstance(error, TooMany) else 400
    answer = page(
        request,
        shop,
        "entry.html",
        status,
        attempt=attempt,
        secret=None,
        wrong=wrong,
        founded=shop.founded(),
        provider=shop.provider and shop.provider.provider.name,
    )
    if isinstance(error, TooMany):
        answer.headers["retry-after"] = str(-(-error.wait // SECOND))
    return answer

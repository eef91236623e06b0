"""Who asks, and whether they may: before anything else is done with a request.

A program shows a key of the API, a server of the shop its write key, the command line the token of the
running server; a browser bears a session. What a route takes stands in its `opt` under `ACT`; one that says
nothing is for nobody.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeAlias

from litestar import Request, Response
from litestar.datastructures import Cookie, State
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from habitue.app import Shop
from habitue.kernel.clock import SECOND
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.team.entry import LONGEST, REMEMBERED, Came, Entered
from habitue.team.rights import NOBODY, Act, Actor, can, command
from habitue.web.guard import READING

ACT: Final = "act"
Asked: TypeAlias = Request[Any, Any, State]

_SIGN_IN: Final = N_(
    "A key of the API is needed: “Authorization: Bearer hbt_…”. “habitue keys add” makes one, and so does "
    "the page of the team."
)
_UNKNOWN: Final = N_("This key is not known, or has ended. “habitue keys” lists those that can be used.")
_NO_SERVER: Final = N_(
    "The write key of a server is needed as user name, or a key of the API. “habitue sources add” makes the "
    "first, “habitue keys add” the other."
)
_FORBIDDEN: Final = N_("Your role doesn’t allow this. Whoever administers the team can change it.")
_BEYOND: Final = N_("This key may not do that. “habitue keys add” makes one with other scopes.")
_UNTOLD: Final = N_("Your browser didn’t say that this comes from one of our own pages, so nothing was done.")
_LOCAL: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,2000}")


class Gate(ASGIMiddleware):
    """Lets through who may; `scope["user"]` is the `Actor` from here on.

    Of which workspace, and the token of the command line, stand in the application's state.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        act = scope["route_handler"].opt.get(ACT)
        request = Asked(scope)
        if act is not Act.OPEN:
            actor = scope["user"] = await _actor(request)
            _let(request, actor, act)
        await next_app(scope, receive, send)


async def _actor(request: Asked) -> Actor:
    shop: Shop = request.app.state.shop
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await _bearer(shop, request.app.state.token, given.strip())
    if scheme.lower() == "basic":
        return await _aside(shop.sender, _user(given))
    secret = request.cookies.get(cookie(request, shop))
    return await _aside(shop.actor, secret) if secret else NOBODY


async def _bearer(shop: Shop, token: str | None, given: str) -> Actor:
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return command()
    actor = await _aside(shop.bearer, given)
    if actor is NOBODY:
        raise NotAuthorizedException(_UNKNOWN, headers={"WWW-Authenticate": "Bearer"})
    return actor


def _let(request: Asked, actor: Actor, act: Any) -> None:
    """Raise where they may not: 401 for whom nobody knows, 403 for whoever is known."""
    if not isinstance(act, Act) or not can(actor, act):
        if actor is not NOBODY:
            raise PermissionDeniedException(_BEYOND if actor.kind in ("key", "source") else _FORBIDDEN)
        if act is Act.CONSENT:
            basic = {"WWW-Authenticate": 'Basic realm="Habitué", charset="UTF-8"'}
            raise NotAuthorizedException(_NO_SERVER, headers=basic)
        raise NotAuthorizedException(_SIGN_IN, headers={"WWW-Authenticate": "Bearer"})
    told = request.headers.keys() & {"origin", "sec-fetch-site"}
    if actor.kind == "member" and request.method not in READING and not told:
        raise PermissionDeniedException(_UNTOLD)


def who(request: Asked, shop: Shop) -> Actor:
    """Who asks, also where everybody may, or where there is nothing at all."""
    known = request.scope.get("user")
    if isinstance(known, Actor):
        return known
    with suppress(UserError):  # where the store is down nobody is known
        return shop.actor(request.cookies.get(cookie(request, shop)))
    return NOBODY


def by(request: Asked) -> str:
    """Whom a decision is noted of that is made on a page."""
    actor: Actor = request.user
    return actor.name if actor.kind == "member" else "web"


def whose(request: Asked) -> str | None:
    """Whose notes they may change: their own; None for whoever administers the team, who may change all."""
    actor: Actor = request.user
    return None if can(actor, Act.TEAM) else by(request)


def came(request: Asked, shop: Shop) -> Came:
    """Where a request comes from, as far as it can be told."""
    address = request.client.host if request.client else ""
    return Came(address, request.headers.get("user-agent", ""), request.cookies.get(_device(request, shop)))


def entered(request: Asked, shop: Shop, answer: Response[Any], made: Entered) -> Response[Any]:
    """The answer, which gives the browser its new session."""
    put(request, answer, cookie(request, shop), made.session, LONGEST // SECOND)
    put(request, answer, _device(request, shop), made.device, REMEMBERED // SECOND)
    return answer


def left(request: Asked, shop: Shop, answer: Response[Any]) -> Response[Any]:
    """The answer, which takes the session from the browser; that the device was here stays known."""
    put(request, answer, cookie(request, shop), "", 0)
    return forgotten(answer)


def forgotten(answer: Response[Any]) -> Response[Any]:
    """The answer, after which the browser shows no page again that it has, by the back button either."""
    answer.headers["clear-site-data"] = '"cache"'
    return answer


def cookie(request: Asked, shop: Shop) -> str:
    """What the session's cookie is called: browsers don't tell ports apart, so each workspace has its own.

    Over HTTPS no other host, no subdomain either, can set one of that name.
    """
    return f"{'__Host-' if _safe(request) else ''}habitue_{shop.ops.name[:8]}"


def local(path: str | None) -> str | None:
    """The path if it leads to a page of ours and nowhere else."""
    return path if path and _LOCAL.fullmatch(path) else None


def home(actor: Actor) -> str:
    """The first page that they may see."""
    return "/" if can(actor, Act.FIGURES) else "/customers"


def _device(request: Asked, shop: Shop) -> str:
    return f"{cookie(request, shop)}_device"


def put(request: Asked, answer: Response[Any], name: str, value: str, seconds: int) -> None:
    """Let the browser keep that for so long, and show it to us alone."""
    safe = _safe(request)
    made = Cookie(name, value=value, max_age=seconds, httponly=True, samesite="lax", secure=safe, path="/")
    answer.cookies.append(made)


def _safe(request: Asked) -> bool:
    return bool(request.scope["scheme"] == "https")


def _user(given: str) -> str:
    """The user name of a Basic header; empty where it is none."""
    with suppress(Error, UnicodeDecodeError, ValueError):
        return b64decode(given, validate=True).decode().partition(":")[0]
    return ""


async def _aside(ask: Callable[[str], Actor], secret: str) -> Actor:
    """In a thread: the database may be slow."""
    return await asyncio.get_running_loop().run_in_executor(None, ask, secret)

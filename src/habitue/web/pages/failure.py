"""What is shown when a page can't be: what went wrong and what to do."""

from __future__ import annotations

import logging
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store.failure import StoreDown
from habitue.team.members import Forbidden
from habitue.web import lag
from habitue.web.gate import home, local, who
from habitue.web.page import Asked, fragment, link, page, reader

_SAID: Final = {
    400: (N_("This address is not understood"), N_("A part of the address has a value that it can't have.")),
    401: (N_("This needs to know who asks"), ""),
    403: (N_("This is not for you"), ""),
    404: (N_("There is no such page"), N_("It may have moved, or the address was mistyped.")),
    405: (N_("That can't be done here"), N_("This address can only be looked at.")),
    413: (N_("This is too much at once"), N_("Send less: what was sent is longer than what is taken here.")),
}
_UNDONE: Final = N_("This was not done")
"""Above what is wrong with what somebody wanted done: the address is as it should be."""
_OURS: Final = (
    N_("Something went wrong"),
    N_("It is our mistake, not yours, and nothing was lost. The server's log tells more."),
)

AGAIN: Final = 5
"""Seconds after which a page that could not be read is asked for again."""

log = logging.getLogger(__name__)


def show(request: Asked, shop: Shop, error: Exception) -> Response[Any]:
    """The page for a failure; an unforeseen one goes to the log, never onto the screen."""
    if isinstance(error, StoreDown):
        return _down(request, shop, error)
    status = (
        403
        if isinstance(error, Forbidden)
        else 400
        if isinstance(error, UserError)
        else error.status_code
        if isinstance(error, HTTPException)
        else 500
    )
    if status == 401 and "authorization" not in request.headers:
        return _first(request, shop)
    actor = who(request, shop)
    if status == 403 and request.url.path == "/" and actor.kind == "member" and home(actor) != "/":
        return Redirect(home(actor), status_code=303)
    if status == 500:
        log.error("%s failed", request.url.path, exc_info=error)
    title, text = _SAID.get(status, _OURS)
    say = reader(request, shop).say
    if isinstance(error, UserError):
        title = title if request.method == "GET" or status != 400 else _UNDONE
        text = error.say(say)
    elif status == 400 and (wrong := _wrong(request, error)):
        text = say(N_("These parts of the address have a value that they can't have: {parts}"), parts=wrong)
    elif isinstance(error, HTTPException) and (not text or status not in (*_SAID, 500)):
        text = say(error.detail)
    if _part(request):
        return fragment(request, shop, "parts/failed.html", status, title=say(title), text=text and say(text))
    return page(
        request, shop, "failure.html", status, title=say(title), text=say(text), down=lag.down(shop, say)
    )


def _part(request: Asked) -> bool:
    """Whether a part of a page was asked for, that would stand inside another."""
    return request.headers.get("hx-request-type") == "partial"


def _first(request: Asked, shop: Shop) -> Response[Any]:
    """To the page where one signs in, and from there back to where one was; what was sent stays put."""
    piece = "hx-request" in request.headers
    if request.method != "GET" and request.url.path != "/sign-out":
        return _unsent(request, shop, piece)
    if request.method == "GET" and not piece:
        told = str(request.url)
    else:
        told = request.headers.get("hx-current-url") or request.headers.get("referer") or ""
    back = urlsplit(told)._replace(scheme="", netloc="", fragment="").geturl()
    where = link("/sign-in", next=local(back) if back != "/" else None)
    if piece:
        return Response("", status_code=401, headers={"hx-redirect": where})
    return Redirect(where, status_code=303)


def _unsent(request: Asked, shop: Shop, piece: bool) -> Response[Any]:
    """What somebody sent after their session had ended is still in their browser, which can send it again."""
    answer = page(request, shop, "ended.html" if piece else "unsent.html", 401)
    if piece:
        answer.headers["hx-reswap"] = "none"  # what is being written stays as it is
    return answer


def _wrong(request: Asked, error: Exception) -> str:
    """The parameters that could not be read, as they stand in the address."""
    extra = getattr(error, "extra", None)
    wrong = [str(one.get("key")) for one in extra if isinstance(one, dict)] if isinstance(extra, list) else []
    known = request.route_handler.parsed_fn_signature.parameters
    keys = [
        getattr(known[key].kwarg_definition, "name", None) or key if key in known else key for key in wrong
    ]
    given = request.query_params.dict()
    return ", ".join(f"{key}={', '.join(given[key])}" if key in given else key for key in dict.fromkeys(keys))


def _down(request: Asked, shop: Shop, error: StoreDown) -> Response[str]:
    """What can't be read just now: what is safe meanwhile; the page asks again by itself."""
    say = reader(request, shop).say
    if _part(request):
        title = say(N_("This can’t be shown just now"))
        return fragment(request, shop, "parts/failed.html", 503, title=title, text=error.say(say))
    answer = page(
        request,
        shop,
        "down.html",
        503,
        text=error.say(say),
        waiting=lag.waiting(shop, clock.now()),
        again=AGAIN,
    )
    answer.headers["retry-after"] = str(AGAIN)
    return answer

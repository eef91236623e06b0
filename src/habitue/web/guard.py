"""What every request must pass and every answer carries, whatever the page."""

from __future__ import annotations

import re
import time
from typing import Final
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import MutableScopeHeaders, State
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, NotFoundException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from habitue.kernel.i18n import N_

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

HEADERS: Final = {
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
PUBLIC: Final = "public"
"""The `opt` of a handler whose answer is the same for everybody, under any name and from any site."""

_HOST: Final = re.compile(
    r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?))(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII | re.IGNORECASE,
)
_LONGEST: Final = 255

PRIVATE: Final = "private, no-store"
"""How long others may keep what doesn't say it itself: nobody keeps what may be about somebody."""

READING: Final = ("GET", "HEAD", "OPTIONS")


class Guard(ASGIMiddleware):
    """Answers only under its own names, and changes nothing on behalf of another site.

    A page elsewhere can point its own name at 127.0.0.1 (DNS rebinding) and post forms here: its `Host` gives
    away the first, `Sec-Fetch-Site` or `Origin` the second. What is for every site says so (`PUBLIC`). Names
    besides the loopback's stand in the application's state.
    """

    exclude_opt_key = PUBLIC

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        scope["state"]["began"] = time.perf_counter()
        if not _can_be(scope["path"]):
            raise NotFoundException
        request = Request[None, None, State](scope)
        host = request.headers.get("host", "")
        if _name(host) not in LOOPBACK | request.app.state.hosts:
            raise HTTPException(
                N_("This server answers only under its own address, such as 127.0.0.1 or localhost."),
                status_code=421,
            )
        if request.method not in READING and _foreign(request, host):
            raise HTTPException(N_("Another site may not change anything here."), status_code=403)
        await next_app(scope, receive, send)


def hosted(inner: ASGIApp) -> ASGIApp:
    """The application, to which a host that can't be one is none: its address could not even be read."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if not all(_name(host.decode("latin-1")) for host in hosts):
                scope["headers"] = [one for one in scope["headers"] if one[0] != b"host"]
        await inner(scope, receive, send)

    return answer


async def seal(message: Message, scope: Scope) -> None:
    """Put the security headers and the time taken on every answer, errors included."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    headers.setdefault("cache-control", PRIVATE)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    began = scope["state"].get("began")
    if began is not None:
        headers["server-timing"] = f"app;dur={(time.perf_counter() - began) * 1000:.1f}"


def _name(host: str) -> str:
    """The host without its port: `::1` of `[::1]:8000`; empty for what is no host, its port none."""
    found = _HOST.fullmatch(host)
    if found is None or not 0 < int(found["port"] or 80) < 65_536:
        return ""
    return (found["six"] or found["name"]).lower()


def _can_be(path: str) -> bool:
    """Whether a page or a file may be called so: files fail on a null byte, and on a long name."""
    return "\0" not in path and (not path.startswith("/static/") or len(path.encode()) <= _LONGEST)


def _foreign(request: Request[None, None, State], host: str) -> bool:
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    return site not in ("same-origin", "none") or (origin is not None and _place(origin) != host)


def _place(origin: str) -> str | None:
    """The host and port of an origin; None for what is no address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None

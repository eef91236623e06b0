"""What every request must pass and every answer carries, whatever the page."""

from __future__ import annotations

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

READING: Final = ("GET", "HEAD", "OPTIONS")


class Guard(ASGIMiddleware):
    """Answers only under its own names, and changes nothing on behalf of another site.

    A page elsewhere can point its own name at 127.0.0.1 (DNS rebinding) and post forms here: its `Host` gives
    away the first, `Sec-Fetch-Site` or `Origin` the second. What is for every site says so (`PUBLIC`).
    """

    exclude_opt_key = PUBLIC

    def __init__(self, hosts: frozenset[str]) -> None:
        self.hosts = LOOPBACK | hosts

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        scope["state"]["began"] = time.perf_counter()
        if "\0" in scope["path"]:  # no file and no key has one in its name, and files fail on it
            raise NotFoundException
        request = Request[None, None, State](scope)
        host = request.headers.get("host", "")
        if _name(host) not in self.hosts:
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
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    began = scope["state"].get("began")
    if began is not None:
        headers["server-timing"] = f"app;dur={(time.perf_counter() - began) * 1000:.1f}"


def _name(host: str) -> str:
    """The host without its port: `::1` of `[::1]:8000`; empty for what is no host, its port none."""
    try:
        found = urlsplit(f"//{host}")
        return found.hostname or "" if found.port is None or found.port else ""
    except ValueError:
        return ""


def _foreign(request: Request[None, None, State], host: str) -> bool:
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    return site not in ("same-origin", "none") or (origin is not None and urlsplit(origin).netloc != host)

"""HEAD wherever GET is answered: the same answer without its body."""

from __future__ import annotations

from typing import Final, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

HEAD: Final = "head"
"""Under this name the scope tells that nobody wants the body."""


def headed(inner: ASGIApp) -> ASGIApp:
    """The application, which takes HEAD for a GET whose body nobody wants."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "HEAD":
            await inner(scope, receive, send)
            return

        async def bare(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        await inner(cast(Scope, {**scope, "method": "GET", HEAD: True}), receive, bare)

    return answer

"""How pages of any site are answered: in JSON, readable from everywhere, and never with a cookie."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar.types import HTTPScope, Send

from habitue.kernel.i18n import Language, choose, translator

_CORS: Final = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type, content-encoding, x-retry-count"),
    (b"access-control-expose-headers", b"retry-after"),
    (b"access-control-max-age", b"86400"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
]


def language(scope: HTTPScope) -> Language:
    """The language of whoever asks."""
    for name, value in scope["headers"]:
        if name == b"accept-language":
            return choose(value.decode("latin-1"))
    return "en"


async def refuse(
    send: Send,
    status: int,
    message: str,
    scope: HTTPScope,
    fields: dict[str, Any] | None = None,
    retry: int | None = None,
) -> None:
    """Say no, and why, in their language; `retry` is in seconds."""
    said = translator(language(scope))(message, **(fields or {}))
    await answer(send, status, {"success": False, "error": said}, retry)


async def answer(send: Send, status: int, content: dict[str, Any] | None, retry: int | None = None) -> None:
    """Answer with this, or with nothing."""
    body = b"" if content is None else msgspec.json.encode(content)
    headers = [*_CORS, (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if retry is not None:
        headers.append((b"retry-after", str(retry).encode()))
    if status == 408:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})

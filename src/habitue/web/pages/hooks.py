"""`/hooks/…`: where providers tell what became of messages. Each has an address with a secret of its own."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody

from habitue.app import Shop
from habitue.app.reports import Early
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.messaging.report import LARGEST, Call, Forged


@post("/hooks/{kind:str}/{secret:str}", sync_to_thread=True, request_max_body_size=LARGEST)
def hear(
    request: Request[Any, Any, State],
    shop: NamedDependency[Shop],
    kind: FromPath[str],
    secret: FromPath[str],
    body: RawBody,
) -> Response[str]:
    """Take it; whoever is not believed is told nothing but that there is nothing here."""
    query = f"?{request.url.query}" if request.url.query else ""
    base = shop.passes(shop.base or str(request.base_url)).base
    head = {name.lower(): value for name, value in request.headers.items()}
    call = Call(f"{base}/hooks/{kind}/{secret}{query}", head, body, clock.now(), shop.fetched)
    try:
        shop.hear(kind, secret, call)
    except Early:
        return _said(503, {"retry-after": "5"})
    except Forged:
        return _said(404)
    except UserError:
        return _said(400)
    return _said(200)


def _said(status: int, headers: dict[str, str] | None = None) -> Response[str]:
    return Response("", status_code=status, media_type=MediaType.TEXT, headers=headers)

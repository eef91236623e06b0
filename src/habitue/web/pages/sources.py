"""`/data/sources`: who may send events over HTTP is let in, gets another key, is let in no more."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store.failure import StoreDown
from habitue.web.flash import done
from habitue.web.gate import by
from habitue.web.page import Asked
from habitue.web.pages.data import shown


class New(Struct):
    """A source that is wanted."""

    name: str = ""
    kind: str = "server"


@post("/data/sources", sync_to_thread=True, status_code=303)
def add(
    request: Asked,
    shop: NamedDependency[Shop],
    data: Annotated[New, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """A new source with its write key."""
    name = data.name.strip().lower()
    try:
        shop.add_source(name, data.kind)
    except StoreDown:
        raise
    except UserError as error:
        return shown(request, shop, data.name, data.kind, error)
    shop.tell(by(request), "add source", name)
    return done("/data#send", N_("“{name}” may send events from now on."), name=name)


@post("/data/sources/{source:str}/rotate", sync_to_thread=True, status_code=303)
def rotate(request: Asked, shop: NamedDependency[Shop], source: FromPath[str]) -> Redirect:
    """Another key for it; the one before is refused from now on."""
    shop.rotate_source(source)
    shop.tell(by(request), "rotate source", source)
    return done("/data#send", N_("“{name}” has a new key. The old one is refused."), name=source)


@post("/data/sources/{source:str}/end", sync_to_thread=True, status_code=303)
def end(request: Asked, shop: NamedDependency[Shop], source: FromPath[str]) -> Redirect:
    """Take nothing more of it; what it sent stays."""
    shop.close_source(source)
    shop.tell(by(request), "end source", source)
    return done("/data", N_("“{name}” may send no more. What it sent stays."), name=source)

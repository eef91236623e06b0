"""Lists of customers that somebody gives a name: kept, shared, and let go."""

from __future__ import annotations

from typing import Annotated

from litestar import post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop, naming
from habitue.kernel import clock
from habitue.web.gate import by
from habitue.web.numbered import InPath
from habitue.web.page import Asked


class Named(Struct):
    """A list and its name."""

    name: str = ""
    query: str = ""
    shared: str = ""


@post("/customers/views", sync_to_thread=True, status_code=303)
def keep(
    request: Asked,
    shop: NamedDependency[Shop],
    data: Annotated[Named, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Keep the list that stands in an address under a name."""
    kept = naming.keep(shop, data.name, data.query, by(request), bool(data.shared), clock.now())
    return Redirect(f"/customers?{kept.query}", status_code=303)


@post("/customers/views/{view:int}/drop", sync_to_thread=True, status_code=303)
def drop(request: Asked, shop: NamedDependency[Shop], view: InPath) -> Redirect:
    """Let one's own view go; the list is still there to be asked for."""
    if not naming.drop(shop, view, by(request)):
        raise NotFoundException
    return Redirect("/customers", status_code=303)

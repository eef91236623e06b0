"""Lists of customers that somebody gives a name: kept, shared, and let go."""

from __future__ import annotations

from typing import Annotated, Final
from unicodedata import normalize

from litestar import post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop, lists
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store import views
from habitue.web.gate import by
from habitue.web.numbered import InPath
from habitue.web.page import Asked

LONGEST: Final = 60
MOST: Final = 100
"""So many somebody may have."""


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
    query, name = lists.tidy(data.query), _name(data.name)
    lists.wish(query)
    if sum(one.owner == by(request) for one in views.every(shop.ops)) >= MOST:
        raise UserError(N_("You have {n} views. Let some go before you keep another."), n=MOST)
    views.keep(shop.ops, name, by(request), bool(data.shared), query, clock.now())
    return Redirect(f"/customers?{query}", status_code=303)


@post("/customers/views/{view:int}/drop", sync_to_thread=True, status_code=303)
def drop(request: Asked, shop: NamedDependency[Shop], view: InPath) -> Redirect:
    """Let one's own view go; the list is still there to be asked for."""
    if all(one.id != view or one.owner != by(request) for one in views.every(shop.ops)):
        raise NotFoundException
    with shop.ops.begin() as tx:
        views.delete(tx, [view])
    return Redirect("/customers", status_code=303)


def _name(text: str) -> str:
    name = " ".join(normalize("NFC", text).split())
    if not name or len(name) > LONGEST or not name.isprintable():
        raise UserError(N_("Give the view a name of at most {n} characters."), n=LONGEST)
    return name

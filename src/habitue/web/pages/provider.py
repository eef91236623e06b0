"""`/oidc`: on to the provider that vouches for people, and `/oidc/return`: back from it."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import QueryParameter
from litestar.response import Redirect

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.clock import SECOND
from habitue.kernel.errors import UserError
from habitue.store.failure import StoreDown
from habitue.team.entry import FactorNeeded
from habitue.team.provider import MEANWHILE, Asking, Way
from habitue.web import gate
from habitue.web.page import Asked
from habitue.web.pages import entry

RETURN: Final = "/oidc/return"


@get("/oidc", sync_to_thread=True)
def begin(
    request: Asked, shop: NamedDependency[Shop], back: Annotated[str, QueryParameter(name="next")] = ""
) -> Response[Any]:
    """On to the provider; what was asked stays with the browser, sealed."""
    try:
        where, way = _asking(shop).begin(_home(request, shop), gate.local(back) or "", clock.now())
    except StoreDown:
        raise
    except UserError as error:
        return entry.asked(request, shop, entry.Attempt(next=back), error)
    return _keeping(request, shop, Redirect(where, status_code=303), way)


@get(RETURN, sync_to_thread=True)
def finish(request: Asked, shop: NamedDependency[Shop]) -> Response[Any]:
    """Let them in, whom the provider vouches for and who is in the team or invited."""
    way = _kept(request, shop)
    answer = {name: str(value) for name, value in request.query_params.items()}
    attempt = entry.Attempt(next=way.back if way else "")
    try:
        person = _asking(shop).finish(way, _home(request, shop), answer, clock.now())
        made = shop.vouched(person, gate.came(request, shop))
    except FactorNeeded as needed:
        attempt.half = needed.secret
        return _keeping(request, shop, entry.asked(request, shop, attempt), None)
    except StoreDown:
        raise
    except UserError as error:
        return _keeping(request, shop, entry.asked(request, shop, attempt, error), None)
    return _keeping(request, shop, entry.inside(request, shop, made, attempt.next), None)


def _asking(shop: Shop) -> Asking:
    if shop.provider is None:
        raise NotFoundException
    return shop.provider


def _home(request: Asked, shop: Shop) -> str:
    """Where the provider sends people back to, as it knows it."""
    base = shop.configured.get("url") or str(request.base_url)
    return str(base).rstrip("/") + RETURN


def _name(request: Asked, shop: Shop) -> str:
    return f"{gate.cookie(request, shop)}_way"


def _kept(request: Asked, shop: Shop) -> Way | None:
    sealed = request.cookies.get(_name(request, shop))
    try:
        return msgspec.json.decode(shop.seal.open(sealed), type=Way) if sealed else None
    except (UserError, msgspec.MsgspecError):
        return None


def _keeping(request: Asked, shop: Shop, answer: Response[Any], way: Way | None) -> Response[Any]:
    """The answer, which lets the browser keep what was asked, or forget it: it counts once."""
    value = shop.seal.close(msgspec.json.encode(way).decode()) if way else ""
    gate.put(request, answer, _name(request, shop), value, MEANWHILE // SECOND if way else 0)
    return answer

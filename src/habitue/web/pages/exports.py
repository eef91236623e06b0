"""`/exports`: files that lists were written into, how far they are, and the way to fetch them."""

from __future__ import annotations

from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.response import File, Redirect

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.i18n import N_
from habitue.store import exports
from habitue.web import flash
from habitue.web.gate import by
from habitue.web.numbered import InPath
from habitue.web.page import Asked, page

GONE: Final = N_("That file is not there any more. Export the list again.")
_TYPES: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}


@get("/exports", sync_to_thread=True)
def index(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """One's own exports, the latest first."""
    found = exports.latest(shop.ops, by(request))
    running = any(one.running for one in found)
    return page(request, shop, "exports.html", exports=found, running=running)


@get("/exports/{number:int}", sync_to_thread=True)
def fetch(request: Asked, shop: NamedDependency[Shop], number: InPath) -> File | Redirect:
    """The file, for whoever asked for it; where it is gone, the page that says so."""
    for one in exports.latest(shop.ops, by(request), 1000):
        path = shop.exporter.path(one) if one.id == number else None
        if path is not None:
            name = f"customers-{clock.iso(one.begun)[:10]}-{one.id}{path.suffix}"
            return File(path, filename=name, media_type=_TYPES[path.suffix[1:]])
    return flash.done("/exports", GONE, "bad")

"""`/exports`: files that lists were written into, how far they are, and the way to fetch them."""

from __future__ import annotations

from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import File

from habitue.app import Shop
from habitue.kernel import clock
from habitue.store import exports
from habitue.web.gate import by
from habitue.web.page import Asked, page

_TYPES: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@get("/exports", sync_to_thread=True)
def index(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """One's own exports, the latest first."""
    found = exports.latest(shop.ops, by(request))
    running = any(one.running for one in found)
    return page(request, shop, "exports.html", exports=found, running=running)


@get("/exports/{number:int}", sync_to_thread=True)
def fetch(request: Asked, shop: NamedDependency[Shop], number: FromPath[int]) -> File:
    """The file, for whoever asked for it."""
    for one in exports.latest(shop.ops, by(request), 1000):
        if one.id == number:
            path = shop.exporter.path(one)
            name = f"customers-{clock.iso(one.begun)[:10]}-{one.id}{path.suffix}"
            return File(path, filename=name, media_type=_TYPES[path.suffix[1:]])
    raise NotFoundException

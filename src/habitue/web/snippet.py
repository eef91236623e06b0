"""`/habitue.js`: what a shop's own pages load, from any site and under any content policy that names us."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException

from habitue.app import Shop
from habitue.web.guard import PUBLIC

_HEADERS: Final = {
    "access-control-allow-origin": "*",
    "cache-control": "public, max-age=3600",
    "cross-origin-resource-policy": "cross-origin",
}


@get("/habitue.js", opt={PUBLIC: True}, sync_to_thread=False)
def show() -> Response[bytes]:
    """The script, for an hour: its name stays the same when it changes."""
    return Response(script(), media_type="text/javascript", headers=_HEADERS)


@get("/habitue-push.js", opt={PUBLIC: True}, sync_to_thread=False)
def push() -> Response[bytes]:
    """What the snippet loads where a visitor is asked whether messages may be pushed to them."""
    return Response(script("habitue-push"), media_type="text/javascript", headers=_HEADERS)


@get("/habitue-inapp.js", opt={PUBLIC: True}, sync_to_thread=False)
def inapp() -> Response[bytes]:
    """What the snippet loads where a message waits for the visitor."""
    return Response(script("habitue-inapp"), media_type="text/javascript", headers=_HEADERS)


@get("/habitue-worker.js", opt={PUBLIC: True}, sync_to_thread=False)
def worker() -> Response[bytes]:
    """What a shop's service worker loads: it shows what was pushed."""
    return Response(script("habitue-worker"), media_type="text/javascript", headers=_HEADERS)


@get("/push.json", opt={PUBLIC: True}, sync_to_thread=True)
def key(shop: NamedDependency[Shop]) -> Response[dict[str, str]]:
    """The key that browsers subscribe to."""
    found = shop.push_key()
    if found is None:
        raise NotFoundException
    return Response({"key": found}, headers=_HEADERS)


@cache
def script(name: str = "habitue") -> bytes:
    """A bundled file, such as `frontend/src/snippet.js`."""
    return files("habitue.web").joinpath(f"static/dist/{name}.js").read_bytes()

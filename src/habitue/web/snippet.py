"""`/habitue.js`: what a shop's own pages load, from any site and under any content policy that names us."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from litestar import Response, get

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


@cache
def script() -> bytes:
    """The bundled `frontend/src/snippet.js`."""
    return files("habitue.web").joinpath("static/dist/habitue.js").read_bytes()

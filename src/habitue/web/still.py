"""`/static`: what browsers may keep, since its address changes with its content."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

from habitue.team.rights import Act
from habitue.web.gate import ACT

STATIC: Final = create_static_files_router(
    "/static",
    [str(files("habitue.web").joinpath("static"))],
    cache_control=CacheControlHeader(public=True, max_age=31_536_000, immutable=True),
    opt={ACT: Act.OPEN},
)

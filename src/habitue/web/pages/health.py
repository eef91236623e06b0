"""`/settings/health`: what the doctor finds, and how to mend it."""

from __future__ import annotations

from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency

from habitue.app import Shop
from habitue.web.page import Asked, fragment, only, page, reader
from habitue.web.pages.settings import rooms

TONES: Final = {"ok": ("good", "check"), "warn": ("open", "alert"), "bad": ("bad", "alert")}


@get("/settings/health", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """The page; what is found is fetched after it, for it may take a while."""
    only(request)
    return page(request, shop, "health.html", rooms=rooms(request, shop, reader(request, shop)), found=None)


@get("/settings/health/findings", sync_to_thread=True)
def findings(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """All that was looked at."""
    return fragment(request, shop, "findings.html", found=shop.doctor(), tones=TONES)

"""`/settings/health`: what the doctor finds, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency

from habitue.app import Shop
from habitue.web.page import Asked, fragment, only, page, reader
from habitue.web.pages.settings import rooms
from habitue.web.words import Words

TONES: Final = {"ok": ("good", "check"), "warn": ("open", "alert"), "bad": ("bad", "alert")}
AS_IS: Final = ("pid", "percent")
"""Numbers that count nothing, or are written as they are."""


@get("/settings/health", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """The page; what is found is fetched after it, for it may take a while."""
    only(request)
    return page(request, shop, "health.html", rooms=rooms(request, shop, reader(request, shop)), found=None)


@get("/settings/health/findings", sync_to_thread=True)
def findings(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """All that was looked at."""
    words = reader(request, shop)
    found = [(one, _counted(one.fields, words)) for one in shop.doctor()]
    return fragment(request, shop, "findings.html", found=found, tones=TONES)


def _counted(fields: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """What a finding tells, its counts as they are written in the reader's language."""
    return {
        name: words.number(value) if isinstance(value, int) and name not in AS_IS else value
        for name, value in fields.items()
    }

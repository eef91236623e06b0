"""One file per noun."""

from habitue.web.pages import (
    api,
    calls,
    catalogue,
    customer,
    customers,
    data,
    draft,
    duplicates,
    entry,
    failure,
    look,
    overview,
    segment,
    segments,
    stages,
    styleguide,
)

__all__ = [
    "api",
    "calls",
    "catalogue",
    "customer",
    "customers",
    "data",
    "draft",
    "duplicates",
    "entry",
    "failure",
    "look",
    "overview",
    "segment",
    "segments",
    "stages",
    "styleguide",
]

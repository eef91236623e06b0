"""One file per noun."""

from habitue.web.pages import (
    api,
    calls,
    catalogue,
    customer,
    customers,
    data,
    duplicates,
    failure,
    overview,
    segment,
    segments,
    stages,
)

__all__ = [
    "api",
    "calls",
    "catalogue",
    "customer",
    "customers",
    "data",
    "duplicates",
    "failure",
    "overview",
    "segment",
    "segments",
    "stages",
]

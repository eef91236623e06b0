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
    "stages",
]

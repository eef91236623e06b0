"""`/api`: the API's addresses as a page, read off its own OpenAPI document."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from habitue.app import Shop
from habitue.web import lag
from habitue.web.page import Asked, page, reader


@get("/api", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """What can be asked, and how."""
    paths = request.app.openapi_schema.to_schema()["paths"]
    operations = [
        {
            "verb": verb.upper(),
            "path": path,
            "summary": cleandoc(one.get("description", "")),
            "parameters": _parameters(one),
        }
        for path, verbs in sorted(paths.items())
        for verb, one in verbs.items()
    ]
    down = lag.down(shop, reader(request, shop).say)
    return page(request, shop, "api.html", operations=operations, down=down)


def _parameters(operation: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["name"], one.get("description", "")) for one in operation.get("parameters", ())]

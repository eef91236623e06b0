"""The route table holds every handler that was written."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from litestar.handlers import BaseRouteHandler

from habitue import api, web
from habitue.routes import routers
from habitue.web import pages


def written() -> Iterator[tuple[str, object]]:
    """Each handler of the faces' modules, by the name of its function."""
    for package in (api, web, pages):
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            for thing in vars(import_module(module.name)).values():
                if isinstance(thing, BaseRouteHandler):
                    yield f"{thing.fn.__module__}.{thing.fn.__qualname__}", thing.fn


def test_no_handler_is_left_out_of_the_routes() -> None:
    routes = [route for router in routers({}, "a token") for route in router.routes]
    kept = {handler.fn for route in routes for handler in getattr(route, "route_handlers", ())}
    every = dict(written())
    assert len(every) > 100
    assert [name for name, function in every.items() if function not in kept] == []

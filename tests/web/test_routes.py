"""The route table holds every handler that was written."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from litestar.handlers import BaseRouteHandler
from litestar.testing import TestClient

from habitue import api, web
from habitue.app import Shop
from habitue.routes import routers
from habitue.server import create
from habitue.web import pages
from tests.ingest.stores import parcel


def written() -> Iterator[tuple[str, object]]:
    """Each handler of the faces' modules, by the name of its function."""
    for package in (api, web, pages):
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            for thing in vars(import_module(module.name)).values():
                if isinstance(thing, BaseRouteHandler):
                    yield f"{thing.fn.__module__}.{thing.fn.__qualname__}", thing.fn


def test_no_handler_is_left_out_of_the_routes() -> None:
    routes = [route for router in routers({}, commanded=True) for route in router.routes]
    kept = {handler.fn for route in routes for handler in getattr(route, "route_handlers", ())}
    every = dict(written())
    assert len(every) > 100
    assert [name for name, function in every.items() if function not in kept] == []


def test_each_workspace_of_a_process_is_answered_for_by_itself(tmp_path: Path) -> None:
    """The routes are worked through once; whose they are is asked with each request."""
    with Shop.create(tmp_path / "a") as one, Shop.create(tmp_path / "b") as other:
        one.put([parcel("load", {"key": "user:ada"})], 0)
        one.refresh(1)
        other.refresh(1)
        ours = create(one, frozenset({"one.test"}), token="of-one")
        theirs = create(other, token="of-other")
        with (
            TestClient(ours, base_url="http://one.test") as first,
            TestClient(theirs, base_url="http://127.0.0.1") as second,
        ):
            for client, token, held in ((first, "of-one", 1), (second, "of-other", 0)):
                found = client.get("/api/v1/customers", headers={"authorization": f"Bearer {token}"})
                assert found.json()["total"] == held
            assert (
                second.get("/api/v1/customers", headers={"authorization": "Bearer of-one"}).status_code == 401
            )
            assert second.get("/api/v1/health", headers={"host": "one.test"}).status_code == 421
            assert first.get("/api/v1/health").status_code == 200
        assert create(one).state.shop is one

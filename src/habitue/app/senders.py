"""Who sends a message, as people call it: a journey or a broadcast, by the origin that messages keep."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from habitue.app.workspace import Workspace
from habitue.journeys import kept as journeys
from habitue.store import broadcasts


class Sender(Struct, frozen=True):
    """What sends is called, and where it is looked at; None where there is nothing to look at."""

    title: str
    place: str | None = None


def senders(shop: Workspace, origins: Iterable[str]) -> dict[str, Sender]:
    """Each of these origins by its name; what is neither a journey nor a broadcast keeps its own."""
    return {origin: _sender(shop, origin) for origin in {*origins}}


def _sender(shop: Workspace, origin: str) -> Sender:
    kind, _, slug = origin.partition(":")
    if kind == "journey" and (saved := journeys.versions(shop.ops, slug)):
        return Sender(saved[-1].journey.title, f"/journeys/{slug}")
    if kind == "broadcast":
        with shop.ops.read() as tx:
            for kept in broadcasts.every(tx, slug):
                return Sender(kept.body.get("name") or slug, f"/campaigns/{slug}")
    return Sender(origin)

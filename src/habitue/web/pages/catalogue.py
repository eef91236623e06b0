"""`/data/catalogue`: every event name and trait, what it is like, and what is unexpected about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery

from habitue.app import Shop
from habitue.metrics import personal, properties
from habitue.metrics.catalogue import Entry
from habitue.metrics.unusual import said
from habitue.web.page import Asked, page, reader
from habitue.web.places import PARTS
from habitue.web.words import Words


@get("/data/catalogue", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    event: FromQuery[str | None] = None,
    trait: FromQuery[str | None] = None,
    odd: FromQuery[bool] = False,
) -> Response[str]:
    """All of them, or one with its properties."""
    words = reader(request, shop)
    entries = shop.catalogue_entries(wait=False)
    kind: Literal["event", "trait"] = "event" if event is not None else "trait"
    name = event if event is not None else trait
    opened = next((one for one in entries if (one.kind, one.title) == (kind, name)), None)
    ready = all(one.close for one in entries)
    if name is not None and opened is None and ready:
        raise NotFoundException
    return page(
        request,
        shop,
        "catalogue.html",
        parts=PARTS,
        entries={
            kind: [_row(one, words) for one in entries if one.kind == kind and (one.warnings or not odd)]
            for kind in ("event", "trait")
        },
        warned_names=sum(bool(one.warnings) for one in entries),
        odd=odd,
        ready=ready,
        opened=opened and {**_row(opened, words), "properties": _properties(opened, words)},
    )


def _row(entry: Entry, words: Words) -> dict[str, Any]:
    volume = entry.volume
    return {
        "kind": entry.kind,
        "id": entry.title,
        "name": words.event(entry.name) if entry.kind == "event" else entry.title,
        "volume": volume,
        "week": sum(volume.days[-7:]),
        "line": spark(volume.days),
        "persons": entry.close.persons if entry.close else None,
        "personal": [words.say(personal.SAID[one]) for one in entry.personal],
        "warnings": [said(one, words.say) for one in entry.warnings],
    }


def _properties(entry: Entry, words: Words) -> list[dict[str, Any]]:
    return [
        {
            "path": one.path,
            "share": one.share,
            "types": ", ".join(words.say(properties.SAID[kind]) for kind in one.types),
            "examples": one.examples,
            "personal": words.say(personal.SAID[one.personal]) if one.personal else None,
        }
        for one in (entry.close.properties if entry.close else ())
    ]


def spark(days: Sequence[int], height: float = 24) -> str:
    """The days as the outline of an area, one unit wide each, for an SVG path."""
    most = max(*days, 1)
    points = " ".join(f"L{x} {height - (height - 2) * n / most:.1f}" for x, n in enumerate(days))
    return f"M0 {height} {points} L{len(days) - 1} {height}Z"

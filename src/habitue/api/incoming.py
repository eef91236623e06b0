"""`/api/v1/calls` and `/api/v1/catalogue`: what comes in, as it comes, and what it is like."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct

from habitue.api.asked import Size, read
from habitue.app import Shop
from habitue.ingest.calls.protocol import FAULTS
from habitue.ingest.calls.recent import Seen
from habitue.kernel import clock
from habitue.kernel.i18n import LANGUAGES, translator
from habitue.metrics.catalogue import Entry
from habitue.metrics.unusual import Oddity, said


class Reason(Struct, frozen=True):
    """Why an event (by its place in the call) or the whole call (null) was refused, in each language."""

    event: int | None
    code: str | None
    message: dict[str, str]


class Call(Struct, frozen=True):
    """One call: what came, how many of its events were taken, and why others were not.

    `names` are of its first events; `body` is how it began, up to 4,096 bytes, `size` how long it was.
    """

    number: int
    received: str
    source: str | None
    path: str
    outcome: Literal["accepted", "partly", "refused"]
    status: int
    size: int
    taken: int
    refused: int
    names: list[str]
    reasons: list[Reason]
    body: str


class Warned(Struct, frozen=True):
    """Something unexpected: what, of which property if of one, in each language."""

    kind: Literal["uncounted", "stopped", "drop", "jump", "new", "gone", "flip"]
    property: str | None
    message: dict[str, str]


class Property(Struct, frozen=True):
    """A property (of a trait: its value): its share of the events, its types, and what personal data it
    seems to hold; `examples` of values where it holds none.
    """

    path: str
    share: float
    types: list[str]
    personal: str | None
    examples: list[str]


class Listed(Struct, frozen=True):
    """An event name or a trait; `days` are the last 90, today the last."""

    kind: Literal["event", "trait"]
    name: str
    events: int
    persons: int
    sources: list[str]
    first: str
    last: str
    days: list[int]
    personal: list[str]
    properties: list[Property]
    warnings: list[Warned]


@read("/calls")
def calls(
    shop: NamedDependency[Shop],
    source: Annotated[
        str | None, QueryParameter(max_length=40, description="Those of this source; `-` for no known key.")
    ] = None,
    outcome: Annotated[
        Literal["accepted", "refused"] | None,
        QueryParameter(description="Those taken whole, or those of which something was refused."),
    ] = None,
    size: Size = 100,
) -> list[Call]:
    """The last calls to `/v1`, the newest first: 500 since the server was started."""
    return [_call(one) for one in shop.recent.latest(size, "" if source == "-" else source, outcome)]


@read("/catalogue")
def catalogue(
    shop: NamedDependency[Shop],
    kind: Annotated[
        Literal["event", "trait"] | None, QueryParameter(description="Events or traits; both if not said.")
    ] = None,
    name: Annotated[
        str | None,
        QueryParameter(max_length=256, description="An event’s name, or a trait’s such as `city`."),
    ] = None,
    warned: Annotated[bool, QueryParameter(description="Only those with something unexpected.")] = False,
) -> list[Listed]:
    """Every event name and trait with its volume, properties and warnings: seconds, for a large shop."""
    made = [_listed(one) for one in shop.catalogue_entries()]
    return [
        one
        for one in made
        if kind in (None, one.kind) and name in (None, one.name) and (one.warnings or not warned)
    ]


def _call(seen: Seen) -> Call:
    whole = [Reason(None, None, _said(seen.why, seen.fields))] if seen.why else []
    return Call(
        seen.number,
        clock.iso(seen.received),
        seen.source,
        seen.path,
        seen.outcome,
        seen.status,
        seen.size,
        seen.taken,
        seen.refused,
        list(seen.names),
        [
            *whole,
            *(Reason(at, fault.code, _said(FAULTS[fault.code], fault.fields)) for at, fault in seen.faults),
        ],
        seen.body.decode("utf-8", "replace"),
    )


def _said(message: str, fields: dict[str, object]) -> dict[str, str]:
    return {language: translator(language)(message, **fields) for language in LANGUAGES}


def _warned(odd: Oddity) -> Warned:
    return Warned(
        odd.kind, odd.property, {language: said(odd, translator(language)) for language in LANGUAGES}
    )


def _listed(entry: Entry) -> Listed:
    volume, close = entry.volume, entry.close
    return Listed(
        entry.kind,
        entry.title,
        volume.events,
        close.persons if close else 0,
        list(volume.sources),
        clock.iso(volume.first),
        clock.iso(volume.last),
        list(volume.days),
        list(entry.personal),
        [
            Property(one.path, one.share, list(one.types), one.personal, list(one.examples))
            for one in (close.properties if close else ())
        ],
        [_warned(one) for one in entry.warnings],
    )

"""A customer's history: what happened, the stages that came of it, what was sent, what people wrote down."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from heapq import nlargest
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.messaging.outbox import Told
from habitue.people import happenings, profiles
from habitue.people.happenings import KINDS
from habitue.people.profiles import Happening, Stay
from habitue.stages.models import Model
from habitue.store.notes import Note

if TYPE_CHECKING:
    from habitue.app.shop import Shop

ALL: Final = (*KINDS, "stages", "notes")
PAGE: Final = 20
SENT: Final = 200
"""So many messages of a customer are looked at, the latest."""

OUTCOMES: Final = (
    *("Email Sent", "Email Bounced", "SMS Sent", "SMS Bounced", "Push Sent", "Push Bounced"),
    "In-App Expired",
)
"""The events that tell of a message what stands with it."""


class Mark(NamedTuple):
    """A place in the history. At one instant a message stands above a stage, a note, and an event."""

    ts: Micros
    rank: int
    id: int


class Item(Struct, frozen=True):
    """One thing of the history: an event, a note, a stay that began in a model, a message."""

    mark: Mark
    kind: str
    event: Happening | None = None
    note: Note | None = None
    stay: Stay | None = None
    model: Model | None = None
    message: Told | None = None


END: Final = Mark(clock.LAST, 9, 0)


def timeline(
    shop: Shop, person: int, kinds: Collection[str], now: Micros, before: Mark = END, most: int = PAGE
) -> list[Item]:
    """The latest of these kinds (all where none is named), or those before a place."""
    wanted = set(kinds or ALL)
    sent = shop.customer_messages(person, SENT) if "messages" in wanted else []
    found = [*_events(shop, person, wanted, before, most, {one.message for one in sent})]
    found += [Item(Mark(one.changed, 3, one.message), "messages", message=one) for one in sent]
    if "notes" in wanted:
        found += [_noted(one) for one in shop.notes(person)]
    if "stages" in wanted:
        found += _stages(shop, person, now)
    return nlargest(most, (one for one in found if one.mark < before), key=lambda one: one.mark)


def _events(
    shop: Shop, person: int, wanted: set[str], before: Mark, most: int, sent: Collection[int]
) -> Iterator[Item]:
    """Events, but for those that only tell what became of these messages."""
    if wanted.isdisjoint(KINDS):
        return
    names = None
    if not wanted.issuperset(KINDS):
        names = happenings.among(list(shop.catalogue().events), wanted)
    last = (before.ts, before.id if before.rank == 0 else 1 << 62)
    told = most + 2 * len(sent)
    for one in profiles.happenings(shop.warehouse, person, told, last, names=names):
        if one.name in OUTCOMES and one.props.get("message") in sent:
            continue
        yield Item(Mark(one.ts, 0, one.seq), happenings.kind(one.name), event=one)


def _noted(one: Note) -> Item:
    return Item(Mark(one.made, 1, one.id), "notes", note=one)


def _stages(shop: Shop, person: int, now: Micros) -> Iterator[Item]:
    for n, model in enumerate(shop.models()):
        if model.subject == "person":
            for stay in profiles.stays(shop.warehouse, model.version, person):
                if stay.start <= now:
                    yield Item(Mark(stay.start, 2, n), "stages", stay=stay, model=model)

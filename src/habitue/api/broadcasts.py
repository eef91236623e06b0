"""`/api/v1/broadcasts`: one message to many, drafted, looked at beforehand, sent, held up.

What each address takes of whoever asks stands in `habitue.routes`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, delete, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import Body, PathParameter
from msgspec import Struct

from habitue.api.asked import API, by, read
from habitue.api.shapes import Failure
from habitue.app import Shop
from habitue.broadcasts.shape import Broadcast, from_body
from habitue.kernel import clock, money
from habitue.store.broadcasts import Kept

Name = Annotated[str, PathParameter(max_length=64, description="The broadcast’s id.")]
Act = Literal["send", "recall", "pause", "resume", "cancel", "choose"]


class Standing(Struct, frozen=True):
    """What a broadcast says, and how it stands: since when, and who made it so."""

    broadcast: Broadcast
    state: str
    since: str
    by: str
    starts: str | None
    winner: str | None


class Standings(Struct, frozen=True):
    """All broadcasts, the newest first."""

    broadcasts: list[Standing]


class Counted(Struct, frozen=True):
    """So many messages in a state, for a reason."""

    state: str
    reason: str | None
    messages: int


class Version(Struct, frozen=True):
    """Of a variant: how many customers it reached, and how many of them clicked and ordered afterwards."""

    variant: str
    reached: int
    clicks: int
    orders: int


class Going(Struct, frozen=True):
    """How a broadcast goes: its recipients, those still to be put into the outbox, and its messages."""

    standing: Standing
    recipients: int
    waiting: int
    messages: list[Counted]
    variants: list[Version]


class Lost(Struct, frozen=True):
    """So many are stopped by a guard, or wait for it."""

    guard: str
    customers: int


class Foreseen(Struct, frozen=True):
    """Who is meant, who is lost to which guard, and who gets it: `later` of them later than planned.

    `parts` are the messages that are paid for, `cost` what they cost together in the workspace’s currency,
    null where the channel has no price; `lacking` are the values for want of which some get nothing.
    """

    meant: int
    excluded: int
    lost: list[Lost]
    gets: int
    later: list[Lost]
    first: str | None
    last: str | None
    parts: int
    cost: str | None
    lacking: list[str]


class Steering(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to become of it; `variant` is the one that the others get (`choose`)."""

    act: Act
    variant: str = ""


_REFUSED: Final = {
    400: ResponseSpec(Failure, description="What is wrong with the request; nothing was changed."),
    401: ResponseSpec(Failure, description="A key of the API is needed."),
    403: ResponseSpec(Failure, description="The key may not do that."),
}
_CHANGE: Final[dict[str, Any]] = {
    "status_code": 200,
    "sync_to_thread": True,
    "responses": _REFUSED,
    "security": [{"token": []}],
}


@read("/broadcasts")
def index(shop: NamedDependency[Shop]) -> Standings:
    """Every broadcast, the newest first: what it says, and how it stands."""
    return Standings([_standing(kept) for kept in shop.broadcasts()])


@read("/broadcasts/{name:str}")
def show(shop: NamedDependency[Shop], name: Name) -> Going:
    """How a broadcast goes, or went: its messages by state and reason, and what its variants did."""
    kept = shop.broadcast(name)
    course = shop.broadcast_course(kept)
    return Going(
        _standing(kept),
        course.recipients,
        course.left,
        [Counted(state, reason, n) for (state, reason), n in course.tally.items()],
        [Version(one.variant, one.reached, one.clicks, one.orders) for one in course.results],
    )


@read("/broadcasts/{name:str}/funnel")
def funnel(shop: NamedDependency[Shop], name: Name) -> Foreseen:
    """Who would get it if it were sent as it stands, and who is lost to which guard. Nothing is sent."""
    found = shop.broadcast_funnel(from_body(shop.broadcast(name).body))
    return Foreseen(
        found.meant,
        found.excluded,
        [Lost(guard, n) for guard, n in found.lost.items()],
        found.gets,
        [Lost(guard, n) for guard, n in found.waits.items()],
        clock.iso(found.first) or None,
        clock.iso(found.last) or None,
        found.parts,
        None if found.cost is None else money.written(found.cost, shop.settings.currency),
        [*found.lacking],
    )


@post("/broadcasts", **_CHANGE)
def save(
    request: Request[Any, Any, State],
    shop: NamedDependency[Shop],
    data: Annotated[dict[str, Any], Body(description="The broadcast, as in a file.")],
) -> Standing:
    """Keep a broadcast as a draft, or change the draft of that id. Nothing is sent."""
    return _standing(shop.keep_broadcast(from_body(data), by(request, API)))


@post("/broadcasts/{name:str}", **_CHANGE)
def steer(
    request: Request[Any, Any, State],
    shop: NamedDependency[Shop],
    name: Name,
    data: Annotated[Steering, Body(description="What is to become of it.")],
) -> Standing:
    """Send it, make a draft of it again, pause, resume or cancel it, or choose the variant of the others."""
    shop.steer_broadcast(name, data.act, by(request, API), data.variant)
    request.app.state.mend()
    return _standing(shop.broadcast(name))


@delete("/broadcasts/{name:str}", **_CHANGE)
def drop(request: Request[Any, Any, State], shop: NamedDependency[Shop], name: Name) -> None:
    """Forget a draft."""
    shop.drop_broadcast(name, by(request, API))


def _standing(kept: Kept) -> Standing:
    starts = clock.iso(kept.starts) or None
    return Standing(from_body(kept.body), kept.state, clock.iso(kept.since), kept.mover, starts, kept.winner)

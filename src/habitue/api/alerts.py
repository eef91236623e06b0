"""`/api/v1/alerts`: what the team is told by itself."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import Body, FromPath
from msgspec import Meta, Struct

from habitue.alerts.kept import body
from habitue.api.asked import API, by, read
from habitue.api.shapes import Failure
from habitue.app import Shop
from habitue.app.alerts import Watched
from habitue.kernel import clock
from habitue.kernel.clock import LAST
from habitue.store import incidents
from habitue.store.incidents import Incident

_REFUSED: Final = {
    400: ResponseSpec(Failure, description="What is wrong with the request."),
    401: ResponseSpec(Failure, description="A key of the API is needed."),
    403: ResponseSpec(Failure, description="The key may not do that."),
}
_TOKEN: Final[list[dict[str, list[str]]]] = [{"token": []}]


class Alert(Struct, frozen=True):
    """An alert and how it stands; `definition` is as in its file. `figure` is what the last look found."""

    id: str
    name: str
    definition: dict[str, Any]
    figure: float | None
    usual: float | None
    looked: str
    muted: str
    incident: int | None


class Occurrence(Struct, frozen=True):
    """An incident; `ended` is empty while it is under way, `snoozed` where it is not, `over` to its end."""

    id: int
    alert: str
    begun: str
    ended: str
    snoozed: str
    first: dict[str, Any]
    last: dict[str, Any]


class Snoozed(Struct, frozen=True, forbid_unknown_fields=True):
    """How long nobody wants to hear of it: 1h, 1d, 1w, `over` (until it is over) or `none` (tell again)."""

    length: Annotated[str, Meta(max_length=20)]


@read("/alerts")
def index(shop: NamedDependency[Shop]) -> list[Alert]:
    """Every alert: what it watches, what the last look found, whether an incident is under way."""
    return [_told(one) for one in shop.alerts()]


@read("/alerts/{alert:str}/incidents")
def history(shop: NamedDependency[Shop], alert: FromPath[str]) -> list[Occurrence]:
    """The last incidents of an alert, one that is under way first."""
    shop.alert(alert)
    return [_incident(one) for one in incidents.incidents(shop.ops, alert)]


@post("/alerts/{alert:str}/snooze", sync_to_thread=True, status_code=200, responses=_REFUSED, security=_TOKEN)
def snooze(
    request: Request[Any, Any, State],
    shop: NamedDependency[Shop],
    alert: FromPath[str],
    data: Annotated[Snoozed, Body()],
) -> Occurrence:
    """Be told nothing of what is under way for a while, or again."""
    number = shop.snooze_alert(alert, data.length, by(request, API))
    found = incidents.numbered(shop.ops, number)
    assert found is not None
    return _incident(found)


def _told(one: Watched) -> Alert:
    found = one.reading
    return Alert(
        one.alert.id,
        one.alert.title,
        body(one.alert),
        found.value if found else None,
        found.usual if found else None,
        clock.iso(one.state.looked),
        clock.iso(one.state.muted),
        one.incident.id if one.incident else None,
    )


def _incident(one: Incident) -> Occurrence:
    snoozed = "over" if one.snoozed == LAST else clock.iso(one.snoozed)
    return Occurrence(
        one.id, one.slug, clock.iso(one.begun), clock.iso(one.ended), snoozed, one.first, one.last
    )

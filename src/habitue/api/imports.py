"""`/api/v1/imports`: the files that were imported, and taking one back.

What each address takes of whoever asks stands in `habitue.routes`.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from msgspec import Struct

from habitue.api.asked import API, Size, by, read
from habitue.api.shapes import Failure
from habitue.app import Shop
from habitue.app.undoing import Going, Undo
from habitue.kernel import money
from habitue.kernel.clock import iso
from habitue.kernel.number import Number
from habitue.store import jobs
from habitue.store.jobs import Job

PATIENCE: Final = 5.0
"""Seconds for which a program waits for a small shop rather than for an answer that says so."""


class Import(Struct, frozen=True):
    """A file that was imported: `stored` events were new, `known` were there already; null where that is not
    known (it was cut short). `undone` is when it was taken back.
    """

    number: int
    file: str
    kind: str
    started: str
    finished: str | None
    rows: int | None
    stored: int | None
    known: int | None
    rejected: int | None
    undone: str | None


class Trait(Struct, frozen=True):
    """Of how many customers a trait has its earlier value again, and of how many none."""

    name: str
    earlier: int
    unknown: int


class Effect(Struct, frozen=True):
    """What goes with an import: events, their net revenue, customers of whom nothing else is known, consents.

    `refused` customers said no to being written to; that stays. `later` are imports that came after it and
    held events that were there already: those come back only when these files are imported again. `state` is
    `possible`, `running` (then `share` of the present step is done) or `done`.
    """

    number: int
    events: int
    revenue: str
    customers: int
    staying: int
    agreed: int
    refused: int
    traits: list[Trait]
    later: list[int]
    state: str
    share: float | None


_REFUSED: Final = {
    400: ResponseSpec(Failure, description="It can’t be undone, and why; nothing was changed."),
    401: ResponseSpec(Failure, description="A key of the API is needed."),
    403: ResponseSpec(Failure, description="The key may not do that."),
    404: ResponseSpec(Failure, description="There is no such import."),
}
_TOKEN: Final[list[dict[str, list[str]]]] = [{"token": []}]


@read("/imports")
def index(shop: NamedDependency[Shop], size: Size = 100) -> list[Import]:
    """The files that were imported, the latest first."""
    return [_said(one) for one in shop.imports(size)]


@read("/imports/{number:int}/undo")
def effect(shop: NamedDependency[Shop], number: Number) -> Effect:
    """What undoing this import would do, and, where it has begun, how far it is; nothing is changed."""
    _there(shop, number)
    going = shop.undoer.going(number)
    if going is not None and going.error is None:
        return _under_way(shop, going)
    return _effect(shop, shop.undo(number), "possible", None)


@post(
    "/imports/{number:int}/undo",
    sync_to_thread=True,
    responses=_REFUSED,
    security=_TOKEN,
    status_code=200,
)
def undo(request: Request[Any, Any, State], shop: NamedDependency[Shop], number: Number) -> Response[Effect]:
    """Take this import back: what it brought counts nowhere any more. What takes longer than some seconds
    goes on by itself (202); the same address says how far it is.
    """
    _there(shop, number)
    going = shop.undoer.start(number, by(request, API))
    shop.undoer.wait(number, PATIENCE)
    if going.error is not None:
        raise going.error
    return Response(_under_way(shop, going), status_code=200 if going.over else 202)


def _under_way(shop: Shop, going: Going) -> Effect:
    share = going.done / going.total if going.total and not going.over else None
    return _effect(shop, going.found, "done" if going.over else "running", share)


def _there(shop: Shop, number: int) -> None:
    if jobs.numbered(shop.ops, number) is None:
        raise NotFoundException


def _said(one: Job) -> Import:
    finished, undone = (None if at is None else str(iso(at)) for at in (one.finished, one.undone))
    counts = {name: one.report.get(name) for name in ("rows", "stored", "known", "rejected")}
    began = str(iso(one.started))
    return Import(one.id, one.file, one.kind, began, finished=finished, undone=undone, **counts)


def _effect(shop: Shop, found: Undo, state: str, share: float | None) -> Effect:
    told = found.effect
    return Effect(
        found.job.id,
        told.events,
        str(money.major(told.revenue, shop.settings.currency)),
        told.alone,
        told.staying,
        told.agreed,
        told.refused,
        [Trait(one.name, one.back, one.unknown) for one in told.traits],
        [one.id for one in found.later],
        state,
        share,
    )

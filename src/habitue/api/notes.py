"""`/api/v1/customers/{key}/notes` and `/api/v1/tasks`: what people wrote down beside customers."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import Body, QueryParameter
from msgspec import Meta, Struct

from habitue.api.asked import read
from habitue.api.profile import Key, numbered
from habitue.api.shapes import Failure
from habitue.app import Shop
from habitue.kernel.clock import iso
from habitue.store.notes import Note
from habitue.team.rights import Actor


class Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note, or a task with the day it is due and for whom."""

    text: Annotated[str, Meta(min_length=1, max_length=4_000)]
    task: bool = False
    due: Annotated[str, Meta(max_length=40)] | None = None
    assignee: Annotated[str, Meta(max_length=200)] | None = None


class Told(Struct, frozen=True):
    """A note or a task as it is kept; `customer` is a number."""

    id: int
    customer: int
    task: bool
    text: str
    by: str
    made: str
    edited: str | None
    due: str | None
    assignee: str | None
    done: str | None


_TOKEN: Final[list[dict[str, list[str]]]] = [{"token": []}]
_REFUSED: Final = {
    400: ResponseSpec(Failure, description="What is wrong with the request."),
    401: ResponseSpec(Failure, description="A key of the API is needed."),
    403: ResponseSpec(Failure, description="The key may not do that."),
    404: ResponseSpec(Failure, description="There is no such customer."),
}


@read("/customers/{key:str}/notes")
def index(shop: NamedDependency[Shop], key: Key) -> list[Told]:
    """The notes and tasks beside a customer, the latest first."""
    person = numbered(shop, key)
    return [_told(one, person) for one in shop.notes(person)]


@post("/customers/{key:str}/notes", sync_to_thread=True, responses=_REFUSED, security=_TOKEN)
def write(
    request: Request[Any, Any, State],
    shop: NamedDependency[Shop],
    key: Key,
    data: Annotated[Written, Body()],
) -> Told:
    """Write a note or a task beside a customer."""
    person, actor = numbered(shop, key), request.user
    by = actor.name if isinstance(actor, Actor) and actor.name else "api"
    if data.task:
        return _told(shop.task(person, data.text, by, due=data.due, assignee=data.assignee), person)
    return _told(shop.note(person, data.text, by), person)


@read("/tasks")
def tasks(
    shop: NamedDependency[Shop],
    show: Annotated[
        Literal["open", "overdue", "done"],
        QueryParameter(description="The open ones, those that are late, or those done."),
    ] = "open",
) -> list[Told]:
    """Tasks over all customers, what is due first at the top; 1,000 at most."""
    found = shop.tasks(done=show == "done", overdue=show == "overdue", most=1_000)
    return [_told(one.task, one.person) for one in found]


def _told(one: Note, customer: int) -> Told:
    times = [iso(at) or None for at in (one.edited, one.due, one.done)]
    edited, due, done = times
    return Told(one.id, customer, one.task, one.text, one.by, iso(one.made), edited, due, one.assignee, done)

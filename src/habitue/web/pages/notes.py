"""Notes and tasks: `/tasks`, and what forms beside a customer send."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromQuery
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop
from habitue.kernel import clock
from habitue.people import identities, profiles
from habitue.store import notes
from habitue.store.notes import Note
from habitue.web.gate import by, whose
from habitue.web.numbered import InPath
from habitue.web.page import Asked, page

MOST: Final = 200
Which = Literal["mine", "all", "overdue", "done"]


class Written(Struct):
    """What somebody writes beside a customer; `task` if there is something to be done."""

    text: str = ""
    task: str = ""
    due: str = ""
    assignee: str = ""
    back: str = ""


class Changed(Struct):
    """What becomes of a note: other words, done or open again, or gone."""

    act: Literal["change", "done", "open", "delete"] = "change"
    text: str = ""
    due: str = ""
    assignee: str = ""
    back: str = ""


@get("/tasks", sync_to_thread=True)
def index(request: Asked, shop: NamedDependency[Shop], show: FromQuery[Which] = "mine") -> Response[str]:
    """What is to be done: one's own, all, what is late, or what was done."""
    mine, now = by(request), clock.now()
    found = shop.tasks(
        mine=mine if show == "mine" else None, done=show == "done", overdue=show == "overdue", most=MOST
    )
    counts = {
        "mine": notes.open_tasks(shop.ops, mine),
        "all": notes.open_tasks(shop.ops),
        "overdue": notes.open_tasks(shop.ops, due=now),
    }
    return page(request, shop, "tasks.html", tasks=found, show=show, counts=counts, most=MOST)


@post("/customers/{person:int}/notes", sync_to_thread=True, status_code=303)
def write(
    request: Asked,
    shop: NamedDependency[Shop],
    person: InPath,
    data: Annotated[Written, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Write a note or a task beside a customer."""
    if profiles.person(shop.warehouse, person) is None:
        raise NotFoundException
    if data.task:
        shop.task(person, data.text, by(request), due=data.due, assignee=data.assignee)
    else:
        shop.note(person, data.text, by(request))
    return Redirect(_back(data.back, person), status_code=303)


@post("/notes/{note:int}", sync_to_thread=True, status_code=303)
def change(
    request: Asked,
    shop: NamedDependency[Shop],
    note: InPath,
    data: Annotated[Changed, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Change a note, tick a task off, open it again, or delete either."""
    old = _act(shop, note, data, by(request), whose(request))
    return Redirect(_back(data.back, identities.whole(shop.warehouse, old.node)), status_code=303)


def _act(shop: Shop, note: int, data: Changed, who: str, own: str | None) -> Note:
    if data.act == "delete":
        return shop.unwrite(note, who, whose=own)
    if data.act == "change":
        return shop.amend(note, data.text, who, due=data.due, assignee=data.assignee, whose=own)
    return shop.finish_task(note, who, done=data.act == "done")


def _back(where: str, person: int) -> str:
    """The page that the form was on: one of ours, or else the customer's."""
    known: dict[str, Any] = {
        "agent": f"/agent?q={person}",
        **{f"tasks:{show}": f"/tasks?show={show}" for show in ("mine", "all", "overdue", "done")},
    }
    return str(known.get(where, f"/customers/{person}#notes"))

"""`/data/imports/{number}`: what an import brought, what undoing it would do, and doing it."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery
from litestar.response import Redirect

from habitue.app import Shop
from habitue.app.undoing import Going, Undo
from habitue.app.without import Shift
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store import jobs
from habitue.store.jobs import Job
from habitue.web.gate import by
from habitue.web.numbered import InPath
from habitue.web.page import Asked, only, page, reader
from habitue.web.pages.data import told
from habitue.web.places import PARTS
from habitue.web.words import Words

PATIENCE: Final = 0.5
"""Seconds for which a reader waits for a small shop rather than for a page that says so."""
NOWHERE: Final = N_("not known any more")
SHOWN: Final = 12
"""Traits that are named."""


@get("/data/imports/{number:int}", sync_to_thread=True)
def show(
    request: Asked, shop: NamedDependency[Shop], number: InPath, stages: FromQuery[bool] = False
) -> Response[Any]:
    """An import; before it is undone, what would go with it, and who would change stage if that is asked."""
    only(request, "stages")
    job, going = _found(shop, number), shop.undoer.going(number)
    return shown(request, shop, job, going, stages=stages)


@post("/data/imports/{number:int}/undo", sync_to_thread=True, status_code=303)
def undo(request: Asked, shop: NamedDependency[Shop], number: InPath) -> Response[Any]:
    """Take it back; what takes long goes on by itself, and the page tells how far it is."""
    job = _found(shop, number)
    try:
        shop.undoer.start(number, by(request))
    except UserError:
        return shown(request, shop, job, None, 400)
    shop.undoer.wait(number, PATIENCE)
    return Redirect(f"/data/imports/{number}", status_code=303)


def shown(
    request: Asked, shop: Shop, job: Job, going: Going | None, status: int = 200, *, stages: bool = False
) -> Response[Any]:
    """The page: under way, done, impossible or to be confirmed."""
    words, change, wrong = reader(request, shop), None, ""
    if going is not None and going.over:
        wrong = going.wrong.get(words.language, "")
    if going is None or going.over:
        try:
            change = None if job.undone else shop.undo(job.id)
        except UserError as error:
            wrong = wrong or error.say(words.say)
    return page(
        request,
        shop,
        "undo.html",
        status,
        parts=PARTS,
        job=job,
        one=told(job, words, shop),
        going=going if going and not going.over else None,
        change=change,
        later=[(one.file, one.report["known"]) for one in change.later] if change else [],
        traits=_traits(change),
        wrong=wrong,
        restaged=_restaged(shop, job, words) if stages and change else None,
    )


def _restaged(shop: Shop, job: Job, words: Words) -> dict[str, Any]:
    """Who would change stage: from where to where, how many."""
    found = shop.restaged(job.id)
    several = len({one.model.id for one in found.shifts}) > 1

    def named(one: Shift, place: int | None) -> str:
        return words.say(NOWHERE) if place is None else one.model.stages[place].name.said(words.language)

    rows = [
        (
            one.model.kind.name.said(words.language) if several else "",
            named(one, one.old),
            named(one, one.new),
            one.n,
        )
        for one in found.shifts
    ]
    return {"customers": found.customers, "looked": found.looked, "rows": rows}


def _traits(change: Undo | None) -> list[tuple[str, int, int]]:
    return [(one.name, one.back, one.unknown) for one in change.effect.traits[:SHOWN]] if change else []


def _found(shop: Shop, number: int) -> Job:
    found = jobs.numbered(shop.ops, number)
    if found is None:
        raise NotFoundException
    return found

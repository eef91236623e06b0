"""`/stages/{model}/draft`: change a definition, and see all that it would change before it is published."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery, QueryParameter
from litestar.response import Redirect

from habitue.app import Shop
from habitue.app.drafting import OVERTAKEN, Draft
from habitue.app.trials import Publication, Trial, Trials
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.number import number as numbered
from habitue.metrics.contrast import Contrast
from habitue.stages import reshape
from habitue.stages.kpis import KPIS
from habitue.stages.models import Model
from habitue.stages.sketch import Sketch, sketched
from habitue.web import contrast, editor, movers
from habitue.web.contrast import Shown
from habitue.web.flash import done
from habitue.web.gate import by
from habitue.web.looks import looks
from habitue.web.numbered import InPath
from habitue.web.page import Asked, link, only, page, reader
from habitue.web.saying import names
from habitue.web.words import Words

PATIENCE: Final = 0.9
"""Seconds for which a changed draft keeps its reader waiting for a first look at what it changes."""

Fields = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
SIZE: Final = 15


def place(model: str, number: int | None = None) -> str:
    """The address of a model's draft."""
    return f"/stages/{model}/draft" + ("" if number is None else f"/{number}")


@get("/stages/{model:str}/draft", sync_to_thread=True)
def begin(
    request: Asked, shop: NamedDependency[Shop], trials: NamedDependency[Trials], model: FromPath[str]
) -> Response[str]:
    """The live definition, ready to be changed: the first change makes a draft of it."""
    only(request)
    return _page(request, shop, trials, shop.model(model), None)


@get("/stages/{model:str}/draft/{number:int}", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    trials: NamedDependency[Trials],
    model: FromPath[str],
    number: InPath,
    fresh: FromQuery[bool] = False,
) -> Response[Any]:
    """A draft, and what it would change; where it is being published, how far that is."""
    only(request, "fresh")
    chosen, doing = shop.model(model), trials.publication(number)
    if doing and doing.published:
        return _gone(request, done(f"/stages/{model}", _LIVE, number=doing.published.number))
    return _page(request, shop, trials, chosen, shop.draft(chosen, number), fresh=fresh, doing=doing)


@post("/stages/{model:str}/draft", sync_to_thread=True, status_code=303)
def change(
    request: Asked,
    shop: NamedDependency[Shop],
    trials: NamedDependency[Trials],
    model: FromPath[str],
    data: Fields,
) -> Response[Any]:
    """Keep what the form says, and then publish or discard it where its button says so."""
    chosen, now = shop.model(model), clock.now()
    number = numbered(data.get("number", ""))
    act = data.get("act", "save")
    if act == "discard" and number is not None:
        shop.discard_draft(chosen, number)
        trials.forget(number)
        return done(f"/stages/{model}", _DISCARDED, "info", number=number)
    base = _base(shop, chosen, data)
    sketch = sketched(base, data)
    try:
        sketch = _reshaped(base, sketch, act, data)
    except UserError as error:
        number = number if sketch.empty else shop.keep_draft(chosen, number, sketch, by(request), now)
        draft = None if number is None else shop.draft(chosen, number)
        return _page(request, shop, trials, chosen, draft, told=error, status=400, more=_more(data))
    if number is None and sketch.empty:
        return Redirect(place(model), status_code=303)
    unseen = "live" not in data and number is not None and shop.overtaken(shop.draft(chosen, number))
    number = shop.keep_draft(chosen, number, sketch, by(request), now)
    if act == "publish":
        if unseen or base.version != chosen.version:
            overtaken = UserError(OVERTAKEN, number=chosen.number)
            return _page(
                request, shop, trials, chosen, shop.draft(chosen, number), told=overtaken, status=409
            )
        if shop.faults(shop.draft(chosen, number).model):
            return _page(request, shop, trials, chosen, shop.draft(chosen, number), status=400)
        trials.publish(chosen, number, by(request), now).over.wait(PATIENCE)
    return Redirect(place(model, number), status_code=303)


@get("/stages/{model:str}/draft/{number:int}/progress", sync_to_thread=True)
def progress(
    request: Asked,
    shop: NamedDependency[Shop],
    trials: NamedDependency[Trials],
    model: FromPath[str],
    number: InPath,
) -> Response[str]:
    """How far the count is: the small part of the page that is asked for again and again."""
    draft, trial = _tried(shop, trials, model, number)
    looked = trial.rough.people if trial.rough else 0
    return page(request, shop, "progress.html", trial=trial, looked=looked, kept=place(model, draft.id))


@get("/stages/{model:str}/draft/{number:int}/people", sync_to_thread=True)
def people(
    request: Asked,
    shop: NamedDependency[Shop],
    trials: NamedDependency[Trials],
    model: FromPath[str],
    number: InPath,
    source: Annotated[str | None, QueryParameter(name="from")] = None,
    target: Annotated[str | None, QueryParameter(name="to")] = None,
    leaf: Annotated[int, QueryParameter(name="page", ge=1, le=10_000)] = 1,
) -> Response[Any]:
    """Who would stand elsewhere, and why, a page at a time."""
    only(request, "from", "to", "page")
    draft, trial = _tried(shop, trials, model, number)
    words = reader(request, shop)
    if trial.seen is None:
        trial.over.wait(PATIENCE)
    if trial.seen is None:
        return Redirect(place(model, number))
    views = _views(draft, words)
    ids = movers.chosen(trial, views, source, target)
    some = ids[(leaf - 1) * SIZE : leaf * SIZE]
    return page(
        request,
        shop,
        "movers.html",
        draft=draft,
        title=draft.live.kind.name.said(words.language),
        back=place(model, number),
        at=trial.at,
        views=views,
        source=source,
        target=target,
        sampled=trial.seen.sampled,
        total=len(ids),
        rows=movers.rows(shop, trial, views, some, words),
        first=(leaf - 1) * SIZE + 1,
        number=leaf,
        pages=-(-len(ids) // SIZE),
        table=link(f"{place(model, number)}/people.csv", **{"from": source, "to": target}),
    )


@get("/stages/{model:str}/draft/{number:int}/people/{person:int}", sync_to_thread=True)
def person(
    request: Asked,
    shop: NamedDependency[Shop],
    trials: NamedDependency[Trials],
    model: FromPath[str],
    number: InPath,
    person: InPath,
) -> Response[str]:
    """One customer by both definitions, side by side: the bands, and why they part."""
    only(request)
    draft, trial = _tried(shop, trials, model, number)
    words = reader(request, shop)
    return page(
        request,
        shop,
        "mover.html",
        draft=draft,
        back=place(model, number),
        at=trial.at,
        one=movers.one(shop, trial, _views(draft, words), person, words),
        views=_views(draft, words),
    )


@get("/stages/{model:str}/draft/{number:int}/people.csv", sync_to_thread=True)
def listed(
    request: Asked,
    shop: NamedDependency[Shop],
    trials: NamedDependency[Trials],
    model: FromPath[str],
    number: InPath,
    source: Annotated[str | None, QueryParameter(name="from")] = None,
    target: Annotated[str | None, QueryParameter(name="to")] = None,
) -> Response[str]:
    """All of them: their keys, their stage now and their stage by the draft."""
    draft, trial = _tried(shop, trials, model, number)
    _counted(trial)
    views = _views(draft, reader(request, shop))
    rows = movers.table(shop, trial, views, movers.chosen(trial, views, source, target))
    return _csv(f"{model}-draft-{number}-people.csv", ["key", "stage", "stage_by_draft"], rows)


@get("/stages/{model:str}/draft/{number:int}/figures.csv", sync_to_thread=True)
def figures(
    request: Asked,
    shop: NamedDependency[Shop],
    trials: NamedDependency[Trials],
    model: FromPath[str],
    number: InPath,
) -> Response[str]:
    """Every figure of every month, as it is and as it would be."""
    draft, trial = _tried(shop, trials, model, number)
    rows = contrast.table(trial, _counted(trial), _views(draft, reader(request, shop)))
    return _csv(f"{model}-draft-{number}.csv", ["month", "figure", "live", "draft"], rows)


_LIVE: Final = N_("Version {number} is live: all figures and lists follow it.")
_DISCARDED: Final = N_("Draft {number} was discarded.")
_STOPPED: Final = N_("This draft was changed meanwhile. Open it again.")
_UNSOUND: Final = N_(
    "This draft has faults or changes nothing: there is nobody to list. Open it and mend it."
)


def _counted(trial: Trial) -> Contrast:
    """What came of counting everybody; raises `UserError` where that was given up: a part is no table."""
    trial.over.wait()
    if trial.exact is None:
        raise trial.wrong or UserError(_STOPPED)
    return trial.exact


def _reshaped(live: Model, sketch: Sketch, act: str, data: Mapping[str, str]) -> Sketch:
    """The sketch after a button of the list of stages: `up:`, `down:`, `out:`, `back:` a stage, or `more`."""
    verb, _, stage = act.partition(":")
    if verb in ("up", "down"):
        return reshape.moved(live, sketch, stage, -1 if verb == "up" else 1)
    if verb == "out":
        return reshape.without(live, sketch, stage)
    if verb == "back":
        return reshape.back(live, sketch, stage)
    if verb == "more":
        return reshape.more(live, sketch, **_more(data))
    return sketch


def _more(data: Mapping[str, str]) -> dict[str, str]:
    """What was said of a new stage."""
    return {one: data.get(f"more.{one}", "") for one in ("name", "canonical", "rule")}


def _base(shop: Shop, live: Model, data: Mapping[str, str]) -> Model:
    """The version that the form was filled in from: what was not changed in it is no change of another's."""
    shown = numbered(data.get("live", ""))
    found = (one.model for one in shop.versions(live.id) if one.model.number == shown)
    return live if shown in (None, live.number) else next(found, live)


def _gone(request: Asked, on: Redirect) -> Response[Any]:
    """On to another page, also from a part of this one that htmx asks for again and again."""
    if not request.headers.get("hx-request"):
        return on
    return Response("", headers={"HX-Redirect": on.url}, cookies=on.cookies)


def _tried(shop: Shop, trials: Trials, model: str, number: int) -> tuple[Draft, Trial]:
    """A sound draft with its trial; raises `UserError` for one that can't be tried."""
    chosen = shop.model(model)
    draft = shop.draft(chosen, number)
    trial = None if shop.faults(draft.model) else trials.of(number, chosen, draft.model, clock.now())
    if trial is None:
        raise UserError(_UNSOUND)
    return draft, trial


def _views(draft: Draft, words: Words) -> contrast.Views:
    return contrast.Views(looks(draft.live, words.language), looks(draft.model, words.language), words)


def _page(
    request: Asked,
    shop: Shop,
    trials: Trials,
    live: Model,
    draft: Draft | None,
    *,
    fresh: bool = False,
    doing: Publication | None = None,
    told: UserError | None = None,
    status: int = 200,
    more: Mapping[str, str] | None = None,
) -> Response[str]:
    words, now = reader(request, shop), clock.now()
    sketch = draft.sketch if draft else Sketch()
    faults = shop.faults(draft.model) if draft else []
    trial = None
    if draft and not faults and not (doing and not doing.over.is_set()):
        trial = trials.of(draft.id, live, draft.model, now, fresh)
        if trial:
            trial.first.wait(PATIENCE)
    return page(
        request,
        shop,
        "draft.html",
        status,
        live=live,
        draft=draft,
        title=live.kind.name.said(words.language),
        models=[(one.id, one.kind.name.said(words.language)) for one in shop.models()],
        more=more,
        form=editor.form(live, sketch, faults, words, names(shop, words.language)),
        trial=trial,
        proposed=trials.proposed(live, now),
        wrong=trial.wrong.say(words.say) if trial and trial.wrong else None,
        doing=doing,
        refused=wrong.say(words.say) if (wrong := told or (doing and doing.wrong)) else None,
        overtaken=shop.overtaken(draft) if draft and not told else None,
        shown=_shown(shop, draft, trial, words),
        others=[one for one in shop.drafts(live) if draft is None or one.id != draft.id],
        kept=place(live.id, draft.id if draft else None),
        address=place(live.id),
        kpis=KPIS,
    )


def _shown(shop: Shop, draft: Draft | None, trial: Trial | None, words: Words) -> Shown | None:
    if draft is None or trial is None or trial.seen is None:
        return None
    called = names(shop, words.language)
    users = [called.get(one.id, one.id) for one in shop.dependents(draft.live)]
    return contrast.shown(trial, trial.seen, _views(draft, words), place(draft.live.id, draft.id), users)


def _csv(name: str, head: list[str], rows: list[list[Any]]) -> Response[str]:
    text = io.StringIO()
    csv.writer(text).writerows([head, *rows])
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue(), media_type="text/csv", headers=headers)

"""`/customers`: the people behind a number, as a page and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect, Stream

from habitue.app import Shop
from habitue.kernel import clock, money
from habitue.kernel.cell import safe
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_
from habitue.people import profiles
from habitue.people.profiles import Choice, Member
from habitue.stages.choice import Question, choose, foretold, members
from habitue.stages.models import Model
from habitue.web.looks import Look, looks
from habitue.web.page import Asked, here, page, reader
from habitue.web.words import Words

SIZE: Final = 50
PAGES: Final = 200
"""How far one can leaf; who wants more takes the CSV."""

COLUMNS: Final = (
    "key",
    "name",
    "email",
    "stage",
    "since",
    "next_stage",
    "next_at",
    "life",
    "orders",
    "revenue",
    "last_order",
)
_CHUNK: Final = 2_000


@get("/customers", sync_to_thread=True)
def index(
    request: Asked,
    shop: NamedDependency[Shop],
    question: NamedDependency[Question],
    model: FromQuery[str | None] = None,
    number: Annotated[int, QueryParameter(name="page", ge=1, le=PAGES)] = 1,
) -> Response[str]:
    """One page of the list, latest arrivals in the stage first."""
    now = clock.now()
    chosen = shop.model(model) if model else shop.models()[0]
    choice = choose(chosen, question, shop.settings.timezone, now)
    total, persons = profiles.page(shop.warehouse, choice, SIZE, (number - 1) * SIZE)
    words, known = reader(request, shop), shop.known()
    shown = looks(chosen, words.language)
    return page(
        request,
        shop,
        "customers.html",
        model=chosen.id,
        title=chosen.kind.name.said(words.language),
        models=[(one.id, one.kind.name.said(words.language)) for one in shop.models()],
        looks=shown,
        by_value={look.value: look for look in shown},
        question=question,
        about=_about(words, question, {look.id: look for look in shown}),
        choice=choice,
        people=members(shop.warehouse, chosen, choice, persons, known, now),
        past=choice.after < now,
        foretold=foretold(chosen, choice, known, now),
        total=total,
        number=number,
        first=(number - 1) * SIZE + 1,
        last=(number - 1) * SIZE + len(persons),
        pages=min(PAGES, -(-total // SIZE)),
        table=here(request, page=None).replace("/customers", "/customers.csv", 1),
    )


@get("/customers.csv", sync_to_thread=True)
def table(
    shop: NamedDependency[Shop], question: NamedDependency[Question], model: FromQuery[str | None] = None
) -> Stream:
    """All of the list as CSV (UTF-8, RFC 4180); no cell is a formula to a spreadsheet."""
    chosen = shop.model(model) if model else shop.models()[0]
    now = clock.now()
    choice = choose(chosen, question, shop.settings.timezone, now)
    name = f"customers-{chosen.id}-{clock.iso(choice.after)[:10]}.csv"
    return Stream(
        _lines(shop, chosen, choice, now),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


@get("/customers.json", sync_to_thread=False)
def twin(request: Asked) -> Redirect:
    """The same list in the API."""
    query = request.url.query
    return Redirect(f"/api/v1/customers?{query}" if query else "/api/v1/customers")


def _about(words: Words, question: Question, by_id: dict[str, Look]) -> str:
    """What the list holds, in words."""

    def named(ids: Sequence[str]) -> str:
        return ", ".join(by_id[one].name if one in by_id else words.say(N_("Not known yet")) for one in ids)

    target = question.target or question.stage
    if question.source:
        return words.say(
            N_("From {source} to {target}"),
            source=named(question.source),
            target=named(target) or words.say(N_("any stage")),
        )
    if question.ever:
        return words.say(N_("Ever in {stage}"), stage=named([question.ever]))
    return named(target) or words.say(N_("Everyone known"))


def _lines(shop: Shop, model: Model, choice: Choice, now: Micros) -> Iterator[str]:
    yield _row(COLUMNS)
    persons, known = profiles.chosen(shop.warehouse, choice), shop.known()
    for start in range(0, len(persons), _CHUNK):
        some = members(shop.warehouse, model, choice, persons[start : start + _CHUNK], known, now)
        yield "".join(_row(_cells(one, model, shop.settings.currency)) for one in some)


def _cells(one: Member, model: Model, currency: str) -> list[Any]:
    then = model.stages[one.then].id if one.then is not None else ""
    texts = [safe(text or "") for text in (one.key, one.name, one.email)]
    return [
        *texts,
        model.stages[one.value].id,
        clock.iso(one.since),
        then,
        clock.iso(one.until),
        one.life,
        one.orders,
        money.major(one.revenue, currency),
        clock.iso(one.last_order),
    ]


def _row(cells: Sequence[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()

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

from habitue.app import Shop, lists
from habitue.kernel import clock, money
from habitue.kernel.cell import safe
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_
from habitue.kernel.period import parse
from habitue.people import profiles
from habitue.people.profiles import Choice, Member
from habitue.people.roster import Leaf, Place
from habitue.stages.choice import NONE, Question, foretold, members
from habitue.stages.models import Model
from habitue.store import views
from habitue.web import columns
from habitue.web.gate import by
from habitue.web.looks import Look, looks
from habitue.web.page import Asked, here, page, reader
from habitue.web.pages.mass import OFFERS
from habitue.web.saying import circles, names
from habitue.web.words import Words

SIZE: Final = 50
FURTHEST: Final = 1_000_000_000

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
_PLACES: Final = ("after", "before", "past")
"""What of an address says how far one has leafed."""


@get("/customers", sync_to_thread=True)
def index(
    request: Asked,
    shop: NamedDependency[Shop],
    after: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
    past: Annotated[int, QueryParameter(ge=0, le=FURTHEST)] = 0,
) -> Response[str]:
    """One page of the list, latest arrivals in the stage first if nothing else was asked."""
    now, wish = clock.now(), lists.wish(request.url.query)
    model = shop.model(wish.model) if wish.model else shop.models()[0]
    choice = lists.choice(shop, model, wish.question, now)
    leaf = lists.leaf(shop, wish, choice, SIZE, lists.place(after), lists.place(before))
    words = reader(request, shop)
    stages = looks(model, words.language)
    expected = foretold(model, choice, shop.known(), now)
    return page(
        request,
        shop,
        "customers.html",
        wish=wish,
        question=wish.question,
        model=model.id,
        title=model.kind.name.said(words.language),
        models=[(one.id, one.kind.name.said(words.language)) for one in shop.models()],
        segments=[(one.id, one.title) for one in circles(shop, words.language) if one.subject == "person"],
        looks=stages,
        by_value={look.value: look for look in stages},
        about=about(words, wish.question, {look.id: look for look in stages}, names(shop, words.language)),
        flow=_flow(model, wish.question),
        at=choice.after,
        past=choice.after < now,
        foretold=expected,
        first_column=columns.customer(wish, words),
        before=choice.before,
        columns=columns.shown(wish, words, choice.after < now, expected),
        choices=columns.choices(wish, words, list(shop.catalogue().names)),
        people=lists.rows(shop, model, choice, leaf.persons, wish.columns, now),
        total=leaf.total,
        **_leafing(request, leaf, past, before is not None),
        acts=[(name, words.say(said), takes) for name, (said, takes) in OFFERS.items()],
        batch=request.query_params.get("batch"),
        given=request.query_params.multi_items(),
        views=views.seen(shop.ops, by(request)),
        owner=by(request),
        query=lists.tidy(request.url.query),
    )


def _flow(model: Model, question: Question) -> tuple[str, str] | None:
    """From which stage to which those asked for went, where it is one from one; "" is not known before."""
    if len(question.source) != 1 or len(question.target) != 1 or model.subject != "person":
        return None
    source, target = question.source[0], question.target[0]
    return None if target == NONE else ("" if source == NONE else source, target)


@get("/customers.csv", sync_to_thread=True)
def table(
    shop: NamedDependency[Shop], question: NamedDependency[Question], model: FromQuery[str | None] = None
) -> Stream:
    """All of the list as CSV (UTF-8, RFC 4180); no cell is a formula to a spreadsheet."""
    chosen = shop.model(model) if model else shop.models()[0]
    now = clock.now()
    choice = lists.choice(shop, chosen, question, now)
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


def about(words: Words, question: Question, by_id: dict[str, Look], called: dict[str, str]) -> str:
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
    if question.bought:
        period = parse(question.bought)
        text = {
            (True, True): N_("Who ordered again in {period}"),
            (True, False): N_("Who ordered in {period}"),
            (False, True): N_("Who ordered again: {period}"),
            (False, False): N_("Who ordered: {period}"),
        }
        return words.say(text[period.months == 1, question.again], period=words.period(period))
    if question.segment:
        return words.say(
            N_("In the segment {segment}"), segment=called.get(question.segment, question.segment)
        )
    if question.becomes:
        return words.say(
            N_("From {source} soon to {target}, if nothing happens"),
            source=named(target) or words.say(N_("any stage")),
            target=named([question.becomes]),
        )
    if question.ever:
        return words.say(N_("Ever in {stage}"), stage=named([question.ever]))
    return named(target) or words.say(N_("Customers"))


def _leafing(request: Asked, leaf: Leaf, past: int, back: bool) -> dict[str, Any]:
    """Which part of the list this is, and the way to what lies before and behind it."""
    past = min(past, max(leaf.total - len(leaf.persons), 0))

    def at(name: str, place: Place | None, number: int) -> str | None:
        where = dict.fromkeys(_PLACES) | {"page": None}
        if place is None:
            return None
        return here(request, **(where | {name: f"{place.value}.{place.person}", "past": number or None}))

    ahead = back or leaf.more
    behind = past > 0 and (leaf.more or not back)
    return {
        "first": past + 1,
        "last": past + len(leaf.persons),
        "next": at("after", leaf.last, past + len(leaf.persons)) if ahead else None,
        "previous": at("before", leaf.first, max(past - SIZE, 0)) if behind else None,
        "top": here(request, **dict.fromkeys(_PLACES)),
    }


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

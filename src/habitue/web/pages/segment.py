"""`/segments/{id}`: one segment: its rule, its size over time, who is in it, who came and went, and why."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final, Literal

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath, FromQuery, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from habitue.app import Shop, usage
from habitue.app.segments import Periods
from habitue.engine import reason
from habitue.engine.explain import Why
from habitue.kernel import clock, money
from habitue.kernel.cell import safe
from habitue.kernel.clock import LAST, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.number import Number
from habitue.kernel.period import day_of
from habitue.people import profiles
from habitue.people.keys import bare
from habitue.rules.text import write
from habitue.segments.crowd import Shared, Stay, Way
from habitue.segments.persona import CATEGORY, Mark
from habitue.segments.saved import Segment
from habitue.segments.templates import told
from habitue.web import charts, flash
from habitue.web.gate import by
from habitue.web.looks import looks
from habitue.web.page import Asked, here, link, only, page, reader
from habitue.web.saying import circles, meant, names, said
from habitue.web.words import Words

SIZE: Final = 50
PAGES: Final = 200
_CHUNK: Final = 2_000
COLUMNS: Final = ("key", "name", "email", "since", "until", "expected", "orders", "revenue", "last_order")
SAVED: Final = {
    "saved": N_("Saved. The segment is live, with its whole history."),
    "same": N_("Nothing was changed: the live version says just this."),
    "removed": N_("“{id}” is live no more. Its versions stay kept."),
    "restored": N_("The earlier version is live again, as the newest one."),
}

Id = FromPath[str]


class Wanted(Struct):
    """A version of a segment, by its number."""

    number: Number


@get("/segments/{name:str}", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    name: Id,
    step: Annotated[Literal["month", "day"], QueryParameter(name="by")] = "month",
) -> Response[str]:
    """All that there is to know of one segment."""
    only(request, "by")
    return _page(request, shop, found(shop, name, reader(request, shop)), step)


def _page(request: Asked, shop: Shop, own: Segment, step: str, wrong: str | None = None) -> Response[str]:
    words, now = reader(request, shop), clock.now()
    called, rule = names(shop, words.language), own.definition().all[0]
    months = shop.segment_months(own.version, now)
    periods = shop.segment_days(own.version, now) if step == "day" else months
    return page(
        request,
        shop,
        "segment.html",
        400 if wrong else 200,
        own=own,
        said=meant(rule, words, called),
        text=write(rule),
        wrong=wrong,
        size=int(months.sizes.inside[-1]),
        by=step,
        chart=_chart(months, words),
        moves=_moves(own, periods, words, step),
        versions=[(one, said(one.definition().all[0], shop, words, called)) for one in _all(shop, own)],
        users=usage.segment_uses(shop, own.id),
        api=link("/api/v1/segment", rule=f'segment("{own.id}")'),
    )


def found(shop: Shop, name: str, words: Words | None = None) -> Segment:
    """The live segment of that id as its reader is told of it; a page that is not there otherwise."""
    for one in shop.segments():
        if one.id == name and one.subject == "person":
            return told(one, words.language) if words else one
    raise NotFoundException


def _all(shop: Shop, own: Segment) -> list[Segment]:
    return shop.segment_versions(own.id)[::-1]


def _chart(periods: Periods, words: Words) -> charts.Spec:
    """The size at the end of each period."""
    sizes = periods.sizes.inside[1:].tolist()
    ends = [_period(at, words, "month") for at in periods.begun]
    tips = [f"{end}\n{words.number(n)}" for end, n in zip(ends, sizes, strict=True)]
    short = [words.month(day_of(at, words.zone), "LLL y") for at in periods.begun]
    return charts.stacked([charts.Series("", charts.ACCENT, list(enumerate(sizes)))], short, tips)


def _period(at: Micros, words: Words, step: str) -> str:
    return words.month(day_of(at, words.zone)) if step == "month" else words.time(at)


def _moves(own: Segment, periods: Periods, words: Words, step: str) -> list[dict[str, Any]]:
    """Who came and went in each period, the latest first, with the bars' widths in percent."""
    sizes = periods.sizes
    most = max([1, *sizes.entered[1:].tolist(), *sizes.left[1:].tolist()])
    rows = [
        {
            "name": _period(start, words, step),
            "entered": int(came),
            "left": int(went),
            "size": int(n),
            "right": 50 * int(came) / most,
            "back": 50 * int(went) / most,
            "links": [
                link(f"/segments/{own.id}/customers", way=way, start=start, stop=stop)
                for way in ("entered", "left")
            ],
        }
        for start, stop, came, went, n in zip(
            periods.begun, periods.ends, sizes.entered[1:], sizes.left[1:], sizes.inside[1:], strict=True
        )
    ]
    return rows[::-1]


# --- versions -------------------------------------------------------------------------------------


@post("/segments/{name:str}/restore", sync_to_thread=True, status_code=303)
def restore(
    request: Asked,
    shop: NamedDependency[Shop],
    name: Id,
    data: Annotated[Wanted, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Make an earlier version the newest one."""
    own = found(shop, name, reader(request, shop))
    try:
        done = shop.restore_segment(own.id, data.number, by=by(request))
    except UserError as error:
        return _page(request, shop, own, "month", error.say(reader(request, shop).say))
    return flash.done(f"/segments/{own.id}", SAVED["same" if done.same else "restored"])


@post("/segments/{name:str}/remove", sync_to_thread=True, status_code=303)
def remove(request: Asked, shop: NamedDependency[Shop], name: Id) -> Response[Any]:
    """Let the segment be live no more, unless something needs it."""
    own = found(shop, name, reader(request, shop))
    try:
        shop.remove_segment(own.id, by=by(request))
    except UserError as error:
        return _page(request, shop, own, "month", error.say(reader(request, shop).say))
    return flash.done("/segments", SAVED["removed"], id=own.title)


# --- its people -----------------------------------------------------------------------------------

Way_ = Annotated[Way, QueryParameter(name="way")]
Instant = Annotated[int | None, QueryParameter(ge=0, le=LAST)]


@get("/segments/{name:str}/customers", sync_to_thread=True)
def people(
    request: Asked,
    shop: NamedDependency[Shop],
    name: Id,
    way: Way_ = "in",
    start: Instant = None,
    stop: Instant = None,
    number: Annotated[int, QueryParameter(name="page", ge=1, le=PAGES)] = 1,
) -> Response[str]:
    """Who is in it now, or who came in or went out in some time; each with a why."""
    only(request, "way", "start", "stop", "page")
    own, now = found(shop, name, reader(request, shop)), clock.now()
    low, high = start or 0, now if stop is None else stop
    total, stays = shop.segment_stays(own.version, way, low, high, SIZE, (number - 1) * SIZE)
    known = profiles.people(shop.warehouse, [one.person for one in stays])
    return page(
        request,
        shop,
        "crowd.html",
        own=own,
        way=way,
        since=start,
        until=high,
        rows=[(one, known[one.person], _moment(one, way)) for one in stays if one.person in known],
        total=total,
        number=number,
        first=(number - 1) * SIZE + 1,
        last=(number - 1) * SIZE + len(stays),
        pages=min(PAGES, -(-total // SIZE)),
        table=here(request, page=None).replace("/customers", "/customers.csv", 1),
    )


def _moment(stay: Stay, way: Way) -> Micros:
    """The instant that a why is asked of."""
    return (stay.stop or 0) if way == "left" else stay.start


@get("/segments/{name:str}/customers.csv", sync_to_thread=True)
def table(
    shop: NamedDependency[Shop], name: Id, way: Way_ = "in", start: Instant = None, stop: Instant = None
) -> Stream:
    """All of them as CSV (UTF-8, RFC 4180); no cell is a formula to a spreadsheet."""
    own, now = found(shop, name), clock.now()
    high = now if stop is None else stop
    _, stays = shop.segment_stays(own.version, way, start or 0, high)
    day = clock.iso(high)[:10]
    return Stream(
        _lines(shop, stays, now),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{own.id}-{way}-{day}.csv"'},
    )


def _lines(shop: Shop, stays: Sequence[Stay], now: Micros) -> Iterator[str]:
    yield _line(COLUMNS)
    for begin in range(0, len(stays), _CHUNK):
        some = stays[begin : begin + _CHUNK]
        known = profiles.people(shop.warehouse, [one.person for one in some])
        yield "".join(
            _line(_cells(one, known[one.person], shop.settings.currency, now))
            for one in some
            if one.person in known
        )


def _cells(stay: Stay, who: profiles.Person, currency: str, now: Micros) -> list[Any]:
    over = stay.stop is not None and stay.stop <= now
    return [
        *(safe(str(text or "")) for text in (who.key, who.name, who.traits.get("email"))),
        clock.iso(stay.start),
        clock.iso(stay.stop) if over else "",
        "" if over else clock.iso(stay.stop),
        who.orders,
        money.major(who.revenue, currency),
        clock.iso(who.last_order),
    ]


def _line(cells: Sequence[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


@get("/segments/{name:str}/why", sync_to_thread=True)
def why(
    request: Asked,
    shop: NamedDependency[Shop],
    name: Id,
    customer: FromQuery[int],
    at: Instant = None,
) -> Response[str]:
    """Why somebody is in it, or is not, at an instant: a fragment."""
    words = reader(request, shop)
    own = found(shop, name, words)
    return explained(request, shop, own.rule, customer, clock.now() if at is None else at, words, own)


def explained(
    request: Asked,
    shop: Shop,
    rule: str,
    customer: int,
    at: Micros,
    words: Words,
    own: Segment | None = None,
) -> Response[str]:
    """The tree of a rule for one customer, as a fragment; the rule may be that of a segment."""
    one = profiles.person(shop.warehouse, customer)
    asked = shop.explain(customer, rule, at=at)
    called, currency = names(shop, words.language), shop.settings.currency
    line = reason.told(asked, words.say, called, currency) if isinstance(asked, Why) else None
    return page(
        request,
        shop,
        "why.html",
        line=line,
        at=at,
        name=(one.name or bare(one.key)) if one else str(customer),
        title=own.title if own else "",
        back=f"/segments/{own.id}" if own else "/segments",
    )


# --- beside others --------------------------------------------------------------------------------


@get("/segments/{name:str}/beside", sync_to_thread=True)
def beside(request: Asked, shop: NamedDependency[Shop], name: Id) -> Response[str]:
    """How many of it are in each other segment and stage: a fragment, for it takes a moment."""
    words, now = reader(request, shop), clock.now()
    own = found(shop, name, words)
    size = int(shop.segment_months(own.version, now).sizes.inside[-1])
    shares = {(one.version, one.value): one for one in shop.segment_shared(own.version, now)}
    return page(
        request,
        shop,
        "beside.html",
        own=own,
        size=size,
        others=_others(shop, own, size, shares, words),
        marks_apart=[_mark(one, words) for one in shop.segment_marks(own.version, now)],
        models=[
            (
                model.kind.name.said(words.language),
                [
                    (
                        look,
                        shares[model.version, look.value].both
                        if (model.version, look.value) in shares
                        else 0,
                    )
                    for look in looks(model, words.language)
                ],
            )
            for model in shop.models()
            if model.subject == "person"
        ],
    )


def _mark(one: Mark, words: Words) -> tuple[str, str, Mark]:
    """What a mark is called, and how many of all others have it."""
    whole = words.percent(one.whole, "0%")
    if one.name == CATEGORY:
        name = words.say(N_("Bought: {value}"), value=one.value)
        return name, words.say(N_("of all who ordered: {share}"), share=whole), one
    value = {"true": words.say(N_("yes")), "false": words.say(N_("no"))}.get(one.value, one.value)
    name = words.say(N_("{trait}: {value}"), trait=words.trait(one.name), value=value)
    return name, words.say(N_("of everybody: {share}"), share=whole), one


def _others(
    shop: Shop, own: Segment, size: int, shares: dict[tuple[int, int], Shared], words: Words
) -> list[dict[str, Any]]:
    """Every other segment with what it shares with this one, the most alike first."""
    rows = []
    for one in circles(shop, words.language):
        if one.id != own.id and one.subject == "person":
            there = shares.get((one.version, 0), Shared(one.version, 0, 0, 0))
            whole = size + there.size - there.both
            rows.append(
                {
                    "own": one,
                    "size": there.size,
                    "both": there.both,
                    "share": there.both / size if size else 0.0,
                    "alike": there.both / whole if whole else 0.0,
                }
            )
    return sorted(rows, key=lambda row: (-row["alike"], row["own"].title.casefold()))

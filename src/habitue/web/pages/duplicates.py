"""`/data/duplicates`: customers who may be one, side by side, to be merged or kept apart."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery, QueryParameter
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop
from habitue.app.comparison import Comparison
from habitue.app.duplicates import FLOOR, LIKELY
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.number import Number
from habitue.people.duplicates import Duplicate
from habitue.people.profiles import Person
from habitue.web.gate import by
from habitue.web.page import Asked, link, page, reader
from habitue.web.places import PARTS
from habitue.web.words import Words

SIZE: Final = 20
SETTLED: Final = 10
SURE: Final = (0.5, 0.9, 0.99)
DONE: Final = {
    "searched": N_("All customers were compared."),
    "merged": N_("They are one customer now. That can be taken back below."),
    "dismissed": N_("They stay apart, and are not proposed again."),
    "undone": N_("That was taken back: the pair is on the list again."),
}
OUTCOMES: Final = {"merged": N_("merged"), "dismissed": N_("kept apart")}
_SHOWN: Final = {
    N_("E-mail"): ("email",),
    N_("Phone"): ("phone", "mobile"),
    N_("Address"): (
        *("address.street", "street", "address", "address.postalCode", "address.postal_code", "postcode"),
        *("postal_code", "zip", "address.city", "city"),
    ),
    N_("Birthday"): ("birthday", "birthDate", "birth_date", "dateOfBirth"),
}


class Decision(Struct):
    """What is to become of a pair, or of the whole list."""

    act: Literal["search", "merge", "dismiss", "undo"]
    number: Number = 0


@get("/data/duplicates", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    comparison: NamedDependency[Comparison],
    least: Annotated[float, QueryParameter(ge=FLOOR, le=1)] = LIKELY,
    start: Annotated[int, QueryParameter(name="from", ge=0, le=10**6)] = 0,
    done: FromQuery[Literal["searched", "merged", "dismissed", "undone"] | None] = None,
) -> Response[str]:
    """The pairs that wait, the likeliest first, and the last ones that were decided about."""
    wrong = comparison.wrong.say(reader(request, shop).say) if comparison.wrong else None
    said = None if wrong or not done else DONE[done]
    return _page(request, shop, least, start, said=said, wrong=wrong, doing=comparison.doing)


@post("/data/duplicates", sync_to_thread=True, status_code=303)
def decide(
    request: Asked,
    shop: NamedDependency[Shop],
    comparison: NamedDependency[Comparison],
    data: Annotated[Decision, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Do what a button says. The guard lets only our own pages post."""
    try:
        if data.act == "search":
            comparison.begin()
        elif data.act == "merge":
            shop.merge_duplicate(data.number, by(request))
        elif data.act == "dismiss":
            shop.dismiss_duplicate(data.number, by(request))
        else:
            shop.undo_duplicate(data.number, by(request))
    except UserError as error:
        wrong = error.say(reader(request, shop).say)
        return _page(request, shop, LIKELY, 0, wrong=wrong, status=400)
    done = {"search": "searched", "merge": "merged", "dismiss": "dismissed", "undo": "undone"}[data.act]
    return Redirect(link("/data/duplicates", done=done), status_code=303)


def _page(
    request: Asked,
    shop: Shop,
    least: float,
    start: int,
    *,
    said: str | None = None,
    wrong: str | None = None,
    doing: str | None = None,
    status: int = 200,
) -> Response[str]:
    words, total = reader(request, shop), shop.count_duplicates(least)
    return page(
        request,
        shop,
        "duplicates.html",
        status,
        parts=PARTS,
        pairs=[_pair(one, words) for one in shop.duplicates(least, SIZE, start)],
        settled=shop.settled_duplicates(SETTLED),
        outcomes=OUTCOMES,
        total=total,
        start=start,
        size=SIZE,
        least=least,
        sure=SURE,
        said=said,
        wrong=wrong,
        doing=doing,
    )


def _pair(one: Duplicate, words: Words) -> dict[str, Any]:
    """A pair with a row for each thing that is known of either."""
    facts = [
        (title, *(words.calendar(_told(side, names)) for side in (one.one, one.other)))
        for title, names in _SHOWN.items()
    ]
    orders = [
        (N_("Orders"), *(words.number(side.orders) for side in (one.one, one.other))),
        (N_("Revenue"), *(words.money(side.revenue) for side in (one.one, one.other))),
        (N_("Last order"), *(words.date(side.last_order) for side in (one.one, one.other))),
    ]
    return {"own": one, "rows": [row for row in facts if row[1] or row[2]] + orders}


def _told(side: Person, names: tuple[str, ...]) -> str:
    told = (side.traits.get(name) for name in names)
    return " ".join(str(one) for one in told if isinstance(one, str | int) and one != "")

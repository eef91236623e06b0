"""`/data/events`: the last calls as they come in; `/data/refused`: what could not be taken, to be mended."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, Final, Literal

import msgspec
from babel.units import format_unit
from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromQuery
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop
from habitue.ingest.calls.protocol import FAULTS
from habitue.ingest.calls.recent import Seen
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.number import Number
from habitue.web.numbered import InQuery
from habitue.web.page import Asked, page, reader
from habitue.web.places import PARTS
from habitue.web.words import Words

SHOWN: Final = 100
OUTCOMES: Final = {"accepted": N_("Accepted"), "partly": N_("In part"), "refused": N_("Refused")}
FILTERS: Final = {"accepted": N_("Accepted"), "refused": N_("Refused, also in part")}
DONE: Final = {
    "replayed": N_("It was taken, and counts within seconds."),
    "dropped": N_("It was dropped. It stays noted, and waits no more."),
}


class Decision(Struct):
    """What is to become of a refused event, and the event as it was mended."""

    number: Number
    act: Literal["replay", "drop"]
    body: str = ""


@get("/data/events", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    source: FromQuery[str | None] = None,
    outcome: FromQuery[Literal["accepted", "refused", ""] | None] = None,
    call: InQuery = None,
    still: FromQuery[bool] = False,
) -> Response[str]:
    """The last calls, the newest first; one of them with its body."""
    words = reader(request, shop)
    wanted = None if source in (None, "") else "" if source == "-" else source
    calls = shop.recent.latest(SHOWN, wanted, outcome or None)
    opened = shop.recent.numbered(call) if call else None
    return page(
        request,
        shop,
        "calls.html",
        parts=PARTS,
        calls=[_row(one, words) for one in calls],
        opened=opened and {**_row(opened, words), "body": pretty(opened.body), "cut": opened.cut},
        gone=call is not None and opened is None,
        source=source,
        outcome=outcome,
        still=still,
        names=[one.id for one in shop.sources()],
        outcomes=FILTERS,
    )


@get("/data/refused", sync_to_thread=True)
def refused(
    request: Asked,
    shop: NamedDependency[Shop],
    number: InQuery = None,
    done: FromQuery[Literal["replayed", "dropped"] | None] = None,
) -> Response[str]:
    """The events that wait to be looked at; one of them to be mended."""
    if number is not None and shop.refused_one(number) is None:
        raise NotFoundException
    return _refused(request, shop, number, said=DONE[done] if done else None)


@post("/data/refused", sync_to_thread=True, status_code=303)
def decide(
    request: Asked,
    shop: NamedDependency[Shop],
    data: Annotated[Decision, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Take the event again as it stands in the form, or drop it. The guard lets only our own pages post."""
    try:
        if data.act == "drop":
            shop.drop(data.number)
        else:
            shop.replay(data.number, data.body.encode())
    except UserError as error:
        wrong = error.say(reader(request, shop).say)
        return _refused(request, shop, data.number, data.body, wrong=wrong, status=400)
    done = "dropped" if data.act == "drop" else "replayed"
    return Redirect(f"/data/refused?done={done}", status_code=303, background=BackgroundTask(shop.refresh))


def _refused(
    request: Asked,
    shop: Shop,
    number: int | None,
    body: str | None = None,
    *,
    said: str | None = None,
    wrong: str | None = None,
    status: int = 200,
) -> Response[str]:
    opened = shop.refused_one(number) if number is not None else None
    return page(
        request,
        shop,
        "refused.html",
        status,
        parts=PARTS,
        waiting=shop.refused(SHOWN),
        opened=opened,
        body=body if body is not None else pretty(opened.body) if opened else "",
        total=sum(shop.behind().refused.values()),
        said=said,
        wrong=wrong,
        faults=FAULTS,
    )


def _row(seen: Seen, words: Words) -> dict[str, Any]:
    """A call as the page shows it."""
    return {
        "number": seen.number,
        "at": seen.received,
        "clock": clock.moment(seen.received, words.zone).strftime("%H:%M:%S"),
        "source": seen.source,
        "path": seen.path,
        "status": seen.status,
        "outcome": seen.outcome,
        "said": words.say(OUTCOMES[seen.outcome]),
        "events": seen.events,
        "taken": seen.taken,
        "names": seen.names,
        "size": _size(seen.size, words),
        "why": words.say(seen.why, **seen.fields) if seen.why else "",
        "faults": [(place, words.say(FAULTS[fault.code], **fault.fields)) for place, fault in seen.faults],
        "more": seen.refused - len(seen.faults) if seen.faults else 0,
    }


def _size(size: int, words: Words) -> str:
    """`1.2 kB`, `1,2 ko`; never less than a tenth."""
    return str(
        format_unit(max(0.1, round(size / 1000, 1)), "digital-kilobyte", "short", locale=words.language)
    )


def pretty(body: bytes) -> str:
    """JSON with its structure to be seen; what is none, or cut short, as it came."""
    with suppress(msgspec.DecodeError, RecursionError):
        body = msgspec.json.format(body, indent=2)
    return body.decode("utf-8", "replace")

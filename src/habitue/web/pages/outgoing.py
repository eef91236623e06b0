"""`/lists/outgoing`: calls to make, and letters to print, for whoever does them."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any, Final, Literal

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from msgspec import Struct

from habitue.app import Shop
from habitue.app.errands import CALLS, LETTERS, OUTCOMES
from habitue.app.senders import senders
from habitue.kernel.cell import safe
from habitue.kernel.clock import iso
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.templates.paper import MOST
from habitue.web import flash
from habitue.web.gate import by
from habitue.web.page import Asked, page, reader

PATH: Final = "/lists/outgoing"
SHOWN: Final = 100
Which = Literal["calls", "letters"]
CHANNEL: Final[dict[str, str]] = {"calls": CALLS, "letters": LETTERS}
LINES: Final = 6
COLUMNS: Final = ("message", "customer", "name", "made", "origin", "subject", "text")

_DONE: Final = {
    "reached": N_("Noted: {name} was reached."),
    "nobody": N_("Noted: nobody answered. It stays on the list while there are tries left."),
    "refused": N_("Noted: {name} wants no calls, and gets none any more."),
    "wrong": N_("Noted: the number is wrong, and is not called again."),
}
_POSTED: Final = N_("Noted: {n} letters are in the post.")


class Settled(Struct):
    """What came of a call, and who it was for; or up to which letter the pile is in the post."""

    message: int = 0
    outcome: str = ""
    name: str = ""
    posted: int = 0


@get(PATH, sync_to_thread=True)
def index(request: Asked, shop: NamedDependency[Shop], show: FromQuery[Which] = "calls") -> Response[str]:
    """What is to be done, the oldest first."""
    return _page(request, shop, show)


@post(PATH, sync_to_thread=True, status_code=303)
def settle(
    request: Asked,
    shop: NamedDependency[Shop],
    data: Annotated[Settled, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Note what came of a call, or that letters were posted."""
    if data.posted:
        n = shop.post_letters(data.posted, by(request))
        return flash.done(f"{PATH}?show=letters", _POSTED, n=n)
    try:
        shop.settle_call(data.message, data.outcome, by(request))
    except UserError as error:
        return _page(request, shop, "calls", error)
    return flash.done(PATH, _DONE[data.outcome], name=data.name[:80])


def _page(request: Asked, shop: Shop, show: Which, error: UserError | None = None) -> Response[str]:
    found = shop.errands(CHANNEL[show], SHOWN)
    standing = shop.channels()
    return page(
        request,
        shop,
        "outgoing.html",
        400 if error else 200,
        show=show,
        error=error,
        errands=found,
        senders=senders(shop, (one.origin for one in found)),
        most=SHOWN,
        outcomes=OUTCOMES,
        counts={name: shop.errand_count(channel) for name, channel in CHANNEL.items()},
        standing={name: channel in standing for name, channel in CHANNEL.items()},
    )


@get(f"{PATH}.csv", sync_to_thread=True)
def table(shop: NamedDependency[Shop], show: FromQuery[Which] = "calls") -> Response[str]:
    """The list for another program: a call centre’s, or a mailing house’s with the address line by line."""
    file = io.StringIO(newline="")
    writer, letters = csv.writer(file), show == "letters"
    ways = [f"address_{n + 1}" for n in range(LINES)] if letters else ["phone"]
    writer.writerow([*COLUMNS, *ways])
    for one in shop.errands(CHANNEL[show], MOST):
        where = (one.to.split("\n") + [""] * LINES)[:LINES] if letters else [one.to]
        cells = (one.message, one.person, one.name, iso(one.made), one.origin, one.subject, one.text, *where)
        writer.writerow([safe(cell) if isinstance(cell, str) else cell for cell in cells])
    said = {"content-disposition": f'attachment; filename="{show}.csv"'}
    return Response(file.getvalue(), media_type="text/csv", headers=said)


@get(f"{PATH}/letters.pdf", sync_to_thread=True)
def pile(request: Asked, shop: NamedDependency[Shop]) -> Response[Any]:
    """The letters, a page or more each, for envelopes with a window."""
    try:
        made, _, last = shop.letters(reader(request, shop).say)
    except UserError as error:
        return _page(request, shop, "letters", error)
    said = {"content-disposition": f'attachment; filename="letters-{last}.pdf"'}
    return Response(made, media_type="application/pdf", headers=said)

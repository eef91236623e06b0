"""`/welcome`: the demo, a file, or a program that sends: three ways to begin."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop
from habitue.app.uploads import MOST
from habitue.ingest.calls.protocol import FAULTS
from habitue.ingest.calls.sources import Source
from habitue.kernel.i18n import N_
from habitue.team.rights import Act, can
from habitue.web import gate
from habitue.web.page import Asked, fragment, only, page, reader
from habitue.web.pages.data import WAYS

SKIPPED: Final = "habitue_skipped"
_MONTH: Final = 30 * 86_400

KINDS: Final = {
    "browser": N_("The pages of a shop, in the browser"),
    "server": N_("A server: Python, Node or any other of Segment’s libraries"),
}
_NAMES: Final = {"browser": "site", "server": "shop"}


class Begun(Struct):
    """What kind of program will send."""

    kind: Literal["browser", "server"]


@get("/welcome", sync_to_thread=True)
def show(
    request: Asked, shop: NamedDependency[Shop], kind: FromQuery[Literal["browser", "server"] | None] = None
) -> Response[str]:
    """Three cards; the third one with its key and snippets once a `kind` is chosen."""
    only(request, "kind")
    source = _source(shop, kind) if kind else None
    return page(
        request,
        shop,
        "welcome.html",
        most=MOST,
        kinds=KINDS,
        kind=kind,
        source=source,
        ways={way: name for way, (name, fit) in WAYS.items() if kind in fit},
        url=f"{request.url.scheme}://{request.url.netloc}",
        **_arrived(request, shop, source),
    )


@post("/welcome/source", sync_to_thread=True, status_code=303)
def begin(
    request: Asked,
    shop: NamedDependency[Shop],
    data: Annotated[Begun, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Make a write key for that kind of program, unless there is one."""
    if _source(shop, data.kind) is None:
        taken = shop.names_of_sources()
        wish = _NAMES[data.kind]
        name = next(one for one in (wish, *(f"{wish}-{n}" for n in range(2, 1000))) if one not in taken)
        shop.add_source(name, data.kind)
        shop.tell(gate.by(request), "add source", name)
    return Redirect(f"/welcome?kind={data.kind}#connect", status_code=303)


@get("/welcome/arrived", sync_to_thread=True)
def arrived(
    request: Asked, shop: NamedDependency[Shop], kind: FromQuery[Literal["browser", "server"]]
) -> Response[str]:
    """Whether something of that kind has sent, asked again and again."""
    source = _source(shop, kind)
    return fragment(
        request, shop, "arrived.html", kind=kind, source=source, **_arrived(request, shop, source)
    )


@post("/welcome/skip", sync_to_thread=False, status_code=303)
def skip() -> Redirect:
    """Look around first: `/` leads here no more."""
    cookie = Cookie(SKIPPED, value="1", max_age=_MONTH, httponly=True, samesite="lax")
    return Redirect("/", status_code=303, cookies=[cookie])


def instead(request: Asked, shop: Shop) -> Response[Any]:
    """What stands for an overview of nothing: the ways to begin, or how to where they were passed over."""
    if can(gate.who(request, shop), Act.DATA) and SKIPPED not in request.cookies:
        return Redirect("/welcome", status_code=303)
    return page(request, shop, "empty.html")


def _source(shop: Shop, kind: str | None) -> Source | None:
    return next((one for one in shop.sources() if one.kind == kind), None)


def _arrived(request: Asked, shop: Shop, source: Source | None) -> dict[str, Any]:
    """The first events of a source, or why its last call was refused."""
    calls = shop.recent.latest(100, source.id) if source else []
    good = next((one for one in calls[::-1] if one.taken), None)
    feed = shop.feed(source.id) if source and not good else None
    bad = calls[0] if calls and not calls[0].taken else None
    why = ""
    if bad and not good:
        say = reader(request, shop).say
        told = [say(FAULTS[fault.code], **fault.fields) for _, fault in bad.faults[:1]]
        why = told[0] if told else say(bad.why, **bad.fields)
    return {"first": good, "before": feed, "why": why}

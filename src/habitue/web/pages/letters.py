"""What customers reach by the links in what they were sent, without signing in. A GET changes nothing.

`/u/…` unsubscribes (RFC 8058), `/p/…` is the preference centre, `/v/…` shows the message, `/c/…` leads to
where a link leads, `/o/…` is the picture that tells of an opening, `/s/…` answers a question.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Any, Final
from urllib.parse import parse_qs

from litestar import MediaType, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody
from markupsafe import escape

from habitue.app import Shop
from habitue.app.letters import Choice, Reader
from habitue.kernel import clock
from habitue.kernel.i18n import LANGUAGES, N_
from habitue.people.consent import MARKETING, NAMES
from habitue.templates import survey
from habitue.templates.machine import machine
from habitue.templates.passes import Pass
from habitue.web.head import HEAD
from habitue.web.page import Asked, alone, reader
from habitue.web.words import Words

FORM: Final = 8 << 10
ONE_CLICK: Final = b"One-Click"
HIDDEN: Final = {"x-robots-tag": "noindex, nofollow"}
SEEN: Final = HIDDEN | {"cross-origin-resource-policy": "cross-origin"}
"""A mail is read on a page of somebody else's."""
AWAY: Final = HIDDEN | {"referrer-policy": "no-referrer"}
"""Whose link it is is nobody else's business. (A form's own page must say where it is sent from.)"""

LOOKS: Final = "; ".join(
    (
        "default-src 'none'",
        "img-src https: http: data:",
        "style-src 'unsafe-inline'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors {who}",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    )
)
"""A message is a page of its own: it runs nothing, and is nothing of ours to a browser."""
_PIXEL: Final = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

Token = FromPath[str]


@get("/u/{secret:str}", sync_to_thread=True)
def unsubscribing(request: Asked, shop: NamedDependency[Shop], secret: Token) -> Response[Any]:
    """Ask whether they mean it: programs look at links too, and none of them unsubscribes anybody."""
    one = shop.letter("u", secret)
    if one is None:
        return _nowhere(request, shop)
    return _page(request, shop, shop.holder(one), one, secret, "ask")


@post("/u/{secret:str}", sync_to_thread=True, status_code=200)
def unsubscribe(request: Asked, shop: NamedDependency[Shop], secret: Token, body: RawBody) -> Response[Any]:
    """Say no: by the page's button, or by a mail program's, which sends no cookie and reads no page."""
    one = shop.letter("u", secret)
    if one is None:
        return _nowhere(request, shop)
    whole = b"all=" in body[:FORM]
    if whole:
        shop.silence(one, _address(request))
    else:
        shop.unsubscribe(one, _address(request), "one-click" if ONE_CLICK in body[:FORM] else "unsubscribe")
    done = _page(request, shop, shop.holder(one), one, secret, "left" if whole else "done")
    done.background = BackgroundTask(shop.refresh)
    return done


@get("/p/{secret:str}", sync_to_thread=True)
def preferences(request: Asked, shop: NamedDependency[Shop], secret: Token) -> Response[Any]:
    """What they agreed to, to be changed."""
    one = shop.letter("p", secret)
    if one is None:
        return _nowhere(request, shop)
    return _page(request, shop, shop.holder(one), one, secret, "choose")


@post("/p/{secret:str}", sync_to_thread=True, status_code=200)
def prefer(request: Asked, shop: NamedDependency[Shop], secret: Token, body: RawBody) -> Response[Any]:
    """Keep what they chose."""
    one = shop.letter("p", secret)
    if one is None:
        return _nowhere(request, shop)
    found, given = shop.holder(one), parse_qs(body[:FORM].decode("utf-8", "replace"))
    if "all" in given:
        shop.silence(one, _address(request))
        shown = _page(request, shop, shop.holder(one), one, secret, "left")
    else:
        shown = _chosen(request, shop, one, found, secret, set(given.get("yes", ())))
    shown.background = BackgroundTask(shop.refresh)
    return shown


def _chosen(
    request: Asked, shop: Shop, one: Pass, found: Reader, secret: str, agreed: set[str]
) -> Response[Any]:
    words = _words(request, shop, found)
    wanted = {each.name: each.name in agreed for each in found.choices}
    texts = {
        each.name: f"{_called(each, words)} ({words.say(NAMES[each.channel])})" for each in found.choices
    }
    shop.wish(one, wanted, _address(request), texts)
    now = tuple(Choice(each.channel, each.purpose, wanted[each.name]) for each in found.choices)
    chosen = Reader(found.person, found.key, found.language, found.masked, now)
    return _page(request, shop, chosen, one, secret, "kept")


@get("/v/{secret:str}", sync_to_thread=True)
def view(request: Asked, shop: NamedDependency[Shop], secret: Token) -> Response[Any]:
    """The message as a page."""
    one = shop.letter("v", secret)
    mail = shop.sent(one, shop.base or str(request.base_url)) if one else None
    if mail is None or not mail.html:
        return _nowhere(request, shop)
    title = f"<title>{escape(mail.subject)}</title>"
    return shown(mail.html.replace("<title></title>", title, 1), "'none'")


def shown(html: str, who: str) -> Response[str]:
    """A message as a page of its own, that pages of `who` may frame."""
    headers = AWAY | {"content-security-policy": LOOKS.format(who=who)}
    if who != "'none'":
        headers["x-frame-options"] = "SAMEORIGIN"
    return Response(html, media_type=MediaType.HTML, headers=headers)


@get("/c/{secret:str}", sync_to_thread=True)
def click(request: Asked, shop: NamedDependency[Shop], secret: Token) -> Response[Any]:
    """Lead on to where the link in the message leads, and nowhere else."""
    one = shop.letter("c", secret)
    if one is None or not one.to.lower().startswith(("https://", "http://")):
        return _nowhere(request, shop)
    _noted(request, shop, "c", one)
    return Response(None, status_code=302, headers=AWAY | {"location": one.to})


@get("/s/{secret:str}", sync_to_thread=True)
def answering(request: Asked, shop: NamedDependency[Shop], secret: Token) -> Response[Any]:
    """Show what they chose, to be sent by a button: programs that look at links answer nothing."""
    one = shop.letter("s", secret)
    reply = survey.read(one.to) if one else None
    if one is None or reply is None:
        return _nowhere(request, shop)
    return _page(request, shop, shop.holder(one), one, secret, "answer", says=reply.says)


@post("/s/{secret:str}", sync_to_thread=True, status_code=200)
def answer(request: Asked, shop: NamedDependency[Shop], secret: Token, body: RawBody) -> Response[Any]:
    """Keep the answer, with what they add to it."""
    one = shop.letter("s", secret)
    comment = parse_qs(body[:FORM].decode("utf-8", "replace")).get("comment", [""])[0]
    if one is None or not shop.answered(one, comment):
        return _nowhere(request, shop)
    done = _page(request, shop, shop.holder(one), one, secret, "answered")
    done.background = BackgroundTask(shop.refresh)
    return done


@get("/o/{secret:str}", sync_to_thread=True)
def opened(request: Asked, shop: NamedDependency[Shop], secret: Token) -> Response[bytes]:
    """A picture of nothing; it looks the same for a link that leads nowhere."""
    if one := shop.letter("o", secret.removesuffix(".gif")):
        _noted(request, shop, "o", one)
    return Response(_PIXEL, media_type="image/gif", headers=SEEN)


def _noted(request: Asked, shop: Shop, use: Any, one: Pass) -> None:
    now, left = clock.now(), shop.left(one)
    method = "HEAD" if request.scope.get(HEAD) else "GET"
    since = None if left is None else now - left
    was = machine(request.headers, method, since, opening=use == "o")
    shop.followed(use, one, was, request.headers.get("user-agent", ""), now)


# --- the page -------------------------------------------------------------------------------------


def _page(
    request: Asked, shop: Shop, found: Reader, one: Pass, secret: str, step: str, says: str = ""
) -> Response[Any]:
    words = _words(request, shop, found)
    links = shop.passes().links(one)
    return alone(
        words,
        "letters.html",
        headers=HIDDEN,
        brand=shop.brand,
        found=found,
        step=step,
        token=secret,
        choices=[(each, _called(each, words), words.say(NAMES[each.channel])) for each in found.choices],
        of=_called(Choice(one.channel, one.purpose, agreed=False), words),
        channel=words.say(NAMES[one.channel]),
        preferences=links["preferences"].removeprefix(shop.passes().base),
        says=says,
    )


def _nowhere(request: Asked, shop: Shop) -> Response[Any]:
    words = reader(request, shop)
    return alone(words, "letters.html", 404, headers=HIDDEN, brand=shop.brand, step="nowhere")


def _words(request: Asked, shop: Shop, found: Reader) -> Words:
    """In the customer's own language where we speak it, else in their browser's."""
    own = (found.language or "")[:2].lower()
    asked = request.query_params.get("lang")
    language = next((one for one in (asked, own) if one in LANGUAGES), None)
    usual = reader(request, shop)
    return Words(language, usual.zone, usual.currency) if language else usual


def _called(one: Choice, words: Words) -> str:
    """What a purpose is called: its own name is all that we know of most."""
    if one.purpose == MARKETING:
        return words.say(N_("News and offers"))
    return one.purpose.replace("-", " ").replace("_", " ").capitalize()


def _address(request: Asked) -> str | None:
    return request.client.host if request.client else None

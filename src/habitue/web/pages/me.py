"""`/me`: one's own name, password, second factor, and where one is signed in."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import segno
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import PermissionDeniedException
from litestar.params import Body
from msgspec import Struct

from habitue.app import Shop
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.number import Number
from habitue.store.failure import StoreDown
from habitue.team import factor
from habitue.team.entry import Session, TooMany
from habitue.team.members import UNNAMED
from habitue.team.password import SHORTEST
from habitue.team.rights import ABOUT, NAMES, Actor
from habitue.web.flash import done
from habitue.web.page import Asked, only, page, reader

_BROWSERS: Final = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS: Final = ("Windows", "iPhone", "iPad", "Android", "Macintosh", "Linux")
_NO_MEMBER: Final = N_("This page is for members; a key and the command line have no account.")

Wish = Literal["settle", "name", "password", "factor", "loosen", "end", "others"]
DONE: Final[dict[Wish, str]] = {
    "settle": N_("You can sign in with your address and your password from now on."),
    "name": N_("Saved."),
    "password": N_("Your password is another one now. Wherever else you were signed in, you are no more."),
    "factor": N_("From now on your app’s six digits are asked for at each sign-in."),
    "loosen": N_("Your password is enough to sign in now."),
    "end": N_("That session has ended."),
    "others": N_("You are signed in only here now."),
}


class Change(Struct):
    """What somebody changes about themselves; `old` is their password, said again."""

    act: Wish
    name: str = ""
    email: str = ""
    old: str = ""
    new: str = ""
    secret: str = ""
    code: str = ""
    number: Number = 0


@get("/me", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop]) -> Response[Any]:
    """All that is one's own."""
    only(request)
    return _shown(request, shop)


@post("/me", sync_to_thread=True, status_code=303)
def change(
    request: Asked,
    shop: NamedDependency[Shop],
    data: Annotated[Change, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Change it, and say what was done or what is wrong."""
    try:
        _changed(shop, _member(request), data)
    except StoreDown:
        raise
    except UserError as error:
        return _shown(request, shop, data, error)
    return done("/" if data.act == "settle" else "/me", DONE[data.act])


def _changed(shop: Shop, actor: Actor, data: Change) -> None:
    match data.act:
        case "settle":
            shop.settle(actor, data.name, data.email, data.new)
        case "name":
            shop.rename(actor, data.old, data.name, data.email)
        case "password":
            shop.swear(actor, data.old, data.new)
        case "factor":
            shop.firm_up(actor, data.old, data.secret, data.code)
        case "loosen":
            shop.loosen(actor, data.old)
        case "end":
            shop.revoke(actor, data.number)
        case "others":
            shop.revoke(actor, None)


def _shown(
    request: Asked, shop: Shop, data: Change | None = None, error: UserError | None = None
) -> Response[Any]:
    actor, words = _member(request), reader(request, shop)
    member = shop.me(actor)
    secret = data.secret if data and factor.sound(data.secret) else factor.made()
    return page(
        request,
        shop,
        "me.html",
        429 if isinstance(error, TooMany) else 400 if error else 200,
        member=member,
        known="" if member.email == UNNAMED else member.email,
        role=words.say(NAMES[member.role]),
        about=words.say(ABOUT[member.role]),
        sessions=[(one, _seen(one)) for one in shop.sessions(actor)],
        secret=secret,
        picture=segno.make(factor.address(secret, member.email)).svg_data_uri(scale=5, light="#fff"),
        shortest=SHORTEST,
        data=data,
        wrong=error.say(words.say) if error else None,
    )


def _member(request: Asked) -> Actor:
    actor: Actor = request.user
    if actor.kind != "member":
        raise PermissionDeniedException(_NO_MEMBER)
    return actor


def _seen(one: Session) -> str:
    """The browser and its system as people call them; empty where it is none that many have."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in one.agent), "")
    system = next((name for name in _SYSTEMS if name in one.agent), "")
    return " · ".join(part for part in (browser, system.replace("Macintosh", "macOS")) if part)

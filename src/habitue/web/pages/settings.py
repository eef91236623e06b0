"""`/settings`: the workspace's own settings, and what is still to be done before others rely on it."""

from __future__ import annotations

from typing import Annotated, Any, Final, NamedTuple

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body

from habitue.app import Shop
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import LANGUAGES, N_
from habitue.people import zones
from habitue.team.rights import Act, can
from habitue.web.flash import done
from habitue.web.gate import who
from habitue.web.page import Asked, only, page, reader
from habitue.web.words import Words

ROOMS: Final = (
    ("/settings", N_("Workspace"), Act.SETTINGS),
    ("/settings/sending", N_("Sending"), Act.SETTINGS),
    ("/settings/deliverability", N_("Deliverability"), Act.SETTINGS),
    ("/settings/profiles", N_("Profiles"), Act.DATA),
    ("/settings/privacy", N_("Privacy"), Act.PRIVACY),
    ("/settings/health", N_("Health"), Act.DATA),
)
"""The rooms of the settings, and what it takes to be let in."""

TONGUES: Final = {"en": "English", "fr": "Français"}
CHANGED: Final = N_("The settings are changed.")
Filled = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]


class Step(NamedTuple):
    """Something to do before others rely on the workspace: whether it is done, and where."""

    done: bool
    title: str
    about: str
    path: str


@get("/settings", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """The settings with the list of what is still to be done."""
    only(request)
    return _page(request, shop)


@post("/settings", sync_to_thread=True, status_code=303)
def change(request: Asked, shop: NamedDependency[Shop], data: Filled) -> Response[Any]:
    """Set the time zone and the language."""
    try:
        shop.configure(data.get("timezone", ""), data.get("language", ""), who(request, shop).name)
    except UserError as error:
        return _page(request, shop, data, error.say(reader(request, shop).say))
    return done("/settings", CHANGED)


def rooms(request: Asked, shop: Shop, words: Words) -> list[tuple[str, str]]:
    """The rooms that the reader is let into."""
    actor = who(request, shop)
    return [(path, words.say(name)) for path, name, act in ROOMS if can(actor, act)]


def _page(request: Asked, shop: Shop, told: dict[str, str] | None = None, wrong: str = "") -> Response[str]:
    own, words = shop.settings, reader(request, shop)
    return page(
        request,
        shop,
        "settings.html",
        400 if wrong else 200,
        rooms=rooms(request, shop, words),
        own=own,
        told=told or {"timezone": own.timezone, "language": own.language},
        wrong=wrong,
        zones=[(zone, zone.replace("_", " ")) for zone in sorted(zones.names())],
        tongues=[(code, TONGUES[code]) for code in LANGUAGES],
        steps=_steps(request, shop),
    )


def _steps(request: Asked, shop: Shop) -> list[Step]:
    team = shop.team()
    heads = [one for one in team if one.role in ("owner", "admin")]
    local = (request.url.hostname or "") in ("localhost", "127.0.0.1", "::1")
    return [
        Step(
            shop.log.end() > 0 and not shop.demo,
            N_("Your own orders are in"),
            N_("From a file, or live from your shop."),
            "/data",
        ),
        Step(
            all(one.sworn for one in team),
            N_("Everybody has a password"),
            N_("Whoever came in by a one-time link sets one."),
            "/me",
        ),
        Step(
            all(one.firm for one in heads),
            N_("Owners and administrators use a second factor"),
            N_("Six digits from an app on their phone, besides the password."),
            "/me",
        ),
        Step(
            request.url.scheme == "https" or local,
            N_("The way here is encrypted"),
            N_("Either only this machine can reach it, or a proxy in front of it speaks HTTPS."),
            "",
        ),
        Step(
            shop.retention().alone,
            N_("Silent people are erased by themselves"),
            N_("The rules of retention are applied every day."),
            "/settings/privacy",
        ),
    ]

"""From a request to a page: who reads it, in which language, and the frame around every page."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie, State
from markupsafe import Markup, escape

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import LANGUAGES, N_, Language, choose
from habitue.people.keys import bare
from habitue.team.rights import NAMES, Act, Actor, Role, can
from habitue.web import flash, lag
from habitue.web.basket import basket, plain
from habitue.web.gate import home, who
from habitue.web.words import Words

COOKIE: Final = "habitue_language"
THEME: Final = "habitue_theme"
HUSH: Final = "habitue_hush"
"""Who closed the advice to set a password isn't given it again for a month."""
THEMES: Final = ("system", "light", "dark")
Asked = Request[Any, Any, State]

MENU: Final = (
    (
        N_("Steer"),
        (
            ("/", N_("Lifecycle"), "cycle", Act.FIGURES),
            ("/stages", N_("Stages"), "steps", Act.FIGURES),
            ("/alerts", N_("Alerts"), "bell", Act.FIGURES),
        ),
    ),
    (
        N_("Customers"),
        (
            ("/customers", N_("Customers"), "people", Act.PEOPLE),
            ("/segments", N_("Segments"), "circles", Act.FIGURES),
            ("/agent", N_("Look somebody up"), "phone", Act.PEOPLE),
            ("/tasks", N_("Tasks"), "task", Act.PEOPLE),
            ("/lists/outgoing", N_("Calls and letters"), "phone", Act.PEOPLE),
        ),
    ),
    (
        N_("Act"),
        (
            ("/journeys", N_("Journeys"), "route", Act.FIGURES),
            ("/campaigns", N_("Broadcasts"), "send", Act.FIGURES),
            ("/templates", N_("Message templates"), "mail", Act.FIGURES),
            ("/coupons", N_("Coupon codes"), "tag", Act.FIGURES),
        ),
    ),
    (N_("Data"), (("/data", N_("Sources"), "stream", Act.DATA), ("/api", N_("API"), "code", Act.FIGURES))),
    (
        N_("Administration"),
        (
            ("/settings", N_("Settings"), "gear", Act.SETTINGS),
            ("/team", N_("Team"), "shield", Act.TEAM),
            ("/acts", N_("Record of acts"), "clock", Act.AUDIT),
        ),
    ),
)
"""Each entry with what it takes to be let in there: who may not isn't shown it."""

Menu = list[tuple[str, list[tuple[str, str, str]]]]
"""The groups, each with its entries: address, words, icon."""

_FIRST: Final = ("/", "/customers", "/segments", "/data")
_MINE: Final = "/me"
_BREAKS: Final = re.compile(r"(?<=\w)(?=@)|(?<=\w)(?=[.\-_+]\w)")

_pages = Environment(
    loader=PackageLoader("habitue.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def language(request: Asked, shop: Shop) -> Language:
    """`?lang=`, else what the reader chose last, else what their browser asks for, else the workspace's."""
    for wish in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    accepted = request.headers.get("accept-language")
    return choose(accepted) if accepted else shop.settings.language


def reader(request: Asked, shop: Shop) -> Words:
    """How this request's reader is spoken to."""
    return Words(language(request, shop), shop.settings.timezone, shop.settings.currency)


def page(request: Asked, shop: Shop, template: str, status: int = 200, **context: Any) -> Response[str]:
    """The whole page; `?lang=` is remembered in a cookie, and what was done is said once."""
    words, now = reader(request, shop), clock.now()
    told = flash.heard(request.cookies.get(flash.COOKIE))
    html = _pages.get_template(template).render(
        **_frame(request, shop, words, now),
        theme=theme(request),
        flashed=told and (told.said(words), told.tone),
        lag=lag.told(shop, now),
        halted=shop.halted(),
        **context,
    )
    chosen = request.query_params.get("lang")
    cookies = (
        [Cookie(COOKIE, value=chosen, max_age=31_536_000, httponly=True, samesite="lax")]
        if chosen in LANGUAGES
        else []
    )
    if flash.COOKIE in request.cookies:
        cookies.append(Cookie(flash.COOKIE, value="", max_age=0, httponly=True, samesite="lax"))
    return _answer(html, status, cookies)


def alone(
    words: Words, template: str, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
) -> Response[str]:
    """A page for customers, who are nobody here: it knows the words and nothing of us."""
    html = _pages.get_template(template).render(reader=words, _=words.say, **context)
    return Response(html, media_type=MediaType.HTML, status_code=status, headers=dict(headers or {}))


def fragment(request: Asked, shop: Shop, template: str, status: int = 200, **context: Any) -> Response[str]:
    """A part of a page, for htmx; the template imports `parts/ui.html` itself."""
    words, now = reader(request, shop), clock.now()
    html = _pages.get_template(template).render(**_frame(request, shop, words, now), **context)
    return _answer(html, status, [])


def _frame(request: Asked, shop: Shop, words: Words, now: clock.Micros) -> dict[str, Any]:
    """What every template may use."""
    actor = who(request, shop)
    groups = _menu(words, actor)
    return {
        "reader": words,
        "_": words.say,
        "here": lambda **changes: here(request, **changes),
        "menu": groups,
        "actor": actor,
        "may": partial(_may, actor),
        "home": home(actor),
        "place": _place(request.url.path, groups),
        "shell": {
            "under": _under(groups),
            "role": words.say(NAMES[actor.role]) if actor.role else "",
            "mine": _MINE,
            "told": _untold(shop, actor),
            "unsworn": actor.kind == "member"
            and not (actor.sworn or shop.provider or request.url.path == _MINE or HUSH in request.cookies),
        },
        "demo": shop.demo,
        "now": now,
    }


def _untold(shop: Shop, actor: Actor) -> int | None:
    """How much alerts told that they have not seen; None for whom alerts don't concern."""
    with suppress(UserError):  # a page that says that the store is down must not ask it
        return shop.untold(actor) if can(actor, Act.FIGURES) else None
    return None


def _answer(html: str, status: int, cookies: list[Cookie]) -> Response[str]:
    return Response(
        html,
        media_type=MediaType.HTML,
        status_code=status,
        cookies=cookies,
        headers={"vary": "accept-language, cookie", "cache-control": "private, no-cache"},
    )


def theme(request: Asked) -> str:
    """By day, by night, or as the reader's system has it."""
    wish = request.cookies.get(THEME)
    return wish if wish in THEMES else "system"


def _menu(words: Words, actor: Actor) -> Menu:
    """The groups of the menu with what the reader may see of each."""
    groups = (
        (
            words.say(title),
            [(path, words.say(name), icon) for path, name, icon, act in entries if can(actor, act)],
        )
        for title, entries in MENU
    )
    return [(title, entries) for title, entries in groups if entries]


def _may(actor: Actor, act: str, thing: Role | None = None) -> bool:
    """Whether the reader may, by the name of an act: `may("export")`."""
    return can(actor, Act(act), thing)


def only(request: Asked, *names: str) -> None:
    """Raises `UserError` for a parameter that the page doesn't have; `lang` fits everywhere."""
    for name in request.query_params:
        if name not in (*names, "lang"):
            text = N_("There is no parameter “{name}” here. There are: {known}.")
            raise UserError(text, name=name, known=", ".join([*names, "lang"]))


def link(path: str, /, **params: Any) -> str:
    """A path with its query; what is None or empty is left out, lists repeat."""
    said = urlencode(
        {name: value for name, value in params.items() if value not in (None, "", [], ())}, doseq=True
    )
    return f"{path}?{said}" if said else path


def island(value: Any) -> Markup:
    """JSON that may stand in a `<script type="application/json">`: no `<` can end it."""
    text = msgspec.json.encode(value).decode()
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


@cache
def static(path: str) -> str:
    """The address of a static file, which changes with its content, so that browsers may keep it."""
    file = files("habitue.web").joinpath("static", path)
    stamp = hashlib.blake2b(file.read_bytes(), digest_size=6).hexdigest() if file.is_file() else "missing"
    return f"/static/{path}?v={stamp}"


def here(request: Asked, /, **changes: Any) -> str:
    """This page's own address with other parameters."""
    params: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        params.setdefault(name, []).append(value)
    return link(request.url.path, **{**params, "fresh": None, "lang": None, **changes})


@cache
def source(template: str) -> str:
    """A template as it is written."""
    return files("habitue.web").joinpath("templates", template).read_text("utf-8").rstrip()


def _place(path: str, menu: Menu) -> str:
    """The menu entry that the path belongs to: the nearest one above it."""
    above = (entry for _, entries in menu for entry, *_ in entries if entry == path or entry != "/")
    found = [one for one in above if path == one or path.startswith((f"{one}/", f"{one}."))]
    return max(found, key=len, default="")


def _under(menu: Menu) -> list[tuple[str, str, str]]:
    """The four ways that a phone shows at its lower edge."""
    entries = [one for _, some in menu for one in some]
    first = [one for path in _FIRST for one in entries if one[0] == path]
    return [*first, *(one for one in entries if one not in first)][:4]


def initials(name: str) -> str:
    """`Ada Lovelace` is AL, `ada@example.com` is A."""
    words = re.findall(r"[^\W\d_]+", name.partition("@")[0])
    return "".join(word[0] for word in words[:2]).upper() or "?"


def coded(text: str) -> Markup:
    """The text with what stands between backticks as code."""
    parts = (escape(part) for part in text.split("`"))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts)
    )


def parts(text: str) -> list[str]:
    """The text cut where a long address may best be broken: before an @, a dot, a dash."""
    return _BREAKS.split(text)


_pages.filters.update(initials=initials, coded=coded, parts=parts, basket=basket, plain=plain)
_pages.globals.update(link=link, static=static, island=island, iso=clock.iso, bare=bare)

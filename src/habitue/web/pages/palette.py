"""`/palette`: anything by its name: pages, acts, segments, stages and customers, as one types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final
from urllib.parse import parse_qs

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct

from habitue.app import Shop
from habitue.kernel.i18n import N_
from habitue.people.keys import bare
from habitue.team.rights import Act, Actor, can
from habitue.web.gate import local, who
from habitue.web.looks import Look, looks
from habitue.web.page import Asked, fragment, link, page, reader
from habitue.web.places import ACTIONS, PAGES, Place, meant, open_to, words
from habitue.web.saying import circles
from habitue.web.words import Words

MOST: Final = 6
"""So many of each kind."""


class Line(Struct, frozen=True):
    """Something that was found: what it is called and where it leads."""

    name: str
    href: str
    icon: str = ""
    about: str = ""
    method: str = "get"
    fields: dict[str, str] = {}
    look: Look | None = None


Found = list[tuple[str, list[Line]]]


@get("/palette", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    asked: Annotated[str, QueryParameter(name="q", max_length=200)] = "",
    back: Annotated[str, QueryParameter(name="back", max_length=2_000)] = "",
) -> Response[str]:
    """What the words may mean, kind by kind; a part of a page for whoever asks for one."""
    spoken, actor = reader(request, shop), who(request, shop)
    open_ = open_to(request.app, actor)
    found = _places(open_, spoken, asked)
    found += _tongue(spoken, asked, local(back) or "/")
    if asked.strip():
        found += [*_segments(shop, open_, spoken, asked), *_stages(shop, open_, spoken, asked)]
        found += _customers(shop, actor, spoken, asked)
    made = fragment if "hx-request" in request.headers else page
    name = "parts/found.html" if made is fragment else "palette.html"
    return made(request, shop, name, found=_joined(found, spoken), asked=asked, back=local(back) or "/")


def _joined(found: Iterable[tuple[str, list[Line]]], spoken: Words) -> Found:
    """Each kind once, in the order in which they came, called as the reader calls it."""
    kinds: dict[str, list[Line]] = {}
    for kind, lines in found:
        kinds.setdefault(kind, []).extend(lines)
    return [(spoken.say(kind), lines) for kind, lines in kinds.items() if lines]


def _places(open_: frozenset[tuple[str, str]], spoken: Words, asked: str) -> Found:
    return [
        (kind, [_line(one, spoken) for one in places if _offered(one, open_, spoken, asked)])
        for kind, places in ((N_("Pages"), PAGES), (N_("Acts"), ACTIONS))
    ]


def _offered(place: Place, open_: frozenset[tuple[str, str]], spoken: Words, asked: str) -> bool:
    return (place.method, place.path) in open_ and meant(place, asked, spoken.language)


def _line(place: Place, spoken: Words) -> Line:
    return Line(
        spoken.say(place.name), place.href, place.icon, method=place.method, fields=dict(place.fields)
    )


def _tongue(spoken: Words, asked: str, back: str) -> Found:
    """The other language, on the page where one is."""
    code, name = ("en", "English") if spoken.language == "fr" else ("fr", "Français")
    said = spoken.say(N_("Speak {language}"), language=name)
    path, _, query = back.partition("?")
    href = link(path, **{**parse_qs(query), "lang": code})
    return [
        (N_("Acts"), [Line(said, href, "globe")] if _fits(f"{said} {spoken.say('Language')}", asked) else [])
    ]


def _segments(shop: Shop, open_: frozenset[tuple[str, str]], spoken: Words, asked: str) -> Found:
    if ("get", "/segments/{name:str}") not in open_:
        return []
    fitting = [one for one in circles(shop, spoken.language) if _fits(f"{one.title} {one.id}", asked)]
    return [(N_("Segments"), [Line(one.title, f"/segments/{one.id}", "circles") for one in fitting[:MOST]])]


def _stages(shop: Shop, open_: frozenset[tuple[str, str]], spoken: Words, asked: str) -> Found:
    """The customers who are in a stage."""
    if ("get", "/customers") not in open_:
        return []
    model = shop.models()[0]
    fitting = [look for look in looks(model, spoken.language) if _fits(look.name, asked)]
    return [
        (
            N_("Stages"),
            [
                Line(look.name, link("/customers", model=model.id, stage=look.id), look=look)
                for look in fitting[:MOST]
            ],
        )
    ]


def _customers(shop: Shop, actor: Actor, spoken: Words, asked: str) -> Found:
    if not can(actor, Act.PEOPLE):
        return []
    found = [
        Line(one.name or one.email or bare(one.key), f"/customers/{one.person}", "person", _beside(one))
        for one in shop.search(asked, MOST)
    ]
    every = Line(
        spoken.say(N_("All customers for “{words}”"), words=asked.strip()),
        link("/customers", q=asked.strip()),
        "search",
    )
    return [(N_("Customers"), [*found, every] if found else [])]


def _beside(one: Any) -> str:
    """What tells namesakes apart."""
    return one.email or bare(one.key) if one.name else ""


def _fits(name: str, asked: str) -> bool:
    known = words(name)
    return all(any(word.startswith(one) for word in known) for one in words(asked))

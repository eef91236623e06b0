"""Where one can go and what one can do by name: what the palette offers beside customers and segments.

An entry is offered to whoever may go there, once the route table has its address.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from litestar import Litestar
from litestar.routes import HTTPRoute
from msgspec import Struct

from habitue.kernel.i18n import N_, translator
from habitue.team.rights import Act, Actor, can
from habitue.web.gate import ACT
from habitue.web.page import MENU


class Place(Struct, frozen=True):
    """An address and what it is called; `also` are other words that people may look for it by.

    One with a `method` "post" is done, with `fields`, where another is gone to.
    """

    path: str
    name: str
    icon: str
    also: str = ""
    method: str = "get"
    fields: Mapping[str, str] = {}
    query: str = ""

    @property
    def href(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


PARTS: Final = (
    ("/data", N_("Sources")),
    ("/data/import", N_("Import a file")),
    ("/data/events", N_("Live events")),
    ("/data/refused", N_("To mend")),
    ("/data/catalogue", N_("Catalogue")),
    ("/data/duplicates", N_("Duplicates")),
)
"""The pages about what comes in."""

_MENU: Final = (
    *(Place(path, name, icon) for _, entries in MENU for path, name, icon, _ in entries),
    *(Place(path, name, "stream") for path, name in PARTS[1:]),
)
_FURTHER: Final = (
    Place("/welcome", N_("Welcome"), "home", N_("begin start demo connect")),
    Place("/welcome/stages", N_("After how long a silence?"), "clock", N_("windows rhythm")),
    Place("/data/import", N_("Import a file"), "upload", N_("csv excel orders start")),
    Place("/exports", N_("Exports"), "download"),
    Place("/team", N_("Team"), "shield", N_("members roles invitations")),
    Place("/settings/profiles", N_("Profiles"), "gear"),
    Place("/settings/privacy", N_("Privacy"), "lock"),
    Place("/settings/health", N_("Health"), "pulse"),
    Place("/acts", N_("Record of acts"), "clock", N_("audit log who did what")),
    Place("/me", N_("Your account"), "person", N_("password second factor sessions")),
    Place("/styleguide", N_("Style guide"), "book", N_("components colours design")),
)
PAGES: Final = tuple({one.path: one for one in (*_MENU, *_FURTHER)}.values())
"""Each once, in the menu's order first."""
ACTIONS: Final = (
    Place("/segments/new", N_("New segment"), "plus"),
    Place("/alerts/new", N_("New alert"), "bell", N_("watch notify warn")),
    Place("/customers.csv", N_("Download all customers as CSV"), "download", N_("export excel")),
    Place("/", N_("Compute the figures again"), "refresh", query="fresh=1"),
    Place("/look", N_("Light look"), "sun", N_("theme day"), "post", {"theme": "light"}),
    Place("/look", N_("Dark look"), "moon", N_("theme night"), "post", {"theme": "dark"}),
    Place("/look", N_("Look as the system has it"), "screen", N_("theme"), "post", {"theme": "system"}),
    Place("/sign-out", N_("Sign out"), "out", N_("leave log out"), "post"),
)


def open_to(app: Litestar, actor: Actor) -> frozenset[tuple[str, str]]:
    """What the reader may ask for, of all that there is: method and path."""
    return frozenset(_open(app, actor))


def _open(app: Litestar, actor: Actor) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                act: Any = handler.opt.get(ACT)
                if isinstance(act, Act) and (act is Act.OPEN or can(actor, act)):
                    yield str(method).lower(), route.path


def meant(place: Place, asked: str, language: Any) -> bool:
    """Whether each word that is asked begins one of the place's, in the reader's language or in English."""
    say = translator(language)
    known = {
        word
        for text in (place.name, place.also)
        if text
        for said in (say(text), text)
        for word in words(said)
    }
    return all(any(word.startswith(one) for word in known) for one in words(asked))


def words(text: str) -> list[str]:
    """The words of a text without capitals and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"\w+", "".join(one for one in plain if not unicodedata.combining(one)))

"""Lists of customers that somebody gives a name: kept, shared, and let go."""

from __future__ import annotations

from typing import Final
from unicodedata import normalize

from habitue.app import lists
from habitue.app.workspace import Workspace
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store import views
from habitue.store.views import View

LONGEST: Final = 60
MOST: Final = 100
"""So many somebody may have."""


def keep(shop: Workspace, name: str, query: str, owner: str, shared: bool, now: Micros) -> View:
    """Keep the list that stands in an address under a name; raises `UserError` for what is neither."""
    tidy, called = lists.tidy(query), _name(name)
    lists.wish(tidy)
    others = (one for one in views.every(shop.ops) if one.owner == owner and one.name != called)
    if sum(1 for _ in others) >= MOST:
        raise UserError(N_("You have {n} views. Let some go before you keep another."), n=MOST)
    return views.keep(shop.ops, called, owner, shared, tidy, now)


def drop(shop: Workspace, view: int, owner: str) -> bool:
    """Let one's own view go; whether there was one. The list is still there to be asked for."""
    if all(one.id != view or one.owner != owner for one in views.every(shop.ops)):
        return False
    with shop.ops.begin() as tx:
        views.delete(tx, [view])
    return True


def _name(text: str) -> str:
    name = " ".join(normalize("NFC", text).split())
    if not name or len(name) > LONGEST or not name.isprintable():
        raise UserError(N_("Give the view a name of at most {n} characters."), n=LONGEST)
    return name

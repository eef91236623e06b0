"""What every page says when it shows less than has been acknowledged: what waits, since when, and why."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from habitue.app import Shop
from habitue.kernel.clock import SECOND, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import Translator
from habitue.store.failure import StoreDown

PATIENCE: Final = 10 * SECOND
"""What has not waited longer than this is nobody's concern."""


class Lag(Struct, frozen=True):
    """So many events wait; what is not counted yet, of them or of those being worked in, came at the earliest
    `since` (None where all is counted).

    `rebuilding`: the working copy is being made again.
    """

    events: int
    since: Micros | None
    rebuilding: bool


def waiting(shop: Shop, now: Micros) -> Lag | None:
    """All that waits, however short; None where nobody can tell: the operational database is down."""
    try:
        behind = shop.behind(now)
    except UserError:
        return None
    return Lag(behind.events, now - behind.since if behind.events or behind.since else None, shop.rebuilding)


def down(shop: Shop, say: Translator) -> str | None:
    """Why the figures can't be read just now; None where they can, or nobody can tell."""
    try:
        shop.ready()
    except StoreDown as error:
        return error.say(say)
    except UserError:
        return None
    return None


def told(shop: Shop, now: Micros) -> Lag | None:
    """What a page must say of it: None while all is as it should be."""
    found = waiting(shop, now)
    if found is None or found.rebuilding or (found.since is not None and now - found.since > PATIENCE):
        return found
    return None

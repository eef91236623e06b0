"""Letters: a pile to be printed or handed to a mailing house, for the team."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Struct

from habitue.kernel.asked import Asked
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Way
from habitue.messaging.shelf import Shelf
from habitue.store.ops import Ops

CHANNEL: Final = "post"
LABEL: Final = N_("Letters to print, on a pile for the team")
SHELVED: Final = True

_LINES: Final = 8
_LONGEST: Final = 400


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How letters look."""

    sender: Annotated[
        str,
        Asked(N_("Letterhead"), N_("Your name and address, a line each, or parted by |."), "long"),
    ]
    place: Annotated[str, Asked(N_("Place"), N_("It stands before the date, such as Lyon."))] = ""


def checked(settings: Settings) -> Settings:
    """The same; raises `UserError` for what can't work."""
    lines = lines_of(settings)
    if not lines or len(lines) > _LINES or len(settings.sender + settings.place) > _LONGEST:
        raise UserError(N_("A letterhead has between 1 and {n} lines."), n=_LINES)
    return settings


def lines_of(settings: Settings) -> tuple[str, ...]:
    """The letterhead's lines."""
    lines = settings.sender.replace("|", "\n").splitlines()
    return tuple(one.strip() for one in lines if one.strip())


def opened(settings: Settings, ops: Ops) -> Way:
    """The way out that the settings describe."""
    checked(settings)
    return Shelf(ops, CHANNEL)

"""Calls: a list of customers to ring up, with what to say, for the team."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Struct

from habitue.kernel.asked import Asked
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Way
from habitue.messaging.shelf import Shelf
from habitue.store.ops import Ops

CHANNEL: Final = "phone"
LABEL: Final = N_("Calls to make, on a list for the team")
SHELVED: Final = True


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How calls are made."""

    tries: Annotated[
        int,
        Asked(
            N_("Tries"),
            N_("So many times nobody answers before a call is taken off the list."),
            "whole",
        ),
    ] = 3


def checked(settings: Settings) -> Settings:
    """The same; raises `UserError` for what can't work."""
    if not 1 <= settings.tries <= 20:
        raise UserError(N_("A call is tried between 1 and 20 times."))
    return settings


def opened(settings: Settings, ops: Ops) -> Way:
    """The way out that the settings describe."""
    checked(settings)
    return Shelf(ops, CHANNEL)

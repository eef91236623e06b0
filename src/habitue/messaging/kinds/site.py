"""Messages on the shop's own site: each waits for its customer's next visit, and is shown to them once.

To wait is to have left: a message waits once, however often it is handed over, and it can always be said
whether it does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from msgspec import Struct

from habitue.kernel.asked import Asked
from habitue.kernel.clock import DAY, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Letter, Outcome, Session, Way
from habitue.people.consent import SITE
from habitue.store import greetings, messages
from habitue.store.ops import Ops

CHANNEL: Final = SITE
LABEL: Final = N_("On your site, at the customer’s next visit")
SHELVED: Final = True

SHORTEST: Final = 32
"""Characters of a secret that nobody guesses."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long messages wait, and for whom."""

    days: Annotated[
        int,
        Asked(
            N_("Days"), N_("So long a message waits for its customer; after that it is not shown."), "whole"
        ),
    ] = 14
    secret: Annotated[
        str,
        Asked(
            N_("Secret for signatures"),
            N_(
                "32 characters or more that only your server and Habitué know. With it, customers who have a "
                "name are shown messages only where your server has signed who they are."
            ),
            "secret",
        ),
    ] = ""


def checked(settings: Settings) -> Settings:
    """The same; raises `UserError` for what can't work."""
    if not 1 <= settings.days <= 365:
        raise UserError(N_("A message waits between 1 and 365 days."))
    if settings.secret and len(settings.secret) < SHORTEST:
        raise UserError(N_("A secret for signatures has {n} characters or more."), n=SHORTEST)
    return settings


def opened(settings: Settings, ops: Ops) -> Way:
    """The way out that the settings describe."""
    return Sill(ops, checked(settings).days * DAY)


class Sill:
    """Where messages wait until their customer comes by."""

    def __init__(self, ops: Ops, good: Micros) -> None:
        self._ops, self._good = ops, good

    @property
    def connections(self) -> int:
        return 1

    def connect(self) -> Session:
        return self

    def hand(self, letter: Letter, letting_go: Callable[[], None]) -> Outcome:
        """See `channel.Session`."""
        if not letter.id:
            return Outcome("failed", "nobody")  # a trial has no customer who could come by
        letting_go()
        with self._ops.begin() as tx:
            row = messages.one(tx, letter.id)
            if row is None:
                return Outcome("failed", "gone")
            until = letter.made + self._good
            greetings.put(
                tx,
                {
                    "message": letter.id,
                    "person": row.person,
                    "title": letter.subject,
                    "text": letter.text.strip(),
                    "made": letter.made,
                    "expires": until if row.expires is None else min(until, row.expires),
                    **letter.more,
                },
            )
        return Outcome("sent")

    def arrived(self, marks: list[str]) -> dict[str, bool] | None:
        """By what waits."""
        numbers = {mark: int(mark.partition(".")[0]) for mark in marks}
        with self._ops.read() as tx:
            found = greetings.there(tx, numbers.values())
        return {mark: number in found for mark, number in numbers.items()}

    def close(self) -> None:
        """Nothing is kept open."""

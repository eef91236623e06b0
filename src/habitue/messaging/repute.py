"""When marketing stops by itself: before those who take our mail stop taking any.

Gmail and Yahoo ask for less than 0.1 % of mails called spam, and never 0.3 % (their sender guidelines, in
force since 2024); Microsoft asks for the same authentication since 2025. Who goes on beyond that is put
into the spam folder, and then turned away, also with what customers wait for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from habitue.kernel.clock import DAY, Micros

WARN: Final = 0.001
STOP: Final = 0.003
"""The shares of mails called spam from which on one should worry, and stop."""

BACK: Final = 0.02
"""The share of mails that come back from which on one should worry."""

WINDOW: Final[Micros] = 7 * DAY
LEAST: Final = 500
"""Of fewer mails a share says nothing."""

COMPLAINTS: Final = 3
"""Nor do fewer complaints than that: one in three hundred is somebody's mood."""


class Rate(Struct, frozen=True):
    """Of marketing that left for the mailboxes of a provider ("" for all): how much, how much came back, how
    much was called spam.
    """

    provider: str
    sent: int
    back: int
    spam: int

    @property
    def bounces(self) -> float:
        return self.back / self.sent if self.sent else 0.0

    @property
    def complaints(self) -> float:
        return self.spam / self.sent if self.sent else 0.0

    @property
    def known(self) -> bool:
        """Whether there are enough to say anything."""
        return self.sent >= LEAST

    @property
    def breach(self) -> bool:
        return self.known and self.spam >= COMPLAINTS and self.complaints >= STOP


def whole(rates: Sequence[Rate]) -> Rate:
    """Of all providers together."""
    return Rate("", sum(r.sent for r in rates), sum(r.back for r in rates), sum(r.spam for r in rates))


def breach(rates: Sequence[Rate]) -> Rate | None:
    """What is too much: of all together, else of one provider; None where nothing is."""
    return next((one for one in (whole(rates), *rates) if one.breach), None)

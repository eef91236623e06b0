"""Who would get a broadcast: from those who are meant to those who get it, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_
from habitue.kernel.money import whole
from habitue.messaging.reasons import GUARDS

UNWRITTEN: Final = "template"
"""What they are lost to whose message lacks a value that it needs (`reasons.GUARDS`)."""
_LACKING: Final = N_("The message needs what is not known: {names}")
_EXCEPTED: Final = N_("Left out by your exceptions")
_COSTS: Final = N_("It costs about {amount}.")
_COSTS_MORE: Final = N_("It costs about {amount}: {n} text messages, since long ones are sent as several.")


class Funnel(Struct, frozen=True):
    """Who is meant, who is lost to what, and who gets it: `waits` of them later than planned.

    `lost` is by guard, in the guards' order, and `excluded` by the broadcast itself; `people` are some of
    those lost or waiting, by guard. The first and the last leave then. `lacking` are the values that messages
    of those lost to `UNWRITTEN` need. `parts` are the messages that are paid for, which together `cost` about
    so much, in hundredths of a cent; None where the channel has no price.
    """

    meant: int
    excluded: int
    lost: Mapping[str, int]
    waits: Mapping[str, int]
    gets: int
    people: Mapping[str, tuple[int, ...]]
    first: Micros | None
    last: Micros | None
    lacking: tuple[str, ...] = ()
    parts: int = 0
    cost: int | None = None

    def losses(self) -> list[tuple[str, str, dict[str, str], int]]:
        """What takes how many away, one step after the other: the guard (empty for the broadcast itself), its
        words and what they name.
        """
        own = [("", _EXCEPTED, dict[str, str](), self.excluded)] if self.excluded else []
        words = GUARDS | {UNWRITTEN: _LACKING}
        names = {UNWRITTEN: {"names": ", ".join(self.lacking)}}
        return own + [(guard, words[guard], names.get(guard, {}), n) for guard, n in self.lost.items()]

    def price(self, money: Callable[[int], str], number: Callable[[int], str]) -> tuple[str, dict[str, str]]:
        """What it costs, in words and what they name, amounts in minor units and numbers said so; nothing
        where there is no price.
        """
        if self.cost is None or not self.gets:
            return "", {}
        text = _COSTS if self.parts == self.gets else _COSTS_MORE
        return text, {"amount": money(whole(self.cost)), "n": number(self.parts)}

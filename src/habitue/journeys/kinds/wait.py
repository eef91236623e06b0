"""Wait for a length of time."""

from __future__ import annotations

from typing import Annotated, ClassVar

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Here, Ints, Pause
from habitue.kernel.i18n import N_
from habitue.kernel.local import later


class Wait(Pause, frozen=True, kw_only=True, tag="wait"):
    title: ClassVar[str] = N_("Wait")
    about: ClassVar[str] = N_("Go on after a length of time.")
    icon: ClassVar[str] = "clock"

    length: Annotated[
        str,
        Asked(
            N_("How long"),
            N_("1d is the same time of day tomorrow, 24h exactly twenty-four hours: clocks change."),
            "duration",
        ),
    ]

    def until(self, here: Here) -> Ints:
        return later(here.at, self.length, here.facts.zones(here.person))

"""Wait for a time of day, on certain days of the week if wanted."""

from __future__ import annotations

from typing import Annotated, ClassVar

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Here, Ints, Pause
from habitue.kernel.i18n import N_
from habitue.kernel.local import at_clock


class Clock(Pause, frozen=True, kw_only=True, tag="clock"):
    title: ClassVar[str] = N_("Wait for a time of day")
    about: ClassVar[str] = N_("Go on when the customer’s own clock shows a time, on certain days if wanted.")
    icon: ClassVar[str] = "clock"

    time: Annotated[str, Asked(N_("Time of day"), N_("On the customer’s own clock, such as 09:00."), "clock")]
    days: Annotated[
        tuple[str, ...], Asked(N_("Days of the week"), N_("Any day if none is chosen."), "days")
    ] = ()

    def until(self, here: Here) -> Ints:
        return at_clock(here.at, self.time, self.days, here.facts.zones(here.person))

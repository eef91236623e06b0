"""Wait for a date that a trait of the customer's holds."""

from __future__ import annotations

from typing import Annotated, ClassVar

from habitue.journeys.asked import Asked
from habitue.journeys.calendar import occasions
from habitue.journeys.roles import Here, Ints, Pause
from habitue.kernel.i18n import N_


class Date(Pause, frozen=True, kw_only=True, tag="date"):
    title: ClassVar[str] = N_("Wait for a date")
    about: ClassVar[str] = N_(
        "Go on at a date that is known of the customer, or some days before or after it. "
        "Who has no such date, or has it behind them, goes on at once."
    )
    icon: ClassVar[str] = "clock"

    trait: Annotated[str, Asked(N_("Trait"), N_("Which holds the date, such as renewal_date."), "trait")]
    offset: Annotated[
        str,
        Asked(
            N_("Before or after"), N_("Such as -7d for a week before; nothing for the day itself."), "offset"
        ),
    ] = ""
    time: Annotated[
        str, Asked(N_("Time of day"), N_("On the customer’s own clock, such as 09:00."), "clock")
    ] = "09:00"
    yearly: Annotated[
        bool, Asked(N_("Every year"), N_("The next time this day comes round, as for a birthday."), "yes")
    ] = False

    def until(self, here: Here) -> Ints:
        said = here.facts.traits(self.trait, here.person)
        return occasions(said, here.at, self.offset, self.time, self.yearly, here.facts.zones(here.person))

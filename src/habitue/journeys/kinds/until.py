"""Wait for something to happen, but not for ever."""

from __future__ import annotations

from typing import Annotated, ClassVar

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Here, Ints, Outlet, Pause, Watch
from habitue.kernel.i18n import N_
from habitue.kernel.local import later


class Until(Pause, frozen=True, kw_only=True, tag="until"):
    title: ClassVar[str] = N_("Wait until")
    about: ClassVar[str] = N_("Go on as soon as something is so, or when the time is over: one way for each.")
    icon: ClassVar[str] = "clock"
    outlets: ClassVar[tuple[Outlet, ...]] = (
        Outlet("met", N_("It came to pass")),
        Outlet("late", N_("The time is over")),
    )

    rule: Annotated[str, Asked(N_("Until this holds"), N_("A rule about the customer."), "rule")] = ""
    event: Annotated[str, Asked(N_("Or until this happens"), N_("An event, from then on."), "event")] = ""
    where: Annotated[str, Asked(N_("With"), N_("A condition on the event’s own properties."), "where")] = ""
    within: Annotated[str, Asked(N_("At most"), N_("How long is waited for it."), "duration")]

    def until(self, here: Here) -> Ints:
        return later(here.at, self.within, here.facts.zones(here.person))

    def sooner(self, here: Here) -> Ints | None:
        return here.facts.next(self.watches()[0], here.person, here.at)

    def watches(self) -> tuple[Watch, ...]:
        return (Watch(self.rule, self.event, self.where),)

"""How often something happened."""

from __future__ import annotations

from typing import Annotated, ClassVar

from habitue.alerts.figures import hourly, known, summed
from habitue.alerts.roles import Asked, Floats, Ground, Ints, Kind, Names, Said
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_


class Event(Kind, frozen=True, kw_only=True, tag="event"):
    title: ClassVar[str] = N_("Events of one name")
    about: ClassVar[str] = N_("How often something happened, such as a checkout that was begun.")
    icon: ClassVar[str] = "bolt"

    event: Annotated[str, Asked(N_("Event"), "event")]
    within: Annotated[str, Asked(N_("In the last"), "length")] = "1d"

    def figures(self, ground: Ground, since: Ints, at: Ints) -> Floats:
        hours, n = hourly(ground.warehouse, self.event, int(since.min()) if len(since) else 0)
        return known(summed(hours, n, since, at), ground.born, since)

    def told(self, _: Names) -> Said:
        return Said(N_("Events “{event}”"), {"event": self.event})

    def behind(self, _since: Micros, _at: Micros) -> str:
        return "/data/catalogue"

"""How many messages a journey sent."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np

from habitue.alerts.figures import known, summed
from habitue.alerts.roles import Asked, Floats, Ground, Ints, Kind, Names, Said
from habitue.kernel.clock import HOUR, Micros
from habitue.kernel.i18n import N_


class Journey(Kind, frozen=True, kw_only=True, tag="journey"):
    title: ClassVar[str] = N_("What a journey sends")
    about: ClassVar[str] = N_("How many messages of a journey left: one that sends none may be broken.")
    icon: ClassVar[str] = "route"

    journey: Annotated[str, Asked(N_("Journey"), "journey")]
    within: Annotated[str, Asked(N_("In the last"), "length")] = "1d"

    def figures(self, ground: Ground, since: Ints, at: Ints) -> Floats:
        first = int(since.min()) // HOUR * HOUR if len(since) else 0
        sent = sorted(ground.sent(self.journey, first).items())
        hours = np.asarray([hour for hour, _ in sent], np.int64)
        return known(summed(hours, [n for _, n in sent], since, at), ground.born, since)

    def told(self, names: Names) -> Said:
        return Said(N_("Messages sent by “{journey}”"), {"journey": names.called("journeys", self.journey)})

    def behind(self, _since: Micros, _at: Micros) -> str:
        return f"/journeys/{self.journey}"

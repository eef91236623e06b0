"""How long nothing has come from a source."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np

from habitue.alerts.roles import Asked, Floats, Form, Ground, Ints, Kind, Names, Said
from habitue.kernel.clock import HOUR, Micros
from habitue.kernel.i18n import N_


class Silence(Kind, frozen=True, kw_only=True, tag="silence"):
    title: ClassVar[str] = N_("A source that is silent")
    about: ClassVar[str] = N_("How many hours ago the last event of a source happened, or of any.")
    icon: ClassVar[str] = "stream"

    source: Annotated[str, Asked(N_("Source"), "source", free=True, any=N_("any source"))] = ""

    @property
    def form(self) -> Form:
        return "hours"

    def figures(self, ground: Ground, _since: Ints, at: Ints) -> Floats:
        found = ground.warehouse.read(
            "SELECT epoch_us(hour) AS hour, epoch_us(max(last)) AS last FROM tally "
            "WHERE source = ?::VARCHAR OR ?::VARCHAR = '' GROUP BY hour ORDER BY hour",
            (self.source, self.source),
        )
        hours, last = found["hour"].to_numpy(), found["last"].to_numpy()
        place = np.searchsorted(hours, at) - 1
        if not len(hours):
            return np.full(len(at), np.nan)
        quiet = np.maximum(at - last[np.maximum(place, 0)], 0) / HOUR
        return np.where(place >= 0, quiet, np.nan)

    def told(self, _: Names) -> Said:
        if not self.source:
            return Said(N_("Hours without any event"))
        return Said(N_("Hours without an event from “{source}”"), {"source": self.source})

    def behind(self, _since: Micros, _at: Micros) -> str:
        return "/data/events"

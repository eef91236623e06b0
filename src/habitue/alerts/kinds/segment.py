"""How many are in a segment, came in or went out."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from habitue.alerts.figures import happened, known, standing
from habitue.alerts.roles import Asked, Floats, Ground, Ints, Kind, Names, Said
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_

_TOLD = {
    "size": N_("Customers in the segment “{segment}”"),
    "entered": N_("Customers who came into the segment “{segment}”"),
    "left": N_("Customers who left the segment “{segment}”"),
}


class Segment(Kind, frozen=True, kw_only=True, tag="segment"):
    title: ClassVar[str] = N_("Size of a segment")
    about: ClassVar[str] = N_("How many customers are in a segment, came in or went out.")
    icon: ClassVar[str] = "circles"

    segment: Annotated[str, Asked(N_("Segment"), "segment")]
    measure: Annotated[
        Literal["size", "entered", "left"],
        Asked(
            N_("Counted as"),
            "choice",
            (
                ("size", N_("customers in it")),
                ("entered", N_("customers who came in")),
                ("left", N_("customers who went out")),
            ),
        ),
    ] = "size"
    within: Annotated[str, Asked(N_("In the last"), "length")] = "1d"

    def span(self) -> str:
        return "" if self.measure == "size" else self.within

    def figures(self, ground: Ground, since: Ints, at: Ints) -> Floats:
        rows = f"intervals WHERE version = {ground.segments[self.segment]}"
        if self.measure == "size":
            return known(standing(ground.warehouse, rows, at), ground.born, at)
        column = "start" if self.measure == "entered" else "stop"
        return known(happened(ground.warehouse, column, rows, since, at), ground.born, since)

    def told(self, names: Names) -> Said:
        return Said(_TOLD[self.measure], {"segment": names.called("segments", self.segment)})

    def behind(self, _since: Micros, _at: Micros) -> str:
        way = "in" if self.measure == "size" else self.measure
        return f"/segments/{self.segment}/customers?way={way}"

"""Give points of a loyalty programme."""

from __future__ import annotations

from typing import Annotated, ClassVar

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Act, Deed, Happening
from habitue.kernel.i18n import N_


class Points(Act, frozen=True, kw_only=True, tag="points"):
    title: ClassVar[str] = N_("Give points")
    about: ClassVar[str] = N_(
        "Recorded as the event Points Granted, which your loyalty programme can take up."
    )
    icon: ClassVar[str] = "plus"

    points: Annotated[int, Asked(N_("Points"), N_("How many."), "whole")]
    reason: Annotated[str, Asked(N_("Reason"), N_("Why, for the customer’s history."))] = ""

    def deed(self) -> Deed:
        return Happening("Points Granted", {"points": self.points, "reason": self.reason})

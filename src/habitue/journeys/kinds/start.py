"""Let the customer enter another journey."""

from __future__ import annotations

from typing import Annotated, ClassVar

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Act, Deed, Enrol
from habitue.kernel.i18n import N_


class Start(Act, frozen=True, kw_only=True, tag="start"):
    title: ClassVar[str] = N_("Start another journey")
    about: ClassVar[str] = N_("The customer enters it, if its own rules let them.")
    icon: ClassVar[str] = "right"

    journey: Annotated[str, Asked(N_("Journey"), N_("Its name."), "journey")]

    def deed(self) -> Deed:
        return Enrol(self.journey)

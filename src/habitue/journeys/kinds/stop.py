"""Take the customer out of another journey."""

from __future__ import annotations

from typing import Annotated, ClassVar

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Act, Deed, Expel
from habitue.kernel.i18n import N_


class Stop(Act, frozen=True, kw_only=True, tag="stop"):
    title: ClassVar[str] = N_("Stop another journey")
    about: ClassVar[str] = N_("The customer leaves it, and what it has not sent yet stays unsent.")
    icon: ClassVar[str] = "close"

    journey: Annotated[str, Asked(N_("Journey"), N_("Its name."), "journey")]

    def deed(self) -> Deed:
        return Expel(self.journey)

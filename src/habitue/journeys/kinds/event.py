"""Tell the log that something happened."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import field

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Act, Deed, Happening
from habitue.kernel.i18n import N_


class Emit(Act, frozen=True, kw_only=True, tag="event"):
    title: ClassVar[str] = N_("Record an event")
    about: ClassVar[str] = N_(
        "It stands in the customer’s history; rules and other journeys can look out for it."
    )
    icon: ClassVar[str] = "stream"

    event: Annotated[str, Asked(N_("Event"), N_("Its name, such as Gift Chosen."))]
    props: Annotated[dict[str, Any], Asked(N_("Properties"), N_("One a line, as name = value."), "props")] = (
        field(default_factory=dict)
    )

    def deed(self) -> Deed:
        return Happening(self.event, self.props)

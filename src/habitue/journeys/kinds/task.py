"""Give somebody of the team something to do."""

from __future__ import annotations

from typing import Annotated, ClassVar

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Act, Deed, Task
from habitue.kernel.clock import duration
from habitue.kernel.i18n import N_


class Duty(Act, frozen=True, kw_only=True, tag="task"):
    title: ClassVar[str] = N_("Create a task")
    about: ClassVar[str] = N_(
        "Somebody of the team has something to do for the customer: a call, a letter, a visit."
    )
    icon: ClassVar[str] = "note"

    text: Annotated[str, Asked(N_("What is to be done"), N_("With what to say, where it is a call."), "long")]
    due: Annotated[str, Asked(N_("Due after"), N_("Such as 2d."), "duration")] = "1d"
    assignee: Annotated[
        str, Asked(N_("For"), N_("An e-mail address of the team; nobody in particular if not said."))
    ] = ""

    def deed(self) -> Deed:
        return Task(self.text, duration(self.due), self.assignee or None)

"""Note something about the customer."""

from __future__ import annotations

from typing import Annotated, ClassVar

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Act, Deed, Happening
from habitue.kernel.i18n import N_


class Trait(Act, frozen=True, kw_only=True, tag="trait"):
    title: ClassVar[str] = N_("Set a trait")
    about: ClassVar[str] = N_("Note something about the customer that rules and templates can read.")
    icon: ClassVar[str] = "person"

    trait: Annotated[str, Asked(N_("Trait"), N_("Its name, such as welcome_code."), "named")]
    value: Annotated[
        str | int | float | bool | None, Asked(N_("Value"), N_("Nothing takes the trait away."), "words")
    ] = None

    def deed(self) -> Deed:
        return Happening("$identify", {self.trait: self.value})

"""Write to the customer no more, for they have shown that they don't want it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from habitue.journeys.asked import Asked
from habitue.journeys.roles import CHANNELS, Act, Deed, Happening
from habitue.kernel.i18n import N_
from habitue.people.answers import EVENT


class Withdraw(Act, frozen=True, kw_only=True, tag="withdraw"):
    title: ClassVar[str] = N_("Write no more")
    about: ClassVar[str] = N_(
        "Takes back the customer’s agreement to news and offers on a channel, until they give it again."
    )
    icon: ClassVar[str] = "close"

    channel: Annotated[
        Literal["email", "sms", "push", "post", "phone"],
        Asked(N_("Channel"), N_("On which nothing more is to come."), "choice", dict(CHANNELS)),
    ] = "email"

    def deed(self) -> Deed:
        told = {"channel": self.channel, "purpose": "marketing", "status": "withdrawn", "form": "journey"}
        return Happening(EVENT, told)

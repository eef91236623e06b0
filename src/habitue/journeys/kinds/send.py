"""Send a message."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from habitue.journeys.asked import Asked
from habitue.journeys.roles import CHANNELS, Act, Deed, Message
from habitue.kernel.i18n import N_


class Send(Act, frozen=True, kw_only=True, tag="send"):
    title: ClassVar[str] = N_("Send a message")
    about: ClassVar[str] = N_(
        "It leaves if the customer has agreed, is not written to too often, and it is no time of rest."
    )
    icon: ClassVar[str] = "mail"

    channel: Annotated[
        Literal["email", "sms", "push", "post", "phone"],
        Asked(N_("Channel"), N_("How it reaches the customer."), "choice", dict(CHANNELS)),
    ] = "email"
    template: Annotated[
        str, Asked(N_("Template"), N_("What is said, by the name of a template."), "template")
    ]
    purpose: Annotated[
        Literal["marketing", "transactional"],
        Asked(
            N_("Purpose"),
            N_("What belongs to an order or an account reaches everybody; all else only who agreed to it."),
            "choice",
            {"marketing": N_("Marketing"), "transactional": N_("Part of an order or account")},
        ),
    ] = "marketing"

    def deed(self) -> Deed:
        return Message(self.channel, self.purpose, self.template)

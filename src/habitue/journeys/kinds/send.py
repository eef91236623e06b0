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
        Literal["email", "sms", "push", "post", "phone", "inapp"],
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

    coupon: Annotated[
        str,
        Asked(
            N_("Coupon codes"),
            N_("A pool of them: each customer gets a code of their own, as coupon.code in the template."),
            "coupon",
        ),
    ] = ""

    def deed(self) -> Deed:
        values = {"coupon": {"pool": self.coupon}} if self.coupon else {}
        return Message(self.channel, self.purpose, self.template, None, values)

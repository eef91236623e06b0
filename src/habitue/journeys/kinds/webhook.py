"""Tell another program."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import field

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Act, Deed, Message
from habitue.kernel.i18n import N_


class Webhook(Act, frozen=True, kw_only=True, tag="webhook"):
    title: ClassVar[str] = N_("Call a webhook")
    about: ClassVar[str] = N_("Tell another program over HTTPS, signed so that it knows who calls.")
    icon: ClassVar[str] = "code"

    url: Annotated[str, Asked(N_("Address"), N_("It begins with https://."), "address")]
    body: Annotated[
        dict[str, Any], Asked(N_("What is told"), N_("One a line, as name = value."), "props")
    ] = field(default_factory=dict)

    def deed(self) -> Deed:
        return Message("webhook", "transactional", "", None, {"url": self.url, "body": self.body})

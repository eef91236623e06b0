"""Tell another program, and wait for what it answers if wanted."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import field

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Act, Deed, Here, Ints, Message, Outlet, Pause, Watch
from habitue.kernel.i18n import N_
from habitue.kernel.local import later
from habitue.rules.nodes import ANSWERED


class Webhook(Act, Pause, frozen=True, kw_only=True, tag="webhook"):
    title: ClassVar[str] = N_("Call a webhook")
    about: ClassVar[str] = N_("Tell another program over HTTPS, signed so that it knows who calls.")
    icon: ClassVar[str] = "code"
    outlets: ClassVar[tuple[Outlet, ...]] = (
        Outlet("met", N_("It has answered")),
        Outlet("late", N_("No answer in time")),
    )

    url: Annotated[str, Asked(N_("Address"), N_("It begins with https://."), "address")]
    body: Annotated[
        dict[str, Any],
        Asked(
            N_("What is told"),
            N_("One a line, as name = value. The customer’s key goes along as customer."),
            "props",
        ),
    ] = field(default_factory=dict)
    wait: Annotated[
        str,
        Asked(
            N_("Wait for the answer"),
            N_(
                "At most so long, such as 10m; rules then read it as webhook.STEP.NAME. Empty: go on at once."
            ),
            "duration",
        ),
    ] = ""

    def deed(self) -> Deed:
        return Message("webhook", "transactional", "", None, {"url": self.url, "body": self.body})

    @property
    def waits(self) -> bool:
        return bool(self.wait)

    def until(self, here: Here) -> Ints:
        return later(here.at, self.wait, here.facts.zones(here.person))

    def sooner(self, here: Here) -> Ints | None:
        mine = f'props.step == "{here.step}" and props.origin == "journey:{here.journey}"'
        return here.facts.next(Watch("", ANSWERED, mine), here.person, here.at)

    def watches(self) -> tuple[Watch, ...]:
        return (Watch("", ANSWERED),) if self.wait else ()

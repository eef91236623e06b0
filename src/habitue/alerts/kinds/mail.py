"""Which share of e-mails came back, or was marked as spam."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np

from habitue.alerts.figures import hourly, known, summed
from habitue.alerts.roles import Asked, Floats, Form, Ground, Ints, Kind, Names, Said
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_

FEW = 50
"""Of fewer e-mails a share says nothing: one more or less would change it by two in a hundred."""

_EVENTS = {"bounces": "Email Bounced", "complaints": "Email Marked as Spam"}


class Mail(Kind, frozen=True, kw_only=True, tag="mail"):
    title: ClassVar[str] = N_("E-mails that come back")
    about: ClassVar[str] = N_("Which share of e-mails bounced, or was marked as spam.")
    icon: ClassVar[str] = "mail"

    measure: Annotated[
        Literal["bounces", "complaints"],
        Asked(
            N_("Counted as"),
            "choice",
            (("bounces", N_("e-mails that bounced")), ("complaints", N_("e-mails marked as spam"))),
        ),
    ] = "complaints"
    within: Annotated[str, Asked(N_("In the last"), "length")] = "1d"

    @property
    def form(self) -> Form:
        return "share"

    def figures(self, ground: Ground, since: Ints, at: Ints) -> Floats:
        first = int(since.min()) if len(since) else 0
        sent, back = (
            summed(*hourly(ground.warehouse, name, first), since, at)
            for name in ("Email Sent", _EVENTS[self.measure])
        )
        share = np.divide(back, sent, out=np.full(len(at), np.nan), where=sent >= FEW)
        return known(share, ground.born, since)

    def told(self, _: Names) -> Said:
        bounced = self.measure == "bounces"
        return Said(N_("Share of e-mails that bounced") if bounced else N_("Share of e-mails marked as spam"))

    def behind(self, _since: Micros, _at: Micros) -> str:
        return "/data/catalogue"

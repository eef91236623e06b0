"""The end of a way."""

from __future__ import annotations

from typing import ClassVar

from habitue.journeys.roles import End
from habitue.kernel.i18n import N_


class Exit(End, frozen=True, kw_only=True, tag="exit"):
    title: ClassVar[str] = N_("Leave the journey")
    about: ClassVar[str] = N_("Whoever comes here goes no further, whatever stands below.")
    icon: ClassVar[str] = "close"
    outcome: ClassVar[str] = "exit"

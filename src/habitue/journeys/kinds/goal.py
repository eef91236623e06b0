"""Who comes here has reached what the journey is for."""

from __future__ import annotations

from typing import ClassVar

from habitue.journeys.roles import End
from habitue.kernel.i18n import N_


class Goal(End, frozen=True, kw_only=True, tag="goal"):
    title: ClassVar[str] = N_("Goal reached")
    about: ClassVar[str] = N_("Who comes here has reached what the journey is for, and leaves it.")
    icon: ClassVar[str] = "check"
    outcome: ClassVar[str] = "goal"

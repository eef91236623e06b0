"""A control group: some are left alone from here on, so that it can be seen what the rest changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Fork, Here, Ints
from habitue.kernel.i18n import N_
from habitue.messaging.holdout import held


class Holdout(Fork, frozen=True, kw_only=True, tag="holdout"):
    title: ClassVar[str] = N_("Control group")
    about: ClassVar[str] = N_(
        "A share of the customers is left alone from here on, to see what the rest changes."
    )
    icon: ClassVar[str] = "branch"

    share: Annotated[float, Asked(N_("Share left alone"), N_("From 0 to 1; 0.1 is one in ten."), "share")]

    def choose(self, here: Here, branches: Sequence[Any]) -> Ints:  # noqa: ARG002  it has none
        alone = held(f"{here.journey}/{here.step}", self.share, here.person)
        return np.where(alone, -2, -1).astype(np.int64)

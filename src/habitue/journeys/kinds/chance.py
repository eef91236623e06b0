"""Different ways by chance: to try two messages against each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Struct

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Fork, Here, Ints
from habitue.kernel.i18n import N_
from habitue.messaging.holdout import places


class Share(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A branch: how many take it."""

    share: Annotated[float, Asked(N_("Share"), N_("Of those who come here, from 0 to 1."), "share")]


class Chance(Fork, frozen=True, kw_only=True, tag="chance"):
    title: ClassVar[str] = N_("A/B test")
    about: ClassVar[str] = N_("Chance sends each customer down one way, the same one whenever they come by.")
    icon: ClassVar[str] = "branch"
    forks: ClassVar[type[Struct] | None] = Share

    def choose(self, here: Here, branches: Sequence[Any]) -> Ints:
        edges = np.cumsum([branch.share for branch in branches])
        place = places(f"{here.journey}/{here.step}", here.person)
        taken = np.searchsorted(edges, place, side="right").astype(np.int64)
        return np.where(taken < len(branches), taken, -1)

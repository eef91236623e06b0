"""Different ways by chance: to try two messages against each other, and to go on with the better one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from msgspec import Struct

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Fork, Here, Ints, Test
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

    winner: Annotated[
        Literal["none", "goal", "click"],
        Asked(
            N_("Go on with the better way"),
            N_("Once it is known, everybody who comes here takes it."),
            "choice",
            {
                "none": N_("No: chance decides for ever"),
                "goal": N_("By how many reach the goal"),
                "click": N_("By how many click"),
            },
        ),
    ] = "none"
    people: Annotated[
        int, Asked(N_("After so many people"), N_("In all ways together; 0 where only time counts."), "whole")
    ] = 0
    after: Annotated[
        str,
        Asked(
            N_("Or after so long"),
            N_("Since the first came here, such as 14d; whichever is sooner."),
            "duration",
        ),
    ] = ""

    @property
    def test(self) -> Test | None:
        return None if self.winner == "none" else Test(self.winner, self.people, self.after)

    def choose(self, here: Here, branches: Sequence[Any]) -> Ints:
        edges = np.cumsum([branch.share for branch in branches])
        place = places(f"{here.journey}/{here.step}", here.person)
        taken = np.searchsorted(edges, place, side="right").astype(np.int64)
        return np.where(taken < len(branches), taken, -1)

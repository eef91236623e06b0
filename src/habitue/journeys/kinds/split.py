"""Different ways for different customers, by rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Struct

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Fork, Here, Ints, Watch
from habitue.kernel.i18n import N_


class When(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A branch: who takes it."""

    when: Annotated[str, Asked(N_("Who"), N_("A rule; nothing for everybody who is left."), "rule")] = ""


class Split(Fork, frozen=True, kw_only=True, tag="split"):
    title: ClassVar[str] = N_("Different ways")
    about: ClassVar[str] = N_(
        "Each customer takes the first way whose rule holds for them; the others go on."
    )
    icon: ClassVar[str] = "branch"
    forks: ClassVar[type[Struct] | None] = When

    def choose(self, here: Here, branches: Sequence[Any]) -> Ints:
        taken = np.full(len(here.person), -1, np.int64)
        for number, branch in enumerate(branches):
            left = np.flatnonzero(taken < 0)
            if not len(left):
                break
            if branch.when:
                at = here.at[left]
                left = left[here.facts.next(Watch(branch.when), here.person[left], at) == at]
            taken[left] = number
        return taken

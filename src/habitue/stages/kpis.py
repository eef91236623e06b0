"""What a portfolio is judged by, month by month, worked out of stages whatever model they are of.

Customers are those in a stage that counts as new, active, loyal, at risk, dormant or reactivated; prospects
are not customers yet, the lost are none any more. With S customers at the start of a month, E at its end and
N that came in between, retention is (E − N) / S and churn 1 − retention: who left, of who was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from habitue.kernel.i18n import N_
from habitue.metrics.contrast import OUT, Tally
from habitue.stages.kind import Canonical

Floats = NDArray[np.float64]
Name = Literal["active", "new", "risk", "won", "lost", "back", "churn", "retention"]

ACTIVE: Final[frozenset[Canonical]] = frozenset({"active", "loyal", "reactivated"})
NEW: Final[frozenset[Canonical]] = frozenset({"new"})
RISK: Final[frozenset[Canonical]] = frozenset({"at_risk", "dormant"})
CUSTOMERS: Final = ACTIVE | NEW | RISK
LOST: Final[frozenset[Canonical]] = frozenset({"lost"})
ASLEEP: Final[frozenset[Canonical]] = frozenset({"dormant", "lost"})


class Kpi(Struct, frozen=True):
    """A figure with its definition; a `rate` is a share, others count people; `rising` where more is good."""

    id: Name
    name: str
    about: str
    rate: bool
    rising: bool


KPIS: Final = (
    Kpi("active", N_("Active customers"), N_("In an active stage at the end of the month."), False, True),
    Kpi(
        "new", N_("New customers"), N_("In the stage for new customers at the end of the month."), False, True
    ),
    Kpi(
        "risk",
        N_("At risk or dormant"),
        N_("In a stage that counts as at risk or dormant at the end of the month."),
        False,
        False,
    ),
    Kpi("won", N_("Customers won"), N_("Became customers for the first time during the month."), False, True),
    Kpi("back", N_("Reactivations"), N_("Came back from dormant or lost during the month."), False, True),
    Kpi("lost", N_("Customers lost"), N_("Became lost during the month."), False, False),
    Kpi(
        "churn",
        N_("Churn rate"),
        N_("Customers who left during the month, of those who were there at its start."),
        True,
        False,
    ),
    Kpi(
        "retention",
        N_("Retention rate"),
        N_("(Customers at the end − those who came in) ÷ customers at the start of the month."),
        True,
        True,
    ),
)


def series(tally: Tally, canonical: Sequence[Canonical]) -> dict[Name, Floats]:
    """Each of them for every period between two ends; NaN where there is nothing to divide by."""

    def places(kinds: frozenset[Canonical]) -> list[int]:
        return [value + 1 for value, one in enumerate(canonical) if one in kinds]

    def stood(kinds: frozenset[Canonical]) -> Floats:
        found: Floats = tally.counts[:, [place - 1 for place in places(kinds)]].sum(axis=1).astype(np.float64)
        return found

    def moved(source: Sequence[int], target: Sequence[int]) -> Floats:
        found: Floats = tally.moves[:, list(source)][:, :, list(target)].sum(axis=(1, 2)).astype(np.float64)
        return found

    inside = places(CUSTOMERS)
    outside = [place for place in range(len(canonical) + 1) if place not in inside]
    early = [place for place in outside if place == OUT or canonical[place - 1] not in LOST]
    customers, came = stood(CUSTOMERS), moved(outside, inside)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(customers[:-1] > 0, (customers[1:] - came) / customers[:-1], np.nan)
    return {
        "active": stood(ACTIVE)[1:],
        "new": stood(NEW)[1:],
        "risk": stood(RISK)[1:],
        "won": moved(early, inside),
        "back": moved(places(ASLEEP), places(ACTIVE | NEW)),
        "lost": moved(inside, places(LOST)),
        "churn": 1 - kept,
        "retention": kept,
    }

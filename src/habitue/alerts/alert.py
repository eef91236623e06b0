"""An alert: what is watched, what of it is told, how often it is looked at, and who is told when."""

from __future__ import annotations

from typing import Final, Literal, get_args

from msgspec import Struct

from habitue.alerts.roles import Kind
from habitue.kernel.i18n import N_

Rule = Literal["high", "low", "odd", "above", "below", "rises", "falls"]
RULES: Final[tuple[Rule, ...]] = get_args(Rule)
LIMITED: Final = frozenset({"above", "below", "rises", "falls"})
"""Those that take a limit; of the others what was usual decides."""

TITLES: Final[dict[Rule, str]] = {
    "high": N_("unusually high"),
    "low": N_("unusually low"),
    "odd": N_("unusual, high or low"),
    "above": N_("above a limit"),
    "below": N_("below a limit"),
    "rises": N_("risen by a share against what is usual"),
    "falls": N_("fallen by a share against what is usual"),
}
Every = Literal["hour", "day"]
EVERY: Final[dict[Every, str]] = {"hour": N_("every hour"), "day": N_("once a day")}
HOOK: Final = "hook:"
"""How a target begins that is a webhook; any other is the address of a member."""


class When(Struct, frozen=True):
    """What is told: `rises` and `falls` take a share (0.3 is 30 %) against the median of the same weekday
    and time of the last weeks, `above` and `below` a limit in the figure's own unit (money in major units,
    as rules have it; of a share 0.02 is 2 %).
    """

    rule: Rule
    limit: float = 0.0


class Alert(Struct, frozen=True, kw_only=True):
    """One alert. `at` is the time of a daily look, `quiet` hours such as 20:00-08:00 in which nobody is
    disturbed; `to` are addresses of members, and webhooks as `hook:name`. In the app it is told in any case.
    """

    id: str
    name: str = ""
    about: str = ""
    owner: str = ""
    watch: Kind
    when: When
    every: Every = "hour"
    at: str = "08:00"
    quiet: str = ""
    to: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return self.name or self.id

"""What a workspace allows itself: how often, when, to whom not, and for how much money."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct, field

from habitue.kernel.clock import DAY, HOUR, Micros, duration
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging import quiet
from habitue.messaging.quiet import Quiet
from habitue.store import acts
from habitue.store.ops import Ops, Tx, tell, told

TRANSACTIONAL: Final = "transactional"
"""The purpose of what customers wait for, such as the confirmation of an order."""

_SETTING: Final = "messaging_rules"
_PLACE: Final = re.compile(r"\+[1-9]\d{0,6}")


class Cap(Struct, frozen=True, forbid_unknown_fields=True):
    """At most so many messages in any stretch of that length, such as 3 within "7d"."""

    most: int
    within: str

    @property
    def length(self) -> Micros:
        return duration(self.within)


class Budget(Struct, frozen=True, forbid_unknown_fields=True):
    """What a channel may cost in a calendar month (None: whatever it does), and one message, in hundredths of
    a cent; `places` by how the number begins that it goes to (“+33”), the longest that fits.
    """

    most: int | None
    price: int
    places: Mapping[str, int] = {}

    def cost(self, address: str, parts: int = 1) -> int:
        """What it costs to send so many parts there."""
        fit = max((one for one in self.places if address.startswith(one)), key=len, default="")
        return parts * self.places.get(fit, self.price)


class Rules(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """By channel: caps, quiet hours, budgets. By origin: shares that are left alone. The rest is for all.

    `late`: how much later than due marketing may still go. `apart`: how near another origin's message of
    higher priority has to be to take this one's place. `same`: how long one address gets a step only once.
    `clicks`: links in marketing mails lead by way of us; `opens`: a picture in them tells of openings.
    `country` (ISO 3166) says whose public holidays count, `zone` whose clock where a customer's is unknown,
    `currency` in what budgets are.
    """

    caps: Mapping[str, tuple[Cap, ...]] = field(
        default_factory=lambda: {
            "email": (Cap(1, "16h"), Cap(4, "7d")),
            "sms": (Cap(1, "24h"), Cap(2, "7d")),
            "push": (Cap(1, "24h"),),
            "phone": (Cap(1, "8d"),),  # never more than four in thirty days, as French law has it
            "post": (Cap(1, "14d"),),
        }
    )
    quiet: Mapping[str, Quiet] = field(
        default_factory=lambda: {
            "sms": Quiet("22:00", "08:00", (7,), holidays=True),
            "push": Quiet("22:00", "08:00"),
        }
    )
    budgets: Mapping[str, Budget] = {}
    holdouts: Mapping[str, float] = {}
    holdout: float = 0.0
    salt: str = ""
    late: str = "24h"
    apart: str = "12h"
    same: str = "24h"
    clicks: bool = True
    opens: bool = True
    country: str | None = "FR"
    zone: str = "Europe/Paris"
    currency: str = "EUR"

    def capped(self, channel: str) -> tuple[Cap, ...]:
        return self.caps.get(channel, ())

    @property
    def memory(self) -> Micros:
        """How far back to look for what a customer got."""
        return max([DAY, *(cap.length for caps in self.caps.values() for cap in caps)])


def checked(rules: Rules) -> Rules:
    """The same; raises `UserError` for what makes no sense."""
    for cap in (cap for caps in rules.caps.values() for cap in caps):
        if cap.most < 0 or cap.length < HOUR:
            raise UserError(N_("A cap is a number of messages, 0 or more, within an hour or longer."))
    for budget in rules.budgets.values():
        _costing(budget)
    for silence in rules.quiet.values():
        quiet.checked(silence)
    for share in (rules.holdout, *rules.holdouts.values()):
        if not 0 <= share < 1:
            raise UserError(N_("A control group is a share of customers from 0 up to, but not, 1."))
    for text in (rules.late, rules.apart, rules.same):
        duration(text)
    return rules


def _costing(budget: Budget) -> None:
    for place in budget.places:
        if not _PLACE.fullmatch(place):
            raise UserError(
                N_("“{place}” is no beginning of a phone number. Write such as +33."), place=place
            )
    if min(budget.most or 0, budget.price, *budget.places.values()) < 0:
        raise UserError(N_("What a message costs, and a month may, is 0 or more."))


def read(tx: Tx, zone: str, country: str | None, currency: str) -> Rules:
    """As they stand, on the clock of that zone; before anybody changed them those of that country."""
    kept = told(tx, _SETTING)
    if kept is None:
        return Rules(zone=zone, country=country, currency=currency)
    return msgspec.structs.replace(msgspec.json.decode(kept, type=Rules), zone=zone, currency=currency)


def write(ops: Ops, rules: Rules, by: str, now: Micros) -> None:
    """Let these rules hold from now on, and note who said so."""
    kept = msgspec.json.encode(checked(rules)).decode()
    with ops.begin() as tx:
        tell(tx, _SETTING, kept)
        acts.note(tx, now, by, "messaging rules", "workspace", rules=msgspec.json.decode(kept))

"""Of what kind an event is, for whoever looks through a customer's history."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal, get_args

from habitue.kernel.i18n import N_
from habitue.people.privacy import CHANNELS

Kind = Literal["orders", "messages", "visits", "answers", "consents", "keys", "details"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

NAMES: Final = {
    "orders": N_("Orders"),
    "messages": N_("Messages"),
    "visits": N_("Visits"),
    "answers": N_("Answers"),
    "stages": N_("Stages"),
    "notes": N_("Notes"),
    "consents": N_("Consent"),
    "keys": N_("Merges"),
    "details": N_("Details"),
}
"""What people call them, and what stands beside events."""

_OURS: Final[dict[str, Kind]] = {
    "$consent": "consents",
    "$merge": "keys",
    "$split": "keys",
    "$alias": "keys",
    "$identify": "details",
    "$group": "details",
    "$score": "details",
}


def kind(name: str) -> Kind:
    """The kind of an event of this name; what nobody knows happened on a page."""
    words = " ".join(name.casefold().replace("_", " ").split())
    if name in _OURS:
        return _OURS[name]
    if words.startswith(("order ", "invoice ", "checkout ", "subscription ")):
        return "orders"
    if words.startswith(("survey ", "nps ", "csat ", "ces ")) or words == "product reviewed":
        return "answers"
    if words.startswith(CHANNELS) or words == "unsubscribed":
        return "messages"
    return "visits"


def among(names: Collection[str], kinds: Collection[str]) -> list[str]:
    """Those of the names that are of these kinds."""
    return [name for name in names if kind(name) in kinds]

"""The shapes of a whole customer and a whole account.

Instants are ISO 8601 in UTC, money is a decimal text in the workspace's currency.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from habitue.api.shapes import Events, Interval


class Said(Struct, frozen=True):
    """A value that a source gave a trait, and when.

    `counted` if it was the trait's value then, `current` if it is now.
    """

    trait: str
    value: Any
    at: str
    source: str | None
    key: str | None
    counted: bool
    current: bool


class Joint(Struct, frozen=True):
    """Why two keys are one customer's: a source said so at that instant, or somebody decided it."""

    one: str
    other: str
    at: str
    source: str | None
    by: str | None
    why: str | None


class Identities(Struct, frozen=True):
    """All the keys of a customer, the strongest first, what joins them, and those that join nobody."""

    keys: list[str]
    joints: list[Joint]
    refused: list[str]


class Order(Struct, frozen=True):
    """An order: what it brought, what was paid back (below zero), and both together; its lines as sent."""

    order: str | None
    at: str
    revenue: str
    refunded: str
    net: str
    lines: list[Any]


class Standing(Struct, frozen=True):
    """Where a customer is in a model; `next_stage` is what comes if nothing happens, at `next_at`."""

    stage: str | None
    since: str | None
    next_stage: str | None
    next_at: str | None


class Inside(Struct, frozen=True):
    """A saved segment that the customer is in; they leave when `expected` if nothing happens, None: never."""

    segment: str
    since: str
    expected: str | None


class Consent(Struct, frozen=True):
    """What a customer answered about being reached: `agreed` since an instant, and who told us so."""

    channel: str
    purpose: str
    status: str
    agreed: bool
    since: str
    source: str | None


class Membership(Struct, frozen=True):
    """A person in an account: as what, from when until when (None: still)."""

    customer: int
    key: str
    name: str | None
    account: str
    role: str | None
    since: str
    until: str | None


class Profile(Struct, frozen=True):
    """All that is known of one customer; `stays` are all so far, by model.

    `events` are the latest, their `next` leads to those before; `purchases` are the latest 1,000 orders.
    `orders`, `revenue`, `first_order` and `last_order` sum up all of them.
    """

    customer: int
    key: str
    name: str | None
    birth: str
    traits: dict[str, Any]
    said: list[Said]
    currency: str
    orders: int
    revenue: str
    first_order: str | None
    last_order: str | None
    identities: Identities
    purchases: list[Order]
    events: Events
    stages: dict[str, Standing]
    stays: dict[str, list[Interval]]
    segments: list[Inside]
    consents: list[Consent]
    accounts: list[Membership]


class Account(Struct, frozen=True):
    """All that is known of one account; `orders` and `revenue` are of the orders that name it."""

    account: int
    key: str
    birth: str
    traits: dict[str, Any]
    said: list[Said]
    members: list[Membership]
    currency: str
    orders: int
    revenue: str
    events: Events


class Settled(Struct, frozen=True):
    """Whose word counts, the strongest first, by trait ("" for all others), and of which type traits are."""

    precedence: dict[str, list[str]]
    types: dict[str, str]


class Settling(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose word shall count (none: as for all others), or of what `type` the trait is (empty: no more said).

    Without a trait the precedence is that of all traits that have none of their own.
    """

    trait: str | None = None
    precedence: list[str] | None = None
    type: Literal["text", "number", "boolean", "date", "list", ""] | None = None


class Trait(Struct, frozen=True):
    """A trait over all customers: its type, of what share of them it is known, who says it, and whose word
    counts (`precedence`, the strongest first). `mismatches`: values of another type.
    """

    trait: str
    type: str
    declared: bool
    customers: int
    share: float
    mismatches: int
    sources: list[str]
    precedence: list[str]

"""Customers and accounts as a whole: found, shown with all that is known of them, and whose word counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from habitue.app.shelf import Shelf
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people import accounts, consent, identities, orders, profiles, search, traits
from habitue.people.accounts import Account, Membership
from habitue.people.consent import Consent
from habitue.people.identities import Identities
from habitue.people.keys import account_key
from habitue.people.orders import Order
from habitue.people.profiles import Begun, Happening, Person, Stay
from habitue.people.traits import Said, Settled, Trait

EVENTS: Final = 50


class Next(Struct, frozen=True):
    """The stage that comes next if nothing happens, and when."""

    start: Micros
    value: int


class Standing(Struct, frozen=True):
    """Where a customer stands in a model: now, next if nothing happens, and all stays that have begun."""

    model: str
    now: Begun | None
    next: Next | None
    stays: list[Begun]


class Inside(Struct, frozen=True):
    """A saved segment that a customer is in, since when, and when they go out if nothing happens."""

    segment: str
    since: Micros
    expected: Micros | None


class Customer(Struct, frozen=True):
    """All that is known of one customer. `events` are the latest; `Shop.events` gives those before."""

    profile: Person
    history: list[Said]
    identities: Identities
    purchases: list[Order]
    events: list[Happening]
    stages: list[Standing]
    segments: list[Inside]
    consents: list[Consent]
    accounts: list[Membership]

    @property
    def person(self) -> int:
        """The customer's number."""
        return self.profile.person

    @property
    def key(self) -> str:
        """The strongest key by which the customer is known."""
        return self.profile.key

    @property
    def name(self) -> str | None:
        """The name they gave."""
        return self.profile.name

    @property
    def traits(self) -> dict[str, Any]:
        """What is known of them now."""
        return self.profile.traits

    @property
    def orders(self) -> int:
        """How many orders there were."""
        return self.profile.orders

    @property
    def revenue(self) -> int:
        """What all orders brought, net of refunds, in minor units."""
        return self.profile.revenue


class Match(Struct, frozen=True):
    """A customer that was found, and by what."""

    person: int
    key: str
    name: str | None
    email: str | None
    phone: str | None
    by: search.By


class Customers(Shelf):
    """A workspace with the people in it."""

    def search(self, text: str, limit: int = 50) -> list[Match]:
        """Customers by name, e-mail, phone, order number or key: whole words or their beginnings.

        The best first. Capitals and accents don't matter, nor how a phone number is written.
        """
        found = search.find(self.warehouse, text, self.settings.terms.region, limit)
        known = profiles.known(self.warehouse, [one.person for one in found])
        return [Match(**known[one.person], by=one.by) for one in found if one.person in known]

    def customer(self, key: str | int, events: int = EVENTS) -> Customer:
        """All that is known of one customer, by number or any key; raises `UserError` if there is none."""
        number, warehouse = self.person(key), self.warehouse
        found = profiles.person(warehouse, number)
        if found is None:
            raise UserError(N_("There is no customer “{key}”."), key=key)
        now = self.instant(None)
        return Customer(
            profile=found,
            history=traits.history(warehouse, number),
            identities=identities.identities(warehouse, number),
            purchases=orders.orders(warehouse, number),
            events=profiles.happenings(warehouse, number, events),
            stages=[
                _standing(model.id, profiles.stays(warehouse, model.version, number), now)
                for model in self.models()
                if model.subject == "person"
            ],
            segments=self.inside(number, now),
            consents=consent.standing(warehouse, number),
            accounts=accounts.of(warehouse, number),
        )

    def events(
        self, key: str | int, limit: int = EVENTS, before: tuple[Micros, int] | None = None
    ) -> list[Happening]:
        """A customer's latest events, or those before the `(ts, seq)` of the last one seen."""
        return profiles.happenings(self.warehouse, self.person(key), limit, before)

    def account(self, key: str | int, events: int = EVENTS) -> Account:
        """An account with its members, by number or key; raises `UserError` where there is none."""
        one = key if isinstance(key, int) else accounts.number(self.warehouse, _spoken(key))
        found = None if one is None else accounts.account(self.warehouse, one, events)
        if found is None:
            raise UserError(N_("There is no account “{key}”."), key=key)
        return found

    # --- whose word counts ------------------------------------------------------------------------

    def traits(self) -> list[Trait]:
        """All traits that anybody has: of which type, of how many customers, from which sources."""
        return traits.traits(self.ops, self.warehouse)

    def settled(self) -> Settled:
        """Whose word counts for which trait, and which type traits have."""
        return traits.settled(self.ops)

    def prefer(self, sources: Sequence[str], trait: str | None = None) -> Settled:
        """Let sources count in this order, for one trait or for all others; see `people.traits.prefer`.

        Stages and segments are worked out again, as history: nothing is triggered.
        """
        with self.working:
            traits.prefer(self.ops, sources, trait)
            self.refresh()
        return self.settled()

    def declare(self, trait: str, type: str | None) -> Settled:  # noqa: A002  as the trait calls it
        """Say of what type a trait is: text, number, boolean, date or list; None says it no more.

        Texts that spell a number are numbers where a trait is declared one.
        """
        with self.working:
            traits.declare(self.ops, trait, type)
            self.refresh()
        return self.settled()

    def inside(self, person: int, now: Micros) -> list[Inside]:
        """The saved segments that a customer is in."""
        found = []
        for segment in self.segments():
            if segment.subject == "person":
                stays = profiles.begun(profiles.stays(self.warehouse, segment.version, person), now)
                found += [Inside(segment.id, one.start, one.expected) for one in stays if one.stop is None]
        return found


def _standing(model: str, stays: list[Stay], now: Micros) -> Standing:
    begun = profiles.begun(stays, now)
    here = begun[-1] if begun and begun[-1].stop is None else None
    ahead = next((Next(stay.start, stay.value) for stay in stays if stay.start > now), None)
    return Standing(model, here, ahead, begun)


def _spoken(key: str) -> list[str]:
    """The keys that somebody who types this may mean."""
    return [one for one in (key, account_key(key)) if one]

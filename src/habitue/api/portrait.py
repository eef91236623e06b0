"""A whole customer, account or trait as the API, Python and the terminal tell it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import to_builtins

from habitue.api import shapes, whole
from habitue.app import Shop
from habitue.app.customers import Customer, Standing
from habitue.kernel import clock, money
from habitue.kernel.clock import iso
from habitue.people.accounts import Account, Membership
from habitue.people.profiles import Begun, Happening
from habitue.people.traits import Said, Trait
from habitue.stages.models import Model

EVENTS: Final = 50
"""So many of the latest are told with the rest."""


def trait(one: Trait) -> whole.Trait:
    """The trait in the API's shape."""
    told = to_builtins(one)
    return whole.Trait(trait=told.pop("name"), **told)


def customer(shop: Shop, one: Customer) -> whole.Profile:
    """The customer in the API's shape."""
    currency, person = shop.settings.currency, one.profile
    return whole.Profile(
        customer=person.person,
        key=person.key,
        name=person.name,
        birth=iso(person.birth),
        traits=person.traits,
        said=[_said(said) for said in one.history],
        currency=currency,
        orders=person.orders,
        revenue=_major(person.revenue, currency),
        first_order=iso(person.first_order) or None,
        last_order=iso(person.last_order) or None,
        identities=whole.Identities(
            list(one.identities.keys),
            [whole.Joint(j.one, j.other, iso(j.ts), j.source, j.by, j.why) for j in one.identities.joints],
            [refusal.key for refusal in one.identities.refused],
        ),
        purchases=[
            whole.Order(
                order.order,
                iso(order.ts),
                revenue=_major(order.revenue, currency),
                refunded=_major(order.refunded, currency),
                net=_major(order.net, currency),
                lines=order.lines,
            )
            for order in one.purchases
        ],
        events=paged(one.events, EVENTS, currency),
        stages={stage.model: _standing(stage, shop.model(stage.model)) for stage in one.stages},
        stays={stage.model: _stays(shop.model(stage.model), stage.stays) for stage in one.stages},
        segments=[whole.Inside(s.segment, iso(s.since), iso(s.expected) or None) for s in one.segments],
        consents=[
            whole.Consent(c.channel, c.purpose, c.status, c.agreed, iso(c.since), c.source)
            for c in one.consents
        ],
        accounts=memberships(one.accounts),
    )


def account(shop: Shop, one: Account) -> whole.Account:
    """The account in the API's shape."""
    currency = shop.settings.currency
    return whole.Account(
        account=one.account,
        key=one.key,
        birth=iso(one.birth),
        traits=one.traits,
        said=[_said(said) for said in one.history],
        members=memberships(one.members),
        currency=currency,
        orders=one.orders,
        revenue=_major(one.revenue, currency),
        events=paged(one.events, EVENTS, currency),
    )


def paged(found: Sequence[Happening], size: int, currency: str) -> shapes.Events:
    """A page of events, and where the next one begins."""
    return shapes.Events(
        events=[
            shapes.Event(
                at=clock.iso(one.ts),
                name=one.name,
                revenue=None if one.revenue is None else _major(one.revenue, currency),
                properties=one.props,
            )
            for one in found
        ],
        next=f"{found[-1].ts}.{found[-1].seq}" if len(found) == size else None,
    )


def _said(one: Said) -> whole.Said:
    return whole.Said(one.name, one.value, iso(one.ts), one.source, one.key, one.counted, one.current)


def _standing(one: Standing, model: Model) -> whole.Standing:
    ids = [stage.id for stage in model.stages]
    return whole.Standing(
        stage=ids[one.now.value] if one.now else None,
        since=iso(one.now.start) if one.now else None,
        next_stage=ids[one.next.value] if one.next else None,
        next_at=iso(one.next.start) if one.next else None,
    )


def _stays(model: Model, stays: Sequence[Begun]) -> list[shapes.Interval]:
    ids = [stage.id for stage in model.stages]
    return [
        shapes.Interval(
            ids[stay.value],
            iso(stay.start),
            iso(stay.stop) or None,
            iso(stay.expected) or None,
            None if stay.then is None else ids[stay.then],
            stay.life,
        )
        for stay in stays
    ]


def memberships(found: list[Membership]) -> list[whole.Membership]:
    """Who belongs where, in the API's shape."""
    return [
        whole.Membership(m.person, m.customer, m.name, m.account, m.role, iso(m.since), iso(m.until) or None)
        for m in found
    ]


def _major(amount: int, currency: str) -> str:
    return str(money.major(amount, currency))

"""`/api/v1/customers` and `/explain`: the people in a list, one of them, and why."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Annotated, Final

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter, QueryParameter

from habitue.api import reason, shapes
from habitue.api.asked import At, ModelId, Size, chosen, read
from habitue.app import Shop
from habitue.kernel import clock, money
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people import profiles
from habitue.people.profiles import Member, Person, Stay
from habitue.stages.choice import Question, choose, instant, members
from habitue.stages.models import Model

FURTHEST: Final = 100_000
"""How far into a list the API leafs; beyond that the CSV is the way."""

Number = Annotated[int, QueryParameter(name="page", ge=1, le=FURTHEST, description="Counts from 1.")]
Id = Annotated[int, PathParameter(ge=0, le=2**31 - 1, description="A customer's number.")]


@read("/customers")
def index(
    shop: NamedDependency[Shop],
    question: NamedDependency[Question],
    model: ModelId = None,
    page: Number = 1,
    size: Size = 50,
) -> shapes.Customers:
    """One page of the people in a stage, or who moved from one to another; latest arrivals first."""
    one = chosen(shop, model)
    now = clock.now()
    choice = choose(one, question, shop.settings.timezone, now)
    total = profiles.total(shop.warehouse, choice)
    persons = profiles.chosen(shop.warehouse, choice, size, (page - 1) * size)
    currency = shop.settings.currency
    return shapes.Customers(
        model=one.id,
        at=clock.iso(choice.after),
        currency=currency,
        total=total,
        page=page,
        next=page + 1 if page * size < total and page < FURTHEST else None,
        customers=[
            _customer(member, one, currency)
            for member in members(shop.warehouse, one, choice, persons, shop.known(), now)
        ],
    )


@read("/customers/{customer:int}")
def show(shop: NamedDependency[Shop], customer: Id) -> shapes.Profile:
    """All that is known of one customer, and their stays in every model about people."""
    return _profile(shop, _person(shop, customer))


@read("/customers/{customer:int}/events")
def events(
    shop: NamedDependency[Shop],
    customer: Id,
    before: Annotated[
        str | None, QueryParameter(max_length=60, description="Where the page before ended: its `next`.")
    ] = None,
    size: Size = 50,
) -> shapes.Events:
    """What happened, latest first."""
    one = _person(shop, customer)
    found = profiles.happenings(shop.warehouse, one.person, size, _mark(before))
    currency = shop.settings.currency
    return shapes.Events(
        events=[
            shapes.Event(
                at=clock.iso(one.ts),
                name=one.name,
                revenue=str(money.major(one.revenue, currency)) if one.revenue is not None else None,
                properties=one.props,
            )
            for one in found
        ],
        next=f"{found[-1].ts}.{found[-1].seq}" if len(found) == size else None,
    )


@read("/explain")
def explain(
    shop: NamedDependency[Shop],
    customer: Annotated[
        str, QueryParameter(max_length=1_000, description="A customer's number, or key such as email:a@b.fr.")
    ],
    model: ModelId = None,
    rule: Annotated[str | None, QueryParameter(description="Explain this rule instead of the stage.")] = None,
    at: At = None,
) -> shapes.Explanation:
    """Why a customer is in their stage, or why a rule holds for them, at an instant."""
    number = int(customer) if customer.isascii() and customer.isdigit() else shop.person(customer)
    person = _person(shop, number)
    when = instant(at, shop.settings.timezone, clock.now())
    if rule is not None:
        why = shop.explain(person.person, rule=rule, at=when)
    else:
        why = shop.explain(person.person, model=chosen(shop, model).id, at=when)
    return shapes.Explanation(person.person, clock.iso(when), reason.fields(why) if why else None)


def _person(shop: Shop, number: int) -> Person:
    found = profiles.person(shop.warehouse, number) if number < 2**31 else None
    if found is None:
        raise NotFoundException
    return found


def _mark(before: str | None) -> tuple[Micros, int] | None:
    """The `(ts, seq)` at which the last page ended; raises `UserError` for what was never given out."""
    if before is None:
        return None
    ts, dot, seq = before.partition(".")
    if not (
        dot
        and ts.isascii()
        and ts.isdigit()
        and seq.isascii()
        and seq.isdigit()
        and int(ts) <= clock.LAST
        and int(seq) < 2**63
    ):
        raise UserError(
            N_("“{text}” is not a place in the list. Give the `next` of the page before."), text=before
        )
    return int(ts), int(seq)


def _customer(one: Member, model: Model, currency: str) -> shapes.Customer:
    return shapes.Customer(
        customer=one.person,
        key=one.key,
        name=one.name,
        email=one.email,
        stage=model.stages[one.value].id,
        since=clock.iso(one.since),
        next_stage=model.stages[one.then].id if one.then is not None else None,
        next_at=clock.iso(one.until) or None,
        life=one.life,
        orders=one.orders,
        revenue=str(money.major(one.revenue, currency)),
        last_order=clock.iso(one.last_order) or None,
    )


def _profile(shop: Shop, person: Person) -> shapes.Profile:
    currency = shop.settings.currency
    return shapes.Profile(
        customer=person.person,
        key=person.key,
        name=person.name,
        birth=clock.iso(person.birth),
        traits=person.traits,
        currency=currency,
        orders=person.orders,
        revenue=str(money.major(person.revenue, currency)),
        first_order=clock.iso(person.first_order) or None,
        last_order=clock.iso(person.last_order) or None,
        stays={
            model.id: _begun(model, profiles.stays(shop.warehouse, model.version, person.person))
            for model in shop.models()
            if model.subject == "person"
        },
    )


def _begun(model: Model, stays: Sequence[Stay]) -> list[shapes.Interval]:
    """The stays so far: what is to come stands in the last of them, as what is expected."""
    now = clock.now()
    return [
        _stay(model, stay, then, now) for stay, then in zip_longest(stays, stays[1:]) if stay.start <= now
    ]


def _stay(model: Model, stay: Stay, then: Stay | None, now: Micros) -> shapes.Interval:
    ids = [stage.id for stage in model.stages]
    stage, since, stop = ids[stay.value], clock.iso(stay.start), clock.iso(stay.stop) or None
    if stay.stop is not None and stay.stop <= now:
        return shapes.Interval(stage, since, stop, None, None, stay.life)
    following = ids[then.value] if then and then.start == stay.stop else None
    return shapes.Interval(stage, since, None, stop, following, stay.life)

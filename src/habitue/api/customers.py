"""`/api/v1/customers` and `/explain`: the people in a list, one of them, and why."""

from __future__ import annotations

from typing import Annotated, Final

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import QueryParameter

from habitue.api import reason, shapes
from habitue.api.asked import At, ModelId, Size, chosen, read
from habitue.api.portrait import paged
from habitue.api.profile import Key, numbered
from habitue.app import Shop, lists
from habitue.kernel import clock, money
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people import profiles
from habitue.people.profiles import Member, Person
from habitue.stages.choice import Question, instant, members
from habitue.stages.models import Model

FURTHEST: Final = 100_000
"""How far into a list the API leafs; beyond that the CSV is the way."""

Number = Annotated[int, QueryParameter(name="page", ge=1, le=FURTHEST, description="Counts from 1.")]


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
    choice = lists.choice(shop, one, question, now)
    total, persons = profiles.page(shop.warehouse, choice, size, (page - 1) * size)
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


@read("/customers/{key:str}/events")
def events(
    shop: NamedDependency[Shop],
    key: Key,
    before: Annotated[
        str | None, QueryParameter(max_length=60, description="Where the page before ended: its `next`.")
    ] = None,
    size: Size = 50,
) -> shapes.Events:
    """What happened, latest first."""
    found = profiles.happenings(shop.warehouse, numbered(shop, key), size, _mark(before))
    return paged(found, size, shop.settings.currency)


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

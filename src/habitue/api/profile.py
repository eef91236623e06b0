"""`/api/v1/customers/{key}`, `/accounts/{key}` and `/traits`: the whole of each."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import Body, PathParameter

from habitue.api import portrait, shapes, whole
from habitue.api.asked import read
from habitue.app import Shop
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

_REFUSED: Final = {
    400: ResponseSpec(shapes.Failure, description="What is wrong with the request; nothing was settled."),
    401: ResponseSpec(shapes.Failure, description="A key of the API is needed."),
    403: ResponseSpec(shapes.Failure, description="The key may not do that."),
}

Key = Annotated[
    str, PathParameter(max_length=300, description="A customer's number, or any key such as email:a@b.fr.")
]
AccountKey = Annotated[str, PathParameter(max_length=300, description="The account's key, such as acme.")]


@read("/customers/{key:str}")
def show(shop: NamedDependency[Shop], key: Key) -> whole.Profile:
    """The whole customer: profile, identities, orders, events, stages, segments, consents and accounts.

    Digits alone are a customer's number; an id of yours that is digits is written as user:1234.
    """
    return portrait.customer(shop, shop.customer(numbered(shop, key), portrait.EVENTS))


@read("/accounts/{account:str}")
def firm(shop: NamedDependency[Shop], account: AccountKey) -> whole.Account:
    """The whole account: its traits, who is or was in it, and its latest events."""
    try:
        return portrait.account(shop, shop.account(account, portrait.EVENTS))
    except UserError as error:
        raise NotFoundException from error


@read("/traits")
def traits(shop: NamedDependency[Shop]) -> list[whole.Trait]:
    """The traits that customers have."""
    return [portrait.trait(one) for one in shop.traits()]


@post("/traits", status_code=200, sync_to_thread=True, responses=_REFUSED, security=[{"token": []}])
def settle(shop: NamedDependency[Shop], data: Annotated[whole.Settling, Body()]) -> whole.Settled:
    """Settle whose word counts for a trait, or of what type it is; stages are worked out again as history."""
    if data.precedence is not None:
        shop.prefer(data.precedence, data.trait)
    if data.type is not None:
        if data.trait is None:
            raise UserError(N_("Say of which trait that is the type."))
        shop.declare(data.trait, data.type or None)
    now = shop.settled()
    return whole.Settled({trait: list(order) for trait, order in now.precedence.items()}, dict(now.types))


def numbered(shop: Shop, key: str) -> int:
    """The number of a customer by number or key; raises `NotFoundException`."""
    try:
        number = int(key) if key.isascii() and key.isdigit() and len(key) < 11 else shop.person(key)
    except UserError as error:
        raise NotFoundException from error
    if number >= 2**31 or shop.warehouse.read(_THERE, (number,)).num_rows == 0:
        raise NotFoundException
    return shop.person(number)


_THERE: Final = """
    SELECT 1 FROM person WHERE person = coalesce((SELECT person FROM merged WHERE node = $1), $1)"""

"""`/api/v1/customers/{key}/identities`, `/merge` and `/split`: by which keys a customer is known, and why."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import Body
from msgspec import Meta, Struct

from habitue.api.asked import by, read
from habitue.api.profile import Key, numbered
from habitue.api.shapes import Failure
from habitue.api.whole import Joint
from habitue.app import Shop
from habitue.kernel import clock
from habitue.people.identities import Identities


class Crowd(Struct, frozen=True):
    """A key whose claims with keys of the kind `to` don't count: `many` humans were claimed with it.

    One that is no id at all, such as “null”, joins nobody: `to` is empty.
    """

    key: str
    to: str
    many: int


class Ruling(Struct, frozen=True):
    """What somebody decided about two keys, when and why; the last one about them counts."""

    act: Literal["merge", "split"]
    one: str
    other: str
    at: str
    by: str | None
    why: str | None


class Known(Struct, frozen=True):
    """All the keys of a customer, the strongest first; what joins them: a source's claim or a person's word;
    every ruling about one of them, the latest first; and the keys that others share."""

    customer: int
    keys: list[str]
    joints: list[Joint]
    rulings: list[Ruling]
    refused: list[Crowd]


class Wish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The other key, who decides it, and why: that stays in the merge log."""

    other: Annotated[str, Meta(min_length=1, max_length=300)]
    why: Annotated[str, Meta(min_length=1, max_length=500)]
    by: Annotated[str, Meta(min_length=1, max_length=100)] = "api"


_REFUSED: Final = {
    400: ResponseSpec(Failure, description="What is wrong with the request; nothing was changed."),
    401: ResponseSpec(Failure, description="A key of the API is needed."),
    403: ResponseSpec(Failure, description="The key may not do that."),
    404: ResponseSpec(Failure, description="There is no such customer."),
}
_TOKEN: Final[list[dict[str, list[str]]]] = [{"token": []}]


@read("/customers/{key:str}/identities")
def index(shop: NamedDependency[Shop], key: Key) -> Known:
    """By which keys a customer is known: which source said so and when, and what was decided by hand."""
    return _known(shop, shop.identities(numbered(shop, key)))


@post("/customers/{key:str}/merge", status_code=200, sync_to_thread=True, responses=_REFUSED, security=_TOKEN)
def merge(
    request: Request[Any, Any, State], shop: NamedDependency[Shop], key: Key, data: Annotated[Wish, Body()]
) -> Known:
    """Make one customer of two, with all that ever happened to either; `split` takes it back."""
    one = _key(shop, key)
    return _known(shop, shop.merge(one, data.other, by(request, data.by), data.why))


@post("/customers/{key:str}/split", status_code=200, sync_to_thread=True, responses=_REFUSED, security=_TOKEN)
def split(
    request: Request[Any, Any, State], shop: NamedDependency[Shop], key: Key, data: Annotated[Wish, Body()]
) -> Known:
    """Take two keys apart that are joined directly, and keep them so. Answers what the first is known by."""
    one = _key(shop, key)
    return _known(shop, shop.split(one, data.other, by(request, data.by), data.why))


def _key(shop: Shop, told: str) -> str:
    """The key meant: of a number, what its customer is called by."""
    number = numbered(shop, told)
    return shop.identities(number).keys[0] if told.isdigit() else told


def _known(shop: Shop, found: Identities) -> Known:
    own = set(found.keys)
    joints = [
        Joint(one.one, one.other, clock.iso(one.ts), one.source, one.by, one.why) for one in found.joints
    ]
    rulings = [
        Ruling(one.act, one.one, one.other, clock.iso(one.ts), one.by, one.why)
        for one in shop.decisions()
        if own & {one.one, one.other}
    ]
    refused = [Crowd(one.key, one.to, one.many) for one in found.refused]
    return Known(found.person, list(found.keys), joints, rulings, refused)

"""`/api/v1/customers/{key}/consents` and `/api/v1/suppressions`: who may be written to.

What changes who may be written to takes a key of the API, or the write key of a server, as user name without
a password, like the events.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import Body, PathParameter, QueryParameter
from msgspec import Meta, Struct

from habitue.api.asked import read
from habitue.api.shapes import Failure
from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.people.consent import PROOF, Answer, Consent, Record, Status
from habitue.people.suppression import Reason

Key = Annotated[
    str,
    PathParameter(
        max_length=300, description="A customer's number, or a key such as user:c-001 or email:a@b.fr."
    ),
]
Text = Annotated[str, Meta(max_length=500)]
Short = Annotated[str, Meta(max_length=100)]
Channel = Literal["email", "sms", "push", "post", "phone", "web"]


class Answered(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody answers. `at` is now if not said; the same `id` again is ignored.

    `text` is the version of the text they were shown, `text_id` where that text is recorded; `ip`, `form` and
    `by` (who wrote it down for them) complete the proof.
    """

    channel: Channel = "email"
    purpose: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,39}$")] = "marketing"
    status: Status
    at: Short | None = None
    id: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    text: Text | None = None
    text_id: Text | None = None
    ip: Short | None = None
    form: Text | None = None
    by: Text | None = None


class Kept(Struct, frozen=True):
    """One answer as it is kept, with its proof. `history` ones were read from a file and lift no no."""

    at: str
    key: str
    channel: str
    purpose: str
    status: str
    source: str
    history: bool
    text: str | None = None
    text_id: str | None = None
    ip: str | None = None
    form: str | None = None
    by: str | None = None


class Agreed(Struct, frozen=True):
    """Where a customer stands on a channel and a purpose, since when, and who said so last."""

    channel: str
    purpose: str
    status: str
    agreed: bool
    since: str
    source: str | None


class Consents(Struct, frozen=True):
    """Where a customer stands, and every answer that led there, the latest first."""

    customer: int
    standing: list[Agreed]
    records: list[Kept]


class Blocked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address that nobody may write to again; on its own channel if none is said. `lift` ends it."""

    address: Annotated[str, Meta(min_length=3, max_length=320)]
    channel: Literal["email", "sms", "push", "post", "phone", "web", "inapp", "all"] | None = None
    reason: Reason = "manual"
    lift: bool = False


class Entry(Struct, frozen=True):
    """A line of the list about one address: blocked, or `lifted`, from an instant on."""

    channel: str
    reason: str
    at: str
    source: str
    lifted: bool


class Entries(Struct, frozen=True):
    """Whether an address is blocked on some channel now, and all that was ever noted, the latest first."""

    blocked: bool
    entries: list[Entry]


_REFUSED: Final = {
    400: ResponseSpec(Failure, description="What is wrong with the request."),
    401: ResponseSpec(Failure, description="The write key of a server is needed, or a key of the API."),
    403: ResponseSpec(Failure, description="The key may not do that."),
    404: ResponseSpec(Failure, description="There is no such customer."),
}
_KEYS: Final[list[dict[str, list[str]]]] = [{"token": []}, {"basic": []}]


@read("/customers/{key:str}/consents")
def index(shop: NamedDependency[Shop], key: Key) -> Consents:
    """What a customer agreed to, and every answer with its proof."""
    person = _person(shop, key)
    return Consents(
        person,
        [agreed(one) for one in shop.standing(person)],
        [_kept(one) for one in shop.consents(person)],
    )


@post("/customers/{key:str}/consents", sync_to_thread=True, responses=_REFUSED, security=_KEYS)
def record(
    request: Request[Any, Any, State],
    shop: NamedDependency[Shop],
    key: Key,
    data: Annotated[Answered, Body()],
) -> Response[Kept]:
    """Keep an answer; a yes lifts a no. Safe on return, and in the stages within seconds.

    The key may be a new e-mail address (`email:…`), phone number (`phone:…`) or id (`user:…`).
    """
    source = _source(request)
    answer = Answer(
        channel=data.channel,
        purpose=data.purpose,
        status=data.status,
        **{name: getattr(data, name) for name in PROOF},
    )
    at = None if data.at is None else clock.instant(data.at, shop.settings.timezone)
    customer: str | int = int(key) if key.isascii() and key.isdigit() and len(key) < 10 else key
    kept = shop.answer(customer, answer, source, at, data.id)
    return Response(_kept(kept), background=BackgroundTask(shop.refresh))


@read("/suppressions")
def suppressed(
    shop: NamedDependency[Shop],
    address: Annotated[str, QueryParameter(max_length=320, description="An e-mail address or phone number.")],
) -> Entries:
    """What the suppression list says of an address. The list itself holds no addresses, only keyed hashes."""
    return _entries(shop, address)


@post("/suppressions", sync_to_thread=True, responses=_REFUSED, security=_KEYS)
def suppress(
    request: Request[Any, Any, State], shop: NamedDependency[Shop], data: Annotated[Blocked, Body()]
) -> Entries:
    """Let nobody write to an address again, or lift that."""
    source = _source(request)
    if data.lift:
        shop.lift(data.address, data.channel, source)
    else:
        shop.suppress(data.address, data.channel, data.reason, source)
    return _entries(shop, data.address)


def _entries(shop: Shop, address: str) -> Entries:
    entries = [
        Entry(one.channel, one.reason, clock.iso(one.at), one.source, one.lifted)
        for one in shop.suppressed(address)
    ]
    last = {(one.channel, one.reason): one for one in reversed(entries)}
    return Entries(any(not one.lifted for one in last.values()), entries)


def agreed(one: Consent) -> Agreed:
    """A stance in the API's words."""
    return Agreed(one.channel, one.purpose, one.status, one.agreed, clock.iso(one.since), one.source)


def _kept(one: Record) -> Kept:
    proof = {name: getattr(one, name) for name in PROOF}
    said = one.channel, one.purpose, one.status
    return Kept(clock.iso(one.at), one.key, *said, one.source, one.history, **proof)


def _person(shop: Shop, key: str) -> int:
    try:
        return shop.person(int(key) if key.isascii() and key.isdigit() and len(key) < 10 else key)
    except UserError as error:
        raise NotFoundException(str(error)) from error


def _source(request: Request[Any, Any, State]) -> str:
    """Who says so: the server whose write key it was, or what the record calls whoever asked."""
    return str(request.user.name)

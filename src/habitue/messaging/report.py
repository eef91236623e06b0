"""What providers tell of messages later, in the same words whoever tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from habitue.kernel.clock import SECOND, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

What = Literal["delivered", "opened", "clicked", "bounced", "complained", "unsubscribed"]

LARGEST: Final = 1 << 20
"""Bytes of what may be told at once."""


class Report(NamedTuple):
    """One thing that is told: which message it is about, by our own mark or by the name they gave it.

    `id` tells it from all others of this provider. `dead`: nobody is at the address. An `address` alone is
    somebody who wrote to us, not about a message. `machine`: the provider says that a program did it. `price`
    is what it cost, in that `currency`, where they say it.
    """

    id: str
    what: What
    at: Micros
    mark: str = ""
    reference: str = ""
    address: str = ""
    answer: str = ""
    dead: bool = False
    agent: str = ""
    link: str = ""
    machine: bool = False
    price: str = ""
    currency: str = ""


class Call(NamedTuple):
    """What came in: under which address (ours, as they know it), when, and a way to fetch what it names."""

    url: str
    head: Mapping[str, str]
    body: bytes
    now: Micros
    fetch: Callable[[str], bytes]


class Forged(Exception):
    """Whoever sent it has not shown that they are the provider."""


class Unread(UserError):
    """It is not in the provider's own form."""

    def __init__(self) -> None:
        super().__init__(N_("This is not what the provider sends."))


def object_of(body: bytes) -> dict[str, Any]:
    """The JSON object that was sent. Raises `Unread`."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unread from error
    if not isinstance(found, dict):
        raise Unread
    return found


def inside(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object in an object; an empty one where there is none."""
    found = told.get(name)
    return found if isinstance(found, dict) else {}


def words(told: Mapping[str, Any], name: str) -> str:
    """A text in an object; whatever else stands there is none."""
    found = told.get(name)
    return found if isinstance(found, str) else ""


def form_of(body: bytes) -> dict[str, str]:
    """The fields of a form that was sent. Raises `Unread`."""
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=200))
    except ValueError as error:
        raise Unread from error


def seconds(told: object, otherwise: Micros) -> Micros:
    """An instant in seconds since 1970, as it is told, no later than `otherwise`, which is now."""
    try:
        at = round(float(told) * SECOND) if isinstance(told, int | float | str) else otherwise
    except (ValueError, OverflowError):
        return otherwise
    return at if 0 < at <= otherwise else otherwise

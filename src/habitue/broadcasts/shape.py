"""A broadcast as data: to whom, what, when, how fast; and how it stands in a file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from habitue.kernel.clock import HOUR, MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

SLUG: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
RESERVED: Final = frozenset({"new"})
"""Pages of their own under `/campaigns/`."""

Clock = Literal["shop", "customer"]
Metric = Literal["clicks", "orders"]
Unsure = Literal["first", "ask"]

_PACE: Final = re.compile(r"\s*([1-9]\d{0,8})\s*/\s*([hm])\s*")
_PERIODS: Final = {"h": HOUR, "m": MINUTE}


class Variant(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One version of the message: what it is called, and the template that it is written by."""

    id: str
    template: str


class Trial(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The variants are tried on a share of the recipients first; the one by which the most click, or order,
    within a while is what the others get. Where it can't be told they get the first one, or we ask.
    """

    share: float = 0.2
    by: Metric = "clicks"
    after: str = "4h"
    unsure: Unsure = "first"


class Broadcast(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One message to many.

    `to` and `without` are rules. `at` is a date and a time on the shop's clock, or on each customer's; it
    goes at once without. `pace` is how many leave in a while: `2000/h`, `50/m`. Nobody gets it later than
    `within` after they were to. `holdout` is a share of the recipients who are left alone, for comparison.
    """

    id: str
    name: str = ""
    to: str = ""
    without: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    channel: str = "email"
    purpose: str = "marketing"
    language: str | None = None
    at: str = ""
    clock: Clock = "shop"
    pace: str = ""
    within: str = ""
    priority: int = 0
    holdout: float = 0.0
    trial: Trial | None = None

    @property
    def title(self) -> str:
        return self.name or self.id

    @property
    def origin(self) -> str:
        """Who its messages are from."""
        return f"broadcast:{self.id}"


def gap(pace: str) -> Micros:
    """How long after one message the next one leaves; 0 where nothing holds them back. Raises `UserError`."""
    if not pace.strip():
        return 0
    found = _PACE.fullmatch(pace)
    if found is None:
        raise UserError(
            N_("“{text}” is no pace. Write how many an hour or a minute, such as 2000/h or 50/m."), text=pace
        )
    return max(1, _PERIODS[found[2]] // int(found[1]))


def from_body(body: Mapping[str, Any]) -> Broadcast:
    """The broadcast of a draft or a file; raises `UserError` for what is none, and names the place."""
    try:
        return msgspec.convert(dict(body), Broadcast)
    except msgspec.ValidationError as error:
        raise UserError(N_("This is no broadcast: {reason}"), reason=error) from error


def from_text(text: str) -> Broadcast:
    """The broadcast of a file in TOML, or JSON. Raises `UserError`."""
    try:
        body = msgspec.json.decode(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (msgspec.DecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(N_("The file can't be read: {reason}"), reason=error) from error
    return from_body(body)


def body(broadcast: Broadcast) -> dict[str, Any]:
    """As it is kept, and as it stands in a file."""
    found: dict[str, Any] = msgspec.to_builtins(broadcast)
    return found


def to_toml(broadcast: Broadcast) -> str:
    """As a file that can be changed and saved again."""
    told = body(broadcast)
    plain = {key: value for key, value in told.items() if key not in ("variants", "trial")}
    lines = [f"{key} = {_written(value)}" for key, value in plain.items() if value is not None]
    for each in told.get("variants", ()):
        lines += ["", "[[variants]]", *(f"{key} = {_written(value)}" for key, value in each.items())]
    if told.get("trial") is not None:
        lines += ["", "[trial]", *(f"{key} = {_written(value)}" for key, value in told["trial"].items())]
    return "\n".join(lines) + "\n"


def _written(value: Any) -> str:
    """A value as TOML has it: of texts, numbers and lists of texts JSON is a part."""
    return msgspec.json.encode(value).decode()

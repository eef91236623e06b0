"""Where a browser takes messages that are pushed to it: what `PushSubscription.toJSON()` says (Push API)."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import Error
from typing import Final

import msgspec
from msgspec import Struct

TRAIT: Final = "push_subscription"
"""The trait that has it, as the text of that JSON."""

LONGEST: Final = 2_000


class Keys(Struct, frozen=True):
    p256dh: str
    auth: str


class Subscription(Struct, frozen=True):
    """An address at the browser's push service, and with what to seal a message for that browser alone."""

    endpoint: str
    keys: Keys

    @property
    def public(self) -> bytes:
        return unfolded(self.keys.p256dh)

    @property
    def secret(self) -> bytes:
        return unfolded(self.keys.auth)


def read(told: object) -> Subscription | None:
    """The subscription; None for what is none."""
    if not isinstance(told, str) or len(told) > LONGEST:
        return None
    try:
        found = msgspec.json.decode(told, type=Subscription)
        sound = len(found.public) == 65 and found.public[0] == 4 and len(found.secret) == 16
    except (msgspec.MsgspecError, Error, ValueError):
        return None
    return found if sound and found.endpoint.startswith("https://") else None


def unfolded(text: str) -> bytes:
    """The bytes of a text in Base64 for addresses, with or without its filling."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))

"""What of a person is personal: what of an event may stay when its person is erased, what names somebody,
and what a person did of their own accord.

All here is pure: no store, no clock; what is made up comes from a salt.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

import msgspec

from habitue.people import keys
from habitue.people.keys import bare, folded

ERASED: Final = "erased"
"""The kind of key that stands for somebody who was erased."""

PRODUCTS: Final = ("products", "items", "lines")
"""Lists of what was bought; in them a `name` is a product's."""

NUMBERS: Final = frozenset(
    ("revenue", "total", "value", "subtotal", "tax", "shipping", "discount", "quantity", "price", "position")
) | {"score", "rating"}
TEXTS: Final = frozenset(("currency", "product_id", "sku", "category", "brand", "variant"))
ORDERS: Final = frozenset(("order_id", "orderId", "order", "checkout_id", "transaction_id"))
CLOSED: Final[Mapping[str, frozenset[str]]] = {"kind": frozenset(("nps", "csat", "ces"))}
"""Properties that may stay of an event whose person is erased: numbers; texts about a product; what tells one
order from another, under a name that nobody knows; a few words. All else goes, whatever it holds."""

_LONGEST: Final = 200


def token(salt: bytes, *parts: object) -> bytes:
    """16 bytes that only the salt's holder can make again."""
    return blake2b("\0".join(map(str, parts)).encode(), key=salt, digest_size=16).digest()


def nobody(salt: bytes, number: int) -> str:
    """The key under which an erased person's events stay together."""
    return f"{ERASED}:{token(salt, 'key', number).hex()}"


def cut(props: str, salt: bytes) -> str:
    """The properties as they may stay, as JSON; of what can't be read nothing stays."""
    try:
        told = msgspec.json.decode(props)
    except (msgspec.DecodeError, RecursionError):
        return "{}"
    return msgspec.json.encode(_cut(told, salt, False) if isinstance(told, dict) else {}).decode()


def _cut(told: Mapping[str, Any], salt: bytes, product: bool) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    product = product or not told.keys().isdisjoint(("product_id", "sku"))
    for name, value in told.items():
        if name in PRODUCTS and isinstance(value, list):
            kept[name] = [_cut(one, salt, True) for one in value if isinstance(one, dict)]
        elif name in ORDERS and isinstance(value, str | int):
            kept[name] = f"{ERASED}-{token(salt, 'order', value).hex()}"
        elif _stays(name, value, product):
            kept[name] = value
    return kept


def _stays(name: str, value: object, product: bool) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int | float):
        return name in NUMBERS
    if not isinstance(value, str) or len(value) > _LONGEST or "@" in value:
        return False
    if name in NUMBERS:
        return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
    return name in TEXTS or (product and name == "name") or value in CLOSED.get(name, ())


class Marks:
    """By what somebody is named: their keys, addresses and full names, in texts that nobody has resolved."""

    def __init__(self, given: Collection[str], names: Iterable[str] = (), region: str | None = None) -> None:
        self._keys = frozenset(given)
        self._bare = frozenset(folded(bare(key)) for key in given)
        self._telling = {text for text in self._bare if len(text) >= _SHORT}
        self._telling |= {folded(text) for text in (*given, *names)}
        self._region = region

    def names(self, text: str, field: str = "") -> bool:
        """Whether a value names them; one of few letters only in a field that says who."""
        small = folded(text)
        if small in self._telling or (small in self._bare and _who(field)):
            return True
        return any(key in self._keys for key in self._read(text) if key)

    def within(self, told: object, field: str = "") -> bool:
        """Whether anything in a JSON value names them."""
        return any(self.names(text, name) or self.spoken(text) for name, text in _leaves(told, field))

    def spoken(self, text: str) -> bool:
        """Whether a text, such as one that can't be read, has one of their names in it, whole."""
        words = [word for word in _APART.split(folded(text)) if word]
        some = (" ".join(words[n : n + size]) for size in (1, 2, 3) for n in range(len(words) - size + 1))
        return any(one in self._telling or one.strip(".:") in self._telling for one in some)

    def _read(self, text: str) -> Iterator[str | None]:
        if "@" in text:
            yield keys.email_key(text)
        elif sum(letter.isdigit() for letter in text) >= _SHORT:
            yield keys.phone_key(text, self._region)


def meant(text: str, field: str = "", region: str | None = None) -> Iterator[str]:
    """The keys that a cell or a part of it may stand for; of few letters only in a field that says who."""
    for part in {text.removeprefix("'"), *_PARTS.split(text), *_APART.split(text)}:
        if len(part) >= _SHORT or _who(field):
            yield from filter(None, (keys.user_key(part), keys.email_key(part)))
        if sum(letter.isdigit() for letter in part) >= _SHORT:
            yield from filter(None, (keys.phone_key(part, region),))


_SHORT: Final = 6
_PARTS: Final = re.compile(r"[,;\"“”«»<>{}\[\]]+")
_APART: Final = re.compile(r"[\s,;\"'“”«»<>{}\[\]()=&?|\\]+")
_WHO: Final = re.compile(r"id|user|customer|client|mail|phone|tel|key|name", re.IGNORECASE)


def _who(field: str) -> bool:
    return _WHO.search(field) is not None


def _leaves(told: object, field: str) -> Iterator[tuple[str, str]]:
    """Every text and whole number in a JSON value, with the name it stands under; no deeper than a stack."""
    waiting = [(field, told)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(str(key), one) for key, one in value.items()]
            yield from ((name, str(key)) for key in value)
        elif isinstance(value, list | tuple):
            waiting += [(name, one) for one in value]
        elif isinstance(value, str | int) and not isinstance(value, bool):
            yield name, str(value)


CHANNELS: Final = ("email", "sms", "push", "push notification", "whatsapp", "in-app", "in app", "letter")
_STATES: Final = (
    *("queued", "scheduled", "processed", "sent", "delivered", "received", "deferred", "dropped", "bounced"),
    *("soft bounced", "hard bounced", "blocked", "rejected", "failed", "suppressed", "opened"),
    *("proxy opened", "link scanned", "displayed", "shown", "read", "expired"),
)
_SHOPS: Final = ("refunded", "shipped", "fulfilled", "delivered", "dispatched", "updated")
NO_ACTS: Final = frozenset(
    [f"{channel} {state}" for channel in CHANNELS for state in _STATES]
    + [f"order {state}" for state in _SHOPS]
    + ["survey sent", "survey shown", "invoice sent", "call made"]
)
"""Names of events, in small letters, that nobody does of their own accord: what we sent, how it fared, that
it was opened (programs open letters too), what the shop did with an order. A click and an answer are acts."""


def act(name: str) -> bool:
    """Whether an event of this name is an act of its person; what begins with `$` is none."""
    return not name.startswith("$") and " ".join(name.casefold().replace("_", " ").split()) not in NO_ACTS

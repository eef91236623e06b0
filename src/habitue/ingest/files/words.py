"""The words of files (`words.toml`): what columns are called, junk ids, states of orders, months.

A header is compared in small letters without accents or punctuation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from importlib.resources import files
from typing import Final

import msgspec
from msgspec import Struct


class Shape(Struct, frozen=True):
    """A shop's export, known by words of its header; `means` says what some of them mean there."""

    kind: str
    header: frozenset[str]
    means: dict[str, str]


class Words(Struct, frozen=True):
    """What `words.toml` holds; its comments say what each is."""

    junk: frozenset[str]
    refund: frozenset[str]
    cancelled: frozenset[str]
    unsold: frozenset[str]
    others: frozenset[str]
    lined: frozenset[str]
    alone: frozenset[str]
    called: frozenset[str]
    months: list[list[str]]
    aliases: dict[str, str]
    columns: dict[str, list[str]]
    shapes: list[Shape]
    consent: dict[str, dict[str, list[str]]]

    @property
    def phrases(self) -> set[str]:
        """All that a column of a known meaning may be called."""
        return set().union(*self.columns.values())


WORDS: Final = msgspec.toml.decode(
    files("habitue.ingest.files").joinpath("words.toml").read_text("utf-8"), type=Words
)
CONSENT: Final = WORDS.consent
MONTHS: Final = {word: number for number, words in enumerate(WORDS.months, 1) for word in words}

LONGEST: Final = 200

TRAITS: Final = (
    *("email", "first_name", "last_name", "name", "phone", "birthday", "city", "country", "postal_code"),
    *("company", "gender", "language"),
)
"""Standard traits of a customer; other columns become traits under their own header's slug."""

PURCHASE: Final = (
    *("customer", "email", "account_id", "ts", "order_id", "revenue", "line", "quantity", "price", "product"),
    *("sku", "category", "currency", "refunded", "status", "type", "first_name", "last_name", "name"),
    "phone",
)
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "orders": PURCHASE,
    "order-lines": PURCHASE,
    "customers": ("customer", "created", "account_id", *TRAITS),
    "events": ("customer", "email", "account_id", "ts", "event", "order_id", "revenue", "currency"),
}
"""What a column can mean in each kind of file."""

PRODUCT: Final = {
    "product": "name",
    "sku": "sku",
    "category": "category",
    "quantity": "quantity",
    "price": "price",
}
"""Fields of a line and what Segment calls them in `products`."""

NUMBERS: Final = frozenset(
    phrase
    for phrase in WORDS.columns["order_id"]
    if re.search("order|commande", phrase) and phrase not in ("order", "commande")
)
"""What the number of an order is called where not all rows are orders: a ticket is none there."""


def tidy(name: str) -> str:
    """A column's name in NFC, trimmed, blanks made one space, at most 200 characters."""
    return " ".join(unicodedata.normalize("NFC", name).split())[:LONGEST]


def plain(text: str) -> str:
    """Small letters and digits without accents, words parted by one space: `E-mail (pro)` is `e mail pro`."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", " ", bare).strip()


def titled(column: str, ours: Collection[str]) -> str:
    """The property that a column becomes; one called as a property of `ours` gets a number."""
    return f"{column} (2)" if column in ours else column


def path(*names: str) -> str:
    """Names as a rule says them: `props.products.name`, `props["Canal de vente"]`."""
    return names[0] + "".join(_step(name) for name in names[1:])


def _step(name: str) -> str:
    bare = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
    return f".{name}" if bare else f"[{msgspec.json.encode(name).decode()}]"


def slug(text: str) -> str:
    """`Total Spent (€)` as `total_spent`; the text itself where no Latin letter or digit is left."""
    return plain(text).replace(" ", "_") or text.strip()

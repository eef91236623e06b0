"""The words of files: what columns are called in French, in English and in shops' exports; junk ids; months.

A header is compared in small letters without accents or punctuation. For each field the phrases stand in
order of preference; a phrase also matches a header that holds all its words.
"""

from __future__ import annotations

import re
import unicodedata
from importlib.resources import files
from typing import Final

import msgspec

TRAITS: Final = (
    "email", "first_name", "last_name", "name", "phone", "birthday", "city", "country", "postal_code",
    "company", "gender", "language",
)  # fmt: skip
"""Standard traits of a customer; other columns become traits under their own header's slug."""

PURCHASE: Final = (
    "customer", "email", "account_id", "ts", "order_id", "revenue", "line", "quantity", "price", "product", "sku",
    "category", "currency", "refunded", "status", "type", "first_name", "last_name", "phone",
)  # fmt: skip
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "orders": PURCHASE,
    "order-lines": PURCHASE,
    "customers": ("customer", "created", "account_id", *TRAITS),
    "events": ("customer", "email", "account_id", "ts", "event", "revenue", "currency"),
}
"""What a column can mean in each kind of file."""

ALIASES: Final = {
    "e-mail": "email", "amount": "revenue", "total": "revenue", "date": "ts", "time": "ts", "timestamp": "ts", "order": "order_id",
    "user": "customer", "client": "customer", "created_at": "created", "account": "account_id", "qty": "quantity", "item": "product",
}  # fmt: skip
"""Other names that `--map` understands for fields."""

SHAPES: Final[tuple[tuple[frozenset[str], str, dict[str, str]], ...]] = (
    (frozenset({"name", "lineitem name", "financial status"}), "order-lines", {"name": "order_id"}),
    (
        frozenset({"id", "reference", "client", "paiement", "etat"}),
        "orders",
        {"reference": "order_id", "etat": "status"},
    ),
    (frozenset({"id", "created date utc", "amount refunded"}), "orders", {"id": "order_id"}),
    (frozenset({"email address", "optin time", "leid"}), "customers", {"leid": "customer"}),
)
"""Exports whose headers mean something else than usual: Shopify orders, PrestaShop's list, Stripe, Mailchimp."""

LINED: Final = ("lineitem", "product", "produit", "article", "item", "ligne", "line")
"""Headers that begin with one of these describe a line of an order, not the order."""

JUNK: Final = frozenset(
    [
        "null",
        "none",
        "nil",
        "undefined",
        "nan",
        "0",
        "n/a",
        "#n/a",
        "na",
        "-",
        "--",
        "?",
        ".",
        "anonymous",
        "guest",
        "unknown",
        "inconnu",
        "anonyme",
        "[object]",
        "#ref!",
        "#value!",
        "#name?",
        "00000000-0000-0000-0000-000000000000",
    ]
) | {"[object object]", ""}
"""Ids that stand for nobody."""

REFUND: Final = frozenset(
    [
        "refund",
        "refunded",
        "return",
        "returned",
        "remboursement",
        "rembourse",
        "remboursee",
        "avoir",
        "retour",
        "credit",
        "creditnote",
        "chargeback",
    ]
) | {"credit note", "note de credit"}
CANCELLED: Final = frozenset(["cancelled", "canceled", "annule", "annulee", "failed", "echoue", "echouee", "voided", "expired", "expire", "expiree", "abandoned"]) | {
    "erreur de paiement", "payment error", "wc cancelled", "wc failed", "echec",
}  # fmt: skip

_MONTHS = (
    "jan janv", "feb fev févr fevr fév", "mar mars", "apr avr", "may mai", "jun juin", "jul juil", "aug aou août aout aoû",
    "sep sept", "oct", "nov", "dec déc dece déce",
)  # fmt: skip
MONTHS: Final = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
"""The first three or four letters of the months' names."""


def plain(text: str) -> str:
    """Small letters and digits without accents, words parted by one space: `E-mail (pro)` is `e mail pro`."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", " ", bare).strip()


def slug(text: str) -> str:
    """`Total Spent (€)` as `total_spent`; the text itself where no Latin letter or digit is left."""
    return plain(text).replace(" ", "_") or text.strip()


PHRASES: Final[dict[str, list[str]]] = msgspec.toml.decode(
    files("habitue.ingest.files").joinpath("words.toml").read_text("utf-8"), type=dict[str, list[str]]
)
"""What the columns of each field are called (`words.toml`)."""

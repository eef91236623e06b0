"""What the shop « La Théière bleue » sells: teas, coffees and what goes with them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa

from habitue.demo.frame import Floats, Ints
from habitue.demo.words import WORDS

MOST: Final = 6
"""The largest quantity on one order line."""

GIFTS: Final = [category["name"] for category in WORDS["category"]].index("Coffrets")
TASTES: Final[Floats] = np.array([category["share"] for category in WORDS["category"]])
"""How many customers prefer each category."""

SIZES: Final[Ints] = np.array([len(category["products"]) for category in WORDS["category"]])
FIRST: Final[Ints] = np.cumsum(SIZES) - SIZES
"""The first product of each category, as a position among all."""

_ALL: Final = [
    (category["name"], name, Decimal(price))
    for category in WORDS["category"]
    for name, price in category["products"]
]
PRICES: Final[Ints] = np.array([int(price * 100) for _, _, price in _ALL])
"""In cents, VAT included."""


def _card(product: int, **more: int) -> str:
    category, name, price = _ALL[product]
    fields = {"product_id": f"P{product + 1:03}", "name": name, "category": category, "price": float(price)}
    return json.dumps(fields | more, ensure_ascii=False, separators=(",", ":"))


PRODUCTS: Final = pa.array([_card(product) for product in range(len(_ALL))])
"""Each product as a JSON object."""

LINES: Final = pa.array(
    [_card(product, quantity=n) for product in range(len(_ALL)) for n in range(1, MOST + 1)]
)
"""Each product in each quantity as an order line; the one of `n` pieces at `product * MOST + n - 1`."""

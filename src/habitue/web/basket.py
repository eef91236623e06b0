"""Values as senders wrote them, for people: the lines of an order as a list, the rest as plain text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from msgspec import json

from habitue.kernel import money
from habitue.kernel.i18n import N_
from habitue.web.words import Words

_NAMES: Final = ("name", "title", "product", "product_name", "sku", "product_id", "id", "category")
_CODE: Final = re.compile(r"[A-Za-z]{3}")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def basket(lines: Any, words: Words, currency: Any = None) -> list[str] | None:
    """`2 × Mug, €12.00` for each line of an order, priced in the sender's `currency` or else the shop's.

    None for what is no list of such lines.
    """
    code = currency.upper() if isinstance(currency, str) and _CODE.fullmatch(currency) else words.currency
    if not isinstance(lines, list) or not lines:
        return None
    said = [_line(one, words, code) for one in lines]
    return None if None in said else [one for one in said if one]


def plain(value: Any, words: Words) -> str:
    """A value that is no text as JSON; yes and no in words, a day as days are written."""
    if isinstance(value, bool):
        return words.say(N_("yes")) if value else words.say(N_("no"))
    if isinstance(value, str):
        return words.calendar(value) if _DAY.fullmatch(value) else value
    return json.encode(value).decode()


def _line(line: Any, words: Words, code: str) -> str | None:
    if not isinstance(line, Mapping):
        return None
    name = next((str(line[one]) for one in _NAMES if isinstance(line.get(one), str | int)), None)
    if name is None:
        return None
    quantity, price = _number(line.get("quantity")), _number(line.get("price"))
    said = name if quantity is None else f"{words.number(float(quantity))} × {name}"
    return said if price is None else f"{said}, {money.shown(money.minor(price, code), code, words.language)}"


def _number(value: Any) -> Decimal | None:
    """The number that a sender wrote, also as a text; None for none, or one beyond all prices."""
    try:
        number = Decimal(str(value)) if value is not None and not isinstance(value, bool) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() and abs(number) < 10**12 else None

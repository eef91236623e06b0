"""Amounts as people write them → exact millionths, on the distinct texts of a column.

`1 234,56 €`, `€1,234.56`, `1’234.50`, `(12.50)` and `12,50-` are understood. A lone separator before exactly
three digits (`1,234`) can be read two ways: the column's decimal sign decides; all else speaks for itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from babel.core import get_global

from habitue.ingest.files.dates import Ints

Sign = Literal[",", "."]
MILLION: Final = 1_000_000
LIMIT: Final = 10**18
"""10^12 in millionths: larger amounts are mistakes."""

BLANK, UNREAD, ABSURD = 1, 2, 3
"""Why a cell has no amount."""

SYMBOLS: Final = {
    "€": "EUR",
    "$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "US$": "USD",
    "CHF": "CHF",
    "₹": "INR",
    "zł": "PLN",
    "R$": "BRL",
}
_CURRENCIES: Final = frozenset(get_global("all_currencies"))
_SPACES = dict.fromkeys(map(ord, "\u00a0\u202f\u2009 \t'’`_"))
_CODE = re.compile(r"[A-Za-z]{3}|US\$|R\$|[€$£¥₹]|zł")
_NUMBER = re.compile(r"\d+|\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*(?:(?!\1)[.,]\d+)?|\d*[.,]\d+|\d+[.,]")
_PLAIN: Final = (
    r"^-?(?:\d{1,12}|\d{1,3}(?:[ \x{a0}\x{202f}]\d{3}){1,3})(?:[SIGN]\d{1,6})?(?:[ \x{a0}\x{202f}]?€)?$"
)
_LOOSE: Final = r"[ \x{a0}\x{202f}€]"
"""Most amounts are digits, grouped by blanks or not, with or without a euro sign: read all at once by RE2."""
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}\Z")


class Amounts(NamedTuple):
    """Millionths per cell, 0 or why there is none, and the currency code written beside it ("" for none)."""

    micros: Ints
    why: Ints
    currency: pa.Array


def amounts(column: pa.Array, sign: Sign) -> Amounts:
    coded = column.dictionary_encode()
    micros, why, codes = _distinct(coded.dictionary, sign)
    index = coded.indices
    at = index.to_numpy(zero_copy_only=False)
    return Amounts(micros[at], why[at], codes.take(index))


def _distinct(texts: pa.Array, sign: Sign) -> tuple[Ints, Ints, pa.Array]:
    plain = np.asarray(pc.match_substring_regex(texts, _PLAIN.replace("SIGN", sign)))
    bare = pc.replace_substring_regex(texts, _LOOSE, "")
    clean = pc.if_else(pa.array(plain), bare if sign == "." else pc.replace_substring(bare, ",", "."), "0")
    micros, why = _low(clean.cast(pa.decimal128(24, 6))), np.zeros(len(texts), np.int64)
    codes = np.where(np.asarray(pc.match_substring(texts, "€")), "EUR", "").astype(object)
    for i in np.flatnonzero(~plain):
        micros[i], why[i], codes[i] = _one(texts[int(i)].as_py(), sign)
    return micros, why, pa.array(codes, pa.string())


def _low(decimals: pa.Array) -> Ints:
    """The unscaled values of a decimal128 array that all fit 64 bits: the low half of each 16 bytes."""
    halves = np.frombuffer(decimals.buffers()[1], np.int64, 2 * len(decimals), 16 * decimals.offset)
    return halves[::2].copy()


def _one(text: str, sign: Sign) -> tuple[int, int, str]:
    if not text.strip():
        return 0, BLANK, ""
    value, code = read(text, sign)
    if value is None:
        return 0, UNREAD, code
    if abs(value) >= LIMIT // MILLION:
        return 0, ABSURD, code
    return int((value * MILLION).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)), 0, code


def read(text: str, sign: Sign) -> tuple[Decimal | None, str]:
    """The amount that a text means, None if it means none, and the currency written in it."""
    bare = text.translate(_SPACES).replace("−", "-")
    found = _CODE.search(bare)
    code = SYMBOLS.get(found[0], found[0].upper()) if found else ""
    bare = bare.replace(found[0], "", 1) if found else bare
    minus = bare[:1] == "-" or bare[-1:] == "-" or (bare[:1] == "(" and bare[-1:] == ")")
    body = bare.strip("()") if bare[:1] == "(" else bare.removeprefix("-").removeprefix("+").removesuffix("-")
    if len(body) > 40 or not _NUMBER.fullmatch(body) or (code and code not in _CURRENCIES):
        return None, ""
    value = Decimal(_point(body, sign))
    return (-value if minus else value), code


def _point(body: str, sign: Sign) -> str:
    """The digits with a decimal point and nothing else."""
    last = max(body.rfind(","), body.rfind("."))
    if last < 0:
        return body
    other = "." if body[last] == "," else ","
    if other not in body and (body.count(body[last]) > 1 or (_AMBIGUOUS.match(body) and body[last] != sign)):
        return body.replace(body[last], "")
    return body[:last].replace(",", "").replace(".", "") + "." + body[last + 1 :]


def decide(texts: Iterable[str]) -> Sign | None:
    """The decimal sign that a column's texts show; None when each can be read both ways."""
    votes = {",": 0, ".": 0}
    for text in texts:
        body = re.sub(r"[^\d.,]", "", text)
        last = max(body.rfind(","), body.rfind("."))
        if last >= 0 and not _AMBIGUOUS.match(body):
            sign = body[last]
            other = "." if sign == "," else ","
            votes[sign if body.count(sign) == 1 else other] += 1
    if votes[","] == votes["."]:
        return None
    return "," if votes[","] > votes["."] else "."


def whole(micros: Ints, digits: int) -> Ints:
    """Millionths as minor units of a currency with `digits` decimals, half to even."""
    step = 10 ** (6 - digits)
    down, rest = np.divmod(micros, step)
    up = (2 * rest > step) | ((2 * rest == step) & (down % 2 == 1))
    units: Ints = down + up
    return units


def times(micros: Ints, quantity: Ints) -> tuple[Ints, Ints]:
    """Price × quantity, both in millionths, exactly; and 0 or `ABSURD`."""
    if (quantity % MILLION == 0).all() and np.all(
        np.abs(micros.astype(float)) * np.abs(quantity / MILLION) < LIMIT
    ):
        return micros * (quantity // MILLION), np.zeros(len(micros), np.int64)
    products = [
        int(Decimal(int(p) * int(q)).scaleb(-6).quantize(Decimal(1), ROUND_HALF_EVEN))
        for p, q in zip(micros, quantity, strict=True)
    ]
    why = np.array([ABSURD if abs(p) >= LIMIT else 0 for p in products], np.int64)
    return np.array([0 if w else p for p, w in zip(products, why, strict=True)], np.int64), why

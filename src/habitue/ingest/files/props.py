"""Columns of text → the JSON objects of event properties, all rows at once.

A number column gives JSON numbers without needless zeros, a yes/no column true and false, a nested one its
own JSON; a cell that does not fit its column's type stays text, an empty cell gives no property.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.files.dates import Ints
from habitue.ingest.files.money import Sign

Type = Literal["text", "number", "flag", "json"]

NUMBER: Final = r"^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,10})?$"
FLAGS: Final = {"true": "true", "false": "false", "vrai": "true", "faux": "false"}
_SPECIAL: Final = r'["\\\x00-\x1f\x7f]'

encode: Final[Callable[[str], str]] = lambda text: msgspec.json.encode(text).decode()  # noqa: E731


def member(name: str, values: pa.Array) -> pa.Array:
    """`"name":value` for JSON values; null where the value is null."""
    return pc.binary_join_element_wise(encode(name) + ":", values, "")


def joined(members: list[pa.Array], rows: int) -> pa.Array:
    """The members that are not null, in order, parted by commas; the empty text where all are null."""
    if not members:
        return pa.array([""] * rows, pa.string())
    # Arrow leaves out a row in which all are null (26.0), so each row starts with an empty text.
    led = pc.binary_join_element_wise("", *members, ",", null_handling="skip")
    return pc.utf8_ltrim(led, ",")


def objects(members: list[pa.Array], rows: int) -> pa.Array:
    """`{…}` of the members that are not null, in order."""
    return pc.binary_join_element_wise("{", joined(members, rows), "}", "")


def values(column: pa.Array, kind: Type, sign: Sign = ".") -> pa.Array:
    """The JSON value of each cell, null for an empty one."""
    trimmed = pc.utf8_trim_whitespace(column)
    filled = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    if kind == "number":
        return _numbers(filled, sign)
    if kind == "json":
        return filled
    return (
        _distinct(filled, lambda text: FLAGS.get(text.casefold(), encode(text)))
        if kind == "flag"
        else quoted(filled)
    )


def quoted(column: pa.Array) -> pa.Array:
    """JSON strings; nulls stay null."""
    if pc.any(pc.match_substring_regex(column, _SPECIAL)).as_py():
        return _distinct(column, encode)
    return pc.binary_join_element_wise('"', column, '"', "")


def _distinct(column: pa.Array, make: Callable[[str], str]) -> pa.Array:
    coded = column.dictionary_encode()
    return pa.array([make(text) for text in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)


def _numbers(column: pa.Array, sign: Sign) -> pa.Array:
    pointed = pc.replace_substring(column, ",", ".") if sign == "," else column
    fits = pc.match_substring_regex(pointed, NUMBER)
    return pc.if_else(fits, shortest(pointed), quoted(column))


def shortest(numbers: pa.Array) -> pa.Array:
    """Decimal texts without zeros at the end of their fraction."""
    return pc.replace_substring_regex(pc.replace_substring_regex(numbers, r"(\.\d*?)0+$", r"\1"), r"\.$", "")


def scaled(units: Ints, digits: int) -> pa.Array:
    """Whole units with `digits` decimals as JSON numbers: 1250 with 2 is `12.5`."""
    exact = pa.array(units, pa.int64()).cast(pa.decimal128(19, 0))
    if digits:
        exact = pc.multiply(exact, pa.scalar(Decimal(1).scaleb(-digits), pa.decimal128(digits, digits)))
    return shortest(exact.cast(pa.string()))

"""Dates as people write them → instants, on the distinct texts of a column.

A column has one form: year first (ISO), day first, month first, yyyymmdd, seconds or milliseconds since
1970, or Excel's day number. Year first is understood in every column, since it can't be mistaken.
Days are checked against the calendar; a time without a zone is the workspace's; a time that the change
to summer time skips is moved past the gap, and of two equal autumn hours the first is taken.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from habitue.ingest.files.words import MONTHS
from habitue.kernel.i18n import N_

Form = Literal["year-first", "day-first", "month-first", "yyyymmdd", "seconds", "milliseconds", "excel"]
FORMS: Final[tuple[Form, ...]] = (
    "year-first", "day-first", "month-first", "yyyymmdd", "seconds", "milliseconds", "excel",
)  # fmt: skip
WRITTEN: Final[dict[str, str]] = {
    "year-first": N_("year-first"),
    "day-first": N_("day-first"),
    "month-first": N_("month-first"),
    "yyyymmdd": N_("yyyymmdd"),
    "seconds": N_("seconds"),
    "milliseconds": N_("milliseconds"),
    "excel": N_("excel"),
}
"""What dates are written as, by the words that --map takes for it."""

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_TIME = (
    r"(?:(?:[T ,]| à | at )\s*(?P<H>\d{1,2})[:h](?P<M>\d{2})?(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?"
    r"\s*(?P<p>[AaPp]\.?[Mm]\.?)?)?\s*(?P<z>Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?\s*$"
)
_DAY, _MONTH, _YEAR = r"(?P<d>\d{1,2})", r"(?P<m>\d{1,2})", r"(?P<y>\d{4}|\d{2})"
_BETWEEN = r"\s?[-/. ]\s?"
_PATTERNS: Final[dict[str, str]] = {
    "year-first": r"^\s*(?P<y>\d{4})[-/.]" + _MONTH + "[-/.]" + _DAY + _TIME,
    "day-first": r"^\s*" + _DAY + _BETWEEN + _MONTH + _BETWEEN + _YEAR + _TIME,
    "month-first": r"^\s*" + _MONTH + _BETWEEN + _DAY + _BETWEEN + _YEAR + _TIME,
    "yyyymmdd": r"^\s*(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"
    r"(?:T?(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2})?(?P<f>)(?P<p>))?(?P<z>Z)?\s*$",
}
_SCALE: Final[dict[str, int]] = {"seconds": 1_000_000, "milliseconds": 1000, "excel": 86_400_000_000}
_EXCEL_EPOCH: Final = -25_569 * 86_400_000_000
"""Excel's day 0, 1899-12-30, in microseconds."""

_NAMED = re.compile(
    r"(?:(?:\w+\.?,?\s+)?(\d{1,2})(?:er|st|nd|rd|th)?[\s.-]+)?"
    r"([^\W\d]{3,})\.?[\s,.-]+"
    r"(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?(\d{4})"
)
"""A day, a month in letters and a year; or the month first."""

MODERN: Final = 631_152_000_000_000
"""1990-01-01. Any number can be a time; those that would be before are not taken for seconds since 1970."""

MISSING, UNREAD, UNREAL = 1, 2, 3
"""Why a cell has no instant: it is empty, it is not in the column's form, or there is no such day or hour."""


def instants(column: pa.Array, form: str, zone: str) -> tuple[Ints, Ints]:
    """Microseconds UTC per cell, and 0 or why there is none (`MISSING`, `UNREAD`, `UNREAL`)."""
    coded = column.dictionary_encode()
    at, why = _distinct(coded.dictionary, form, zone)
    index = coded.indices.to_numpy(zero_copy_only=False)
    return at[index], why[index]


def _distinct(texts: pa.Array, form: str, zone: str) -> tuple[Ints, Ints]:
    at, why = _number(texts, form, zone) if form in _SCALE else _written(texts, form, zone)
    unread = why == UNREAD
    if unread.any() and form != "year-first":
        again, reason = _written(texts.filter(pa.array(unread)), "year-first", zone)
        at[unread], why[unread] = again, reason
    if (why == UNREAD).any():
        _retry(texts, at, why, zone)
    return at, why


def _retry(texts: pa.Array, at: Ints, why: Ints, zone: str) -> None:
    """Dates with the month in letters; and tell empty cells from unreadable ones."""
    left = np.flatnonzero(why == UNREAD)
    rest = [texts[int(i)].as_py().strip() for i in left]
    at[left], why[left] = _written(pa.array([named(text) for text in rest], pa.string()), "year-first", zone)
    why[left[[not text for text in rest]]] = MISSING


def named(text: str) -> str:
    """`3 mars 2026 14:05` and `March 3, 2026` as `2026-03-03 …`; other text as it is."""
    found = _NAMED.match(text)
    if not found:
        return text
    word = found[2].casefold()
    month, day = MONTHS.get(word[:4]) or MONTHS.get(word[:3]), found[1] or found[3]
    return f"{found[4]}-{month:02}-{int(day):02}{text[found.end() :]}" if month and day else text


def _written(texts: pa.Array, form: str, zone: str) -> tuple[Ints, Ints]:
    parts = pc.extract_regex(texts, _PATTERNS[form])
    read = np.asarray(pc.is_valid(parts))
    if not read.any():
        return np.zeros(len(read), np.int64), np.full(len(read), UNREAD)
    year, month, day = (_whole(parts, name) for name in "ymd")
    year = (
        np.where((year < 100) & (year >= 0), year + np.where(year < 70, 2000, 1900), year)
        if form != "year-first"
        else year
    )
    clock, real = _clock(parts)
    real &= _calendar(year, month, day)
    why = np.where(read, np.where(real, 0, UNREAL), UNREAD)
    local = _days(year, month, day) * 86_400_000_000 + clock
    return _utc(np.where(why == 0, local, 0), parts, zone), why


def _whole(parts: Any, name: str) -> Ints:
    text = pc.struct_field(parts, name)
    filled = pc.if_else(pc.equal(pc.fill_null(text, ""), ""), "0", text)
    return np.asarray(pc.fill_null(filled, "0").cast(pa.int64()))


def _clock(parts: Any) -> tuple[Ints, Bools]:
    """Microseconds into the day, and whether there is such a time; 12-hour clocks understood."""
    hour, minute, second = (_whole(parts, name) for name in "HMS")
    digits = pc.utf8_rpad(
        pc.utf8_slice_codeunits(pc.fill_null(pc.struct_field(parts, "f"), ""), 0, 6), 6, "0"
    )
    half = pc.utf8_lower(pc.utf8_slice_codeunits(pc.fill_null(pc.struct_field(parts, "p"), ""), 0, 1))
    afternoon, morning = np.asarray(pc.equal(half, "p")), np.asarray(pc.equal(half, "a"))
    real = (
        (hour < 24) & (minute < 60) & (second < 60) & ~((afternoon | morning) & ((hour > 12) | (hour == 0)))
    )
    hour = np.where(afternoon & (hour < 12), hour + 12, np.where(morning & (hour == 12), 0, hour))
    fraction = digits.cast(pa.int64()).to_numpy(zero_copy_only=False)
    clock: Ints = ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
    return clock, real


def _calendar(year: Ints, month: Ints, day: Ints) -> Bools:
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    known = (month >= 1) & (month <= 12)
    length = lengths[np.where(known, month, 0)] + ((month == 2) & leap)
    real: Bools = known & (day >= 1) & (day <= length)
    return real


def _days(year: Ints, month: Ints, day: Ints) -> Ints:
    """Days since 1970-01-01 in the Gregorian calendar (Hinnant's days-from-civil)."""
    y = year - (month <= 2)
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    days: Ints = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return days


def _utc(local: Ints, parts: Any, zone: str) -> Ints:
    mark = pc.fill_null(pc.struct_field(parts, "z"), "")
    naive = np.asarray(pc.equal(mark, ""))
    at = local - _offset(mark) if not naive.all() else local
    return np.where(naive, zoned(local, zone), at)


def zoned(local: Ints, zone: str) -> Ints:
    """Wall-clock microseconds in `zone` as UTC."""
    naive = pa.array(local, pa.timestamp("us"))
    aware = pc.assume_timezone(naive, zone, ambiguous="earliest", nonexistent="latest")
    return np.array(aware.cast(pa.int64()))


def _offset(mark: pa.Array) -> Ints:
    parts = pc.extract_regex(mark, r"^(?P<s>[+-])(?P<h>\d{2}):?(?P<m>\d{2})?$")
    minutes = _whole(parts, "h") * 60 + _whole(parts, "m")
    minus = np.asarray(pc.fill_null(pc.equal(pc.struct_field(parts, "s"), "-"), False))
    return np.where(minus, -minutes, minutes) * 60_000_000


def _number(texts: pa.Array, form: str, zone: str) -> tuple[Ints, Ints]:
    plain = pc.replace_substring_regex(
        pc.utf8_trim_whitespace(texts), r"^(\d{1,14})[.,](\d{1,9})\d*$", r"\1.\2"
    )
    good = np.asarray(pc.match_substring_regex(plain, r"^\d{1,14}(?:\.\d{1,9})?$"))
    value = pc.if_else(pa.array(good), plain, "0").cast(pa.float64()).to_numpy(zero_copy_only=False)
    real = value * _SCALE[form] < 4e17
    at = np.rint(np.where(real, value * _SCALE[form], 0)).astype(np.int64)
    if form == "excel":
        # A day number is a wall clock; its fraction is only good to the millisecond.
        at = zoned((at + 500) // 1000 * 1000 + _EXCEL_EPOCH, zone)
    else:
        good &= ~real | (at >= MODERN)
    return at, np.where(good, np.where(real, 0, UNREAL), UNREAD)

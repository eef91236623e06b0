"""What a template may do to a value: few things, each with an end. And what is done to values in some places.

Those whose names begin with `_` are put in by us (`places`): a template can't name them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date as day
from datetime import datetime
from decimal import Decimal, DecimalException
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal
from liquid import Markup, RenderContext
from liquid.builtin.filters import array, misc, string
from liquid.builtin.filters import math as sums
from liquid.exceptions import LiquidValueError
from liquid.filter import with_context
from liquid.undefined import is_undefined

from habitue.kernel.i18n import N_, dated
from habitue.templates.fault import Unfit

LONG: Final = 64 << 10
"""Characters of a value, in and out."""
MANY: Final = 1_000
"""Members of a list."""
_LARGE: Final = 10**15
_DATES: Final = ("short", "medium", "long", "full", "time", "weekday")
_PATTERN: Final = re.compile(r"[yMdEHhmas :.,/'’-]{1,40}")
_LINK: Final = re.compile(r"(?i:https?)://[^\s<>\"'\\]+|(?i:mailto|tel):[^\s<>\"'\\]+")
_HOST: Final = re.compile(r"[\w.-]{1,253}(:\d{1,5})?")
_STYLE: Final = re.compile(r"[\w #.,%+-]{0,100}|(rgb|rgba|hsl|hsla)\([\d\s.,%/]{1,60}\)")


def _sized(value: object) -> object:
    """The value; raises where it is larger than anything that a mail says."""
    if isinstance(value, str):
        if len(value) > LONG:
            raise _large()
        return value
    if isinstance(value, (range, list, tuple)) and len(value) > MANY:
        raise _large()
    if isinstance(value, int) and not -_LARGE < value < _LARGE:
        raise _large()
    return value


def _large() -> Unfit:
    return Unfit("limit", N_("A value is too long to be put into a message."))


def capped(filter_: Callable[..., object]) -> Callable[..., object]:
    """The filter, whose values and arguments are of a size that has an end; what it makes as well."""

    def run(value: object, *given: object, **named: object) -> object:
        _sized(value)
        for one in given:
            _sized(one)
        return _sized(filter_(value, *given, **named))

    for name in ("with_context", "with_environment"):
        if getattr(filter_, name, False):
            setattr(run, name, True)
    return run


# --- those that could make much of little, measured before they do -------------------------------


def _replace(value: object, old: object, new: object = "") -> object:
    text, seek, put = (str(one) if not isinstance(one, str) else one for one in (value, old, new))
    if not seek:
        return value
    _room(len(text) + text.count(seek) * len(put))
    return string.replace(value, old, new)


def _join(value: Sequence[object], between: object = " ") -> object:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return value
    members = [_sized(one) for one in value]
    _room(sum(len(str(one)) for one in members) + len(members) * len(str(between)))
    return array.join(members, between)


def _split(value: object, at: object = " ") -> object:
    text, seek = str(value), str(at)
    if not seek or text.count(seek) >= MANY:
        raise _large()
    return string.split(value, at)


def _room(length: int) -> None:
    if length > LONG:
        raise _large()


def _times(value: Any, by: Any) -> object:
    return _finite(sums.times(value, by))


def _divided(value: Any, by: Any) -> object:
    return _finite(sums.divided_by(value, by))


def _rounded(value: Any, digits: Any = 0) -> object:
    if not isinstance(digits, int) or not 0 <= digits <= 6:
        raise LiquidValueError("round: 0 to 6 digits", token=None)
    return sums.round_(value, digits)


def _finite(value: Any) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        raise _large()
    return value


# --- dates, numbers and money, as the template's language writes them -----------------------------


@with_context
def _date(value: object, form: object = "long", *, context: RenderContext) -> str:
    """`date`: 3 March 2026. `date: "short"`, `medium`, `full`, `time`, `weekday`, or letters: `"d MMMM"`."""
    if form not in _DATES and not _PATTERN.fullmatch(str(form)):
        raise LiquidValueError(f"date: {form}", token=None)
    return _dated(_moment(value, context), str(form), _language(context))


@lru_cache(1024)
def _dated(at: datetime, form: str, language: str) -> str:
    if form == "time":
        return str(format_time(at, "short", locale=language))
    if form in ("short", "medium", "long", "full"):
        return dated(
            str(format_date(at, form, locale=language)), at.day, "fr" if language[:2] == "fr" else "en"
        )
    return str(format_datetime(at, "EEEE" if form == "weekday" else form, locale=language))


def _moment(value: object, context: RenderContext) -> datetime:
    """An ISO date or instant, on the shop's clock."""
    zone = str(context.get(["shop", "timezone"], token=None, default="UTC"))
    try:
        if isinstance(value, str) and len(value) <= 40:
            found = datetime.fromisoformat(value.strip())
        elif isinstance(value, datetime):
            found = value
        elif isinstance(value, day):
            found = datetime(value.year, value.month, value.day)
        else:
            raise TypeError(type(value).__name__)
        return found.astimezone(ZoneInfo(zone)) if found.tzinfo else found
    except (ValueError, TypeError, OverflowError, KeyError) as error:
        raise Unfit("value", N_("“{value}” is not a date."), value=str(value)[:40]) from error


@with_context
def _money(value: object, currency: object = None, *, context: RenderContext) -> str:
    code = (
        currency
        if isinstance(currency, str)
        else context.get(["shop", "currency"], token=None, default="EUR")
    )
    if not re.fullmatch(r"[A-Z]{3}", str(code)):
        raise Unfit("value", N_("“{value}” is no currency."), value=str(code)[:40])
    return _priced(_number_of(value), str(code), _language(context))


@lru_cache(8192)
def _priced(value: Decimal, code: str, language: str) -> str:
    return str(format_currency(value, code, locale=language))


@with_context
def _number(value: object, *, context: RenderContext) -> str:
    return _grouped(_number_of(value), _language(context))


@lru_cache(8192)
def _grouped(value: Decimal, language: str) -> str:
    return str(format_decimal(value, locale=language))


def _number_of(value: object) -> Decimal:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise TypeError(type(value).__name__)
        found = Decimal(str(value)[:40])
    except (DecimalException, TypeError) as error:
        raise Unfit("value", N_("“{value}” is not a number."), value=str(value)[:40]) from error
    if not found.is_finite() or abs(found) > _LARGE:
        raise Unfit("value", N_("“{value}” is not a number."), value=str(value)[:40])
    return found


def _language(context: RenderContext) -> str:
    return str(getattr(context.env, "language", "en")).replace("-", "_")


# --- in places where a text could be more than a text ---------------------------------------------


def link(value: object) -> object:
    """A whole address: only what a mail may link to. Nothing stays nothing."""
    return _linked(_plain(value).strip())


@lru_cache(8192)
def _linked(text: str) -> str:
    if text and not _LINK.fullmatch(text):
        raise Unfit("value", N_("“{value}” is no web address."), value=text[:80])
    if text.lower().startswith("http") and not urlsplit(text).hostname:
        raise Unfit("value", N_("“{value}” is no web address."), value=text[:80])
    return text


def _plain(value: object) -> str:
    """What the value says; what was made ready for HTML is escaped again where it is put out."""
    return str(value.unescape()) if isinstance(value, Markup) else str(value)


def host(value: object) -> object:
    """The part of an address that says whose it is."""
    if not _HOST.fullmatch(str(value)):
        raise Unfit("value", N_("“{value}” is no web address."), value=str(value)[:80])
    return value


def path(value: object) -> str:
    """A part of an address before its `?`."""
    return quote(_plain(value), safe="/%", errors="replace")


def query(value: object) -> str:
    """A part of an address after its `?`: it begins no other part."""
    return quote(_plain(value), safe="", errors="replace")


def style(value: object) -> object:
    """A colour, a size or a font's name."""
    if not _STYLE.fullmatch(str(value)):
        raise Unfit("value", N_("“{value}” is no colour or size."), value=str(value)[:80])
    return value


def _blank(guard: Callable[[object], object]) -> Callable[[object], object]:
    """The guard; what is missing is told by the place that puts it out, which knows its name."""

    def run(value: object) -> object:
        return value if is_undefined(value) or value is None or value == "" else guard(value)

    return run


GUARDS: Final[Mapping[str, Callable[..., object]]] = {
    "_link": _blank(link),
    "_host": _blank(host),
    "_path": _blank(path),
    "_query": _blank(query),
    "_style": _blank(style),
}

OWN: Final[Mapping[str, Callable[..., object]]] = {
    "abs": sums.abs_,
    "append": string.append,
    "at_least": sums.at_least,
    "at_most": sums.at_most,
    "capitalize": string.capitalize,
    "ceil": sums.ceil,
    "date": _date,
    "default": misc.default,
    "divided_by": _divided,
    "downcase": string.downcase,
    "first": array.first,
    "floor": sums.floor,
    "join": _join,
    "last": array.last,
    "map": array.map_,
    "minus": sums.minus,
    "modulo": sums.modulo,
    "money": _money,
    "newline_to_br": string.newline_to_br,
    "number": _number,
    "plus": sums.plus,
    "prepend": string.prepend,
    "remove": lambda value, old: _replace(value, old, ""),
    "replace": _replace,
    "reverse": array.reverse,
    "round": _rounded,
    "size": misc.size,
    "slice": string.slice_,
    "sort": array.sort,
    "split": _split,
    "strip": string.strip,
    "strip_html": string.strip_html,
    "strip_newlines": string.strip_newlines,
    "times": _times,
    "truncate": string.truncate,
    "truncatewords": string.truncatewords,
    "uniq": array.uniq,
    "upcase": string.upcase,
    "url_encode": string.url_encode,
    "where": array.where,
}
"""By the names that people know from shops' own templates."""

"""How one reader is spoken to: their language, numbers and dates as they write them, the shop's time zone."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias

from babel.dates import (
    format_date,
    format_datetime,
    format_interval,
    format_skeleton,
    format_time,
    format_timedelta,
    get_date_format,
    get_datetime_format,
    get_time_format,
)
from babel.numbers import format_compact_decimal, format_decimal, format_percent
from babel.units import format_unit

from habitue.kernel import clock, money
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_, Language, dated, translator
from habitue.kernel.period import Period
from habitue.people import motives, terms
from habitue.people.events import called

Day: TypeAlias = date

_ONE: Final = re.compile(r"(?<!\d)1(?!\d)")
"""The day of a month that French has as an ordinal."""

MINUS: Final = "\N{MINUS SIGN}"
FEW: Final = 10
"""Beside fewer than that, a change is no share: one more of three is “▲ 33%”, and means nothing."""


class Words:
    """Says numbers, money and time to one reader; `say` translates a message."""

    def __init__(self, language: Language, zone: str, currency: str) -> None:
        self.language = language
        self.zone = zone
        self.currency = currency
        self.say = translator(language)

    def number(self, n: float) -> str:
        """`12 345` in French, `12,345` in English; at most one decimal."""
        return str(format_decimal(n, format="#,##0.#", locale=self.language))

    def short(self, n: float) -> str:
        """`12 k` in French, `12K` in English: for where there is little room."""
        return str(format_compact_decimal(n, locale=self.language, fraction_digits=1))

    def signed(self, n: int) -> str:
        """`+12` or `−12`."""
        return ("+" if n > 0 else MINUS if n < 0 else "") + self.number(abs(n))

    def percent(self, share: float, format: str = "#,##0.0%") -> str:  # noqa: A002  Babel's own word
        """`3,1 %` of 0.031, always with one decimal; what is more than nothing is never said to be `0 %`."""
        pattern = format.replace("%", "\N{NARROW NO-BREAK SPACE}%") if self.language == "fr" else format
        least = 0 < share < 0.0005
        said = str(format_percent(0.001 if least else share, format=pattern, locale=self.language))
        return f"<\N{NARROW NO-BREAK SPACE}{said}" if least else said

    def change(self, n: int, before: int) -> str | None:
        """`▲ 3.1%`, `▲ × 27` where that is tenfold or more; None beside so few that it says nothing."""
        if before < FEW:
            return None
        if n >= 10 * before:
            return f"▲ ×\N{NARROW NO-BREAK SPACE}{self.number(round(n / before))}"
        arrow = "▲" if n > before else "▼" if n < before else "="
        return f"{arrow} {self.percent(abs(n - before) / before)}"

    def points(self, gap: float) -> str:
        """`+1.2 pt`, `−0,3 pt`: how far two shares are apart, in points of a hundred."""
        n = round(100 * gap, 1)
        said = ("+" if n > 0 else MINUS if n < 0 else "") + self.number(abs(n))
        return self.say(N_("{points} pt"), points=said)

    def money(self, units: int) -> str:
        """`12 345,60 €` of 1234560 cents."""
        return money.shown(units, self.currency, self.language)

    def gain(self, units: float) -> str:
        """`+12,00 €` or `−12,00 €`: by how much amounts are apart."""
        n = round(units)
        return ("+" if n > 0 else MINUS if n < 0 else "") + self.money(abs(n))

    def days(self, days: float, length: Literal["long", "short"] = "long") -> str:
        """`92 days`, or `6 hours` where it is less than a day; `short`, in French, `92 j`."""
        if days == 0 and length == "long":
            return self.say(N_("less than a day"))
        unit, n = ("duration-hour", days * 24) if 0 < days < 1 else ("duration-day", days or 1)
        said = str(format_unit(round(n), unit, length, locale=self.language))
        return said if days else f"<\N{NARROW NO-BREAK SPACE}{said}"

    def date(self, at: Micros | None) -> str:
        """`22 nov. 2026`; a dash for never."""
        if at is None:
            return "–"
        return self._dated(str(format_date(self._moment(at), "medium", self.language)), at)

    def near(self, at: Micros, other: Micros) -> str:
        """`22 nov.` beside another instant of that year, else with the year."""
        if self._moment(at).year != self._moment(other).year:
            return self.date(at)
        return self._dated(str(format_skeleton("MMMd", self._moment(at), locale=self.language)), at)

    def calendar(self, text: str) -> str:
        """`7 mars 1980` of `1980-03-07`; what is no such day stays as it is."""
        try:
            return str(format_date(date.fromisoformat(text), "medium", self.language))
        except ValueError:
            return text

    def size(self, n: int) -> str:
        """`1,2 Mo` in French, `1.2 MB` in English."""
        unit, amount = ("megabyte", n / 1e6) if n >= 1e6 else ("kilobyte", max(n / 1e3, 1))
        return str(format_unit(round(amount, 1), f"digital-{unit}", "short", locale=self.language))

    def day(self, at: Micros) -> str:
        """`2026-11-22`: for fields that take a day."""
        return self._moment(at).date().isoformat()

    def time(self, at: Micros) -> str:
        """`22 nov. 2026, 14:48`."""
        join = str(get_datetime_format("medium", self.language))
        day, hour = get_date_format("medium", self.language), get_time_format("short", self.language)
        form = join.replace("{1}", day.pattern).replace("{0}", hour.pattern)
        return self._dated(str(format_datetime(self._moment(at), form, locale=self.language)), at)

    def hour(self, at: Micros) -> str:
        """`14:48` in French, `2:48 PM` in English."""
        return str(format_time(self._moment(at), "short", locale=self.language))

    def month(self, day: Day, form: str = "LLLL y") -> str:
        """`novembre 2026` of any of its days."""
        return str(format_date(day, form, self.language))

    def period(self, period: Period, form: str = "LLLL y") -> str:
        """`novembre 2026` of a month, in that form; `janv.–mars 2026` of others, `3–17 avr. 2026`."""
        first, last = period.first, period.last
        if period.months == 1:
            return self.month(first, form)
        if period.months:
            return str(format_interval(first, last, "yMMM", locale=self.language))
        if first == last:
            said = format_date(first, "medium", self.language)
        else:
            said = format_interval(first, last, "yMMMd", locale=self.language)
        return _ONE.sub("1er", str(said)) if self.language == "fr" else str(said)

    def ago(self, at: Micros, now: Micros) -> str:
        """`12 s ago`, `il y a 12 s`."""
        length = timedelta(microseconds=at - now) or timedelta(seconds=-1)
        return str(format_timedelta(length, add_direction=True, format="short", locale=self.language))

    def event(self, name: str) -> str:
        """An event's own name; one of ours in words."""
        return self.say(called(name))

    def happened(self, name: str) -> str:
        """What an event is called in words, a sender's standard one too."""
        return self.say(terms.event(name))

    def trait(self, name: str) -> str:
        """What a trait is called in words; where nobody knows, its own name."""
        return self.say(terms.trait(name))

    def prop(self, name: str) -> str:
        """What a property of an event is called in words; where nobody knows, its own name."""
        return self.say(terms.prop(name))

    def motive(self, why: str) -> str:
        """Why somebody merged two keys; where it is a sentence of ours, in this reader's language."""
        return motives.told(why, self.say)

    def _dated(self, said: str, at: Micros) -> str:
        return dated(said, self._moment(at).day, self.language)

    def _moment(self, at: Micros) -> datetime:
        return clock.moment(at, self.zone)

"""Plain values in one language: numbers, money, lengths of time, quotations, lists."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from babel import Locale
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit

from habitue.kernel.clock import DAY, HOUR, MINUTE
from habitue.kernel.i18n import N_, Language, translator


class Spoken:
    """Says values as one language writes them."""

    def __init__(self, language: Language, currency: str | None) -> None:
        self.t = translator(language)
        self.language = language
        self.currency = currency

    def value(self, value: Any) -> str:
        if isinstance(value, bool):
            return self.t(N_("true")) if value else self.t(N_("false"))
        return self.quoted(value) if isinstance(value, str) else self.number(value)

    def number(self, value: float) -> str:
        return str(format_decimal(Decimal(str(value)), locale=self.language, decimal_quantization=False))

    def amount(self, value: float) -> str:
        """Money in the workspace's currency, without cents where there are none, never rounded."""
        if self.currency is None:
            return self.number(value)
        whole = value == int(value)
        pattern = Locale(self.language).currency_formats["standard"].pattern
        return str(
            format_currency(
                Decimal(str(value)),
                self.currency,
                pattern.replace("0.00", "0") if whole else None,
                self.language,
                currency_digits=not whole,
                decimal_quantization=False,
            )
        )

    def length(self, length: int) -> str:
        """`90 days`, `24 hours`, `30 minutes`."""
        name, size = unit(length)
        return str(format_unit(length // size, f"duration-{name}", "long", locale=self.language))

    def quoted(self, text: str) -> str:
        return self.t(N_("“{text}”"), text=text)

    def joined(self, items: list[str], style: Literal["standard", "or"]) -> str:
        return str(format_list(items, style, locale=self.language))


def unit(length: int) -> tuple[str, int]:
    """The largest unit that comes out even; one day is 24 hours."""
    if length % DAY == 0 and length > DAY:
        return "day", DAY
    return ("hour", HOUR) if length % HOUR == 0 else ("minute", MINUTE)

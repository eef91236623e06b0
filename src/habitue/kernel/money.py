"""Money is a whole number of minor units (cents) with a currency; never a binary float."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from babel.core import get_global
from babel.numbers import format_currency

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Language


def currency(code: str) -> str:
    """The ISO 4217 code in capitals; raises `UserError` for a code that is none."""
    capital = code.strip().upper()
    if capital not in get_global("all_currencies"):
        raise UserError(
            N_("“{code}” is not a currency. Write its three-letter code, such as EUR or USD."), code=code
        )
    return capital


def digits(code: str) -> int:
    """How many decimals the currency has: 2 for EUR, 0 for JPY, 3 for TND (ISO 4217)."""
    fractions = get_global("currency_fractions")
    return int(fractions.get(code, fractions["DEFAULT"])[0])


def minor(amount: Decimal, code: str) -> int:
    """The amount in minor units, half to even: 12.34 EUR is 1234."""
    return int((amount * 10 ** digits(code)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def major(units: int, code: str) -> Decimal:
    """The amount in major units: 1234 cents is 12.34."""
    return Decimal(units).scaleb(-digits(code))


def shown(units: int, code: str, language: Language) -> str:
    """The amount as people write it in that language: `12 345,60 €`, `€12,345.60`."""
    return str(format_currency(major(units, code), code, locale=language))

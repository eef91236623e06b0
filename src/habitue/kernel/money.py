"""Money is a whole number of minor units (cents) with a currency; never a binary float."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

from babel.core import get_global
from babel.numbers import format_currency

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Language

FINE: Final = 100
"""What a message costs is kept in hundredths of the minor unit: an e-mail costs less than one."""
MOST: Final = 10**9


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


def fine(text: str, code: str) -> int | None:
    """An amount as it is written, “0.0075”, in hundredths of a minor unit; None for what is none."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    if not (amount.is_finite() and 0 <= amount < MOST):
        return None
    return int((amount * FINE * 10 ** digits(code)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def written(fine: int, code: str) -> str:
    """Hundredths of minor units as `fine` reads them."""
    return f"{Decimal(fine) / (FINE * 10 ** digits(code)):f}"


def whole(fine: int) -> int:
    """Hundredths of minor units in minor units, none lost: what costs anything is never shown as nothing."""
    return -(-fine // FINE)


def shown(units: int, code: str, language: Language) -> str:
    """The amount as people write it in that language: `12 345,60 €`, `€12,345.60`."""
    return str(format_currency(major(units, code), code, locale=language))

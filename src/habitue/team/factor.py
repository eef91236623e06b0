"""The second factor: six digits that change every half minute (TOTP, RFC 6238), each taken once."""

from __future__ import annotations

import re
from typing import Final

import pyotp

from habitue.kernel.clock import SECOND, Micros

PERIOD: Final = 30
_ISSUER: Final = "Habitué"
_SECRET: Final = re.compile(r"[A-Z2-7]{32}")


def made() -> str:
    """A new secret, in the letters that people type into an app where they can't scan it."""
    return pyotp.random_base32(32)


def sound(secret: str) -> bool:
    """Whether it is one as `made` makes them."""
    return _SECRET.fullmatch(secret) is not None


def address(secret: str, email: str) -> str:
    """What an app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)


def step(secret: str, code: str, now: Micros) -> int | None:
    """The half minute that the code is of, this one or one beside it; None where it is of none."""
    if not sound(secret):
        return None
    this, told = now // SECOND // PERIOD, "".join(code.split())
    totp = pyotp.TOTP(secret, interval=PERIOD)
    found = [one for one in (this, this - 1, this + 1) if totp.verify(told, for_time=one * PERIOD)]
    return found[0] if found else None

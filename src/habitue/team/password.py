"""Passwords: kept as argon2id, which takes an attacker 19 MiB and a moment for each guess.

Any 8 characters or more will do but those that everybody tries first (NIST SP 800-63B; OWASP ASVS 6.2).
"""

from __future__ import annotations

from functools import cache
from typing import Final
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

SHORTEST: Final = 8
LONGEST: Final = 256

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hashed(password: str, *names: str) -> str:
    """The password as it is kept. Raises `UserError` for one that is guessed too soon.

    `names` are those of whose it is: a password is none of them.
    """
    text = _plain(password)
    if len(text) < SHORTEST:
        raise UserError(N_("The password is too short: {least} characters at least."), least=SHORTEST)
    if len(text) > LONGEST:
        raise UserError(N_("The password is too long: {most} characters at most."), most=LONGEST)
    if text.casefold() in _common() or text.casefold() in {_plain(name).casefold() for name in names}:
        raise UserError(N_("This password is among the first that anybody tries. Choose another."))
    return _HASHER.hash(text)


def right(kept: str | None, password: str) -> bool:
    """Whether it is the password; where none is kept it takes as long to say no."""
    try:
        _HASHER.verify(kept or _nobody(), _plain(password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")


@cache
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415  large, and rarely asked

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST)


def _plain(password: str) -> str:
    return normalize("NFC", password)

"""How a person is called: `user:c-001` where a source numbers its customers, else `email:a@b.fr`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from unicodedata import normalize

import phonenumbers

from habitue.kernel import machine


def bare(key: str) -> str:
    """The name as the source gave it, without its kind."""
    return key.partition(":")[2] or key


def spoken(name: str) -> tuple[str, ...]:
    """The keys that somebody who types this name may mean, the likeliest first."""
    plain = " ".join(name.split())
    folded = plain.casefold()
    kind, _, rest = folded.partition(":")
    ways = (
        *((folded,) if kind in KINDS else ()),
        *((f"email:{rest}",) if kind == "user" else ()),
        f"user:{folded}",
        f"email:{folded}",
        f"user:{plain}",
        f"phone:{''.join(name.split())}",
        f"anon:{plain}",
    )
    return tuple(dict.fromkeys((name, plain, *ways)))


KINDS: Final = frozenset(("user", "email", "phone"))
"""The kinds of keys that are matched in folded case."""

LONGEST: Final = 256
"""The most characters of an id."""

EMAIL: Final = re.compile(r"[^@\s,;<>()]{1,64}@[^@\s,;<>()]+\.[^@\s,;<>().]{2,}")
_TELLING: Final = re.compile(r"[^\W_0]|[^\x00-\x7f]")
"""A letter, a digit but zero, a sign of some script: without one it names nobody, like a UUID of zeros."""

_JOINERS: Final = re.compile(r"[\u200c\u200d]")
"""What joins letters and pictures is part of them; nothing else that can't be seen is part of an id."""

JUNK: Final = frozenset(
    ("undefined", "null", "none", "nil", "nan", "n/a", "na", "anonymous", "guest", "unknown", "test")
) | {"true", "false", "[object object]", "-1"}
"""What programs and people write where they know no id."""


_WORD: Final = max(map(len, JUNK))
_IDS: Final = (str, int)

_KNOWN: Final = min(1 << 16, machine.memory() >> 16)
"""So many names that came last are not looked at anew; each takes a third of a kilobyte."""


def junk(text: str) -> bool:
    """Whether this names nobody: a word of `JUNK`, or nothing but zeros and signs."""
    trimmed = text.strip()
    return (len(trimmed) <= _WORD and trimmed.casefold() in JUNK) or not _TELLING.search(trimmed)


def folded(text: str) -> str:
    """An id as it is matched: in NFC and folded case, trimmed, inner blanks made one space."""
    if text.isascii():
        return (" ".join(text.split()) if " " in text or not text.isprintable() else text).casefold()
    return normalize("NFC", " ".join(normalize("NFC", text).split()).casefold())


def user_key(told: object) -> str | None:
    """`user:…` for a text or a whole number that names somebody, None for what doesn't.

    An id that is an e-mail address is that address's key, in a file as in a call.
    """
    return _user(told) if isinstance(told, _IDS) else None


@lru_cache(maxsize=_KNOWN, typed=True)
def _user(told: str | int) -> str | None:
    text = _plain(told)
    if text is None:
        return None
    same = folded(text)
    return f"email:{same}" if "@" in same and EMAIL.fullmatch(same) else f"user:{same}"


def anon_key(told: object) -> str | None:
    """`anon:…`: ids that a device made up; they are told apart by case too."""
    return _anon(told) if isinstance(told, _IDS) else None


@lru_cache(maxsize=_KNOWN, typed=True)
def _anon(told: str | int) -> str | None:
    text = _plain(told)
    return None if text is None else f"anon:{text}"


def account_key(told: object) -> str | None:
    text = _plain(told)
    return None if text is None else f"account:{folded(text)}"


def email_key(told: object) -> str | None:
    """`email:…` of an address, in small letters; None for what is none."""
    if not isinstance(told, str) or len(told) > LONGEST:
        return None
    text = folded(told).removeprefix("mailto:")
    return f"email:{text}" if EMAIL.fullmatch(text) else None


def phone_key(told: object, region: str | None) -> str | None:
    """`phone:+33…` (E.164) of a number that can exist; one without a country's prefix is of `region`."""
    if not isinstance(told, str) or len(told) > 40:
        return None
    try:
        number = phonenumbers.parse(told, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return "phone:" + phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _plain(told: object) -> str | None:
    """The id in NFC, trimmed, inner blanks made one; None for what names nobody or is too long."""
    if isinstance(told, str):
        if len(told) > LONGEST:
            return None
        if told.isascii() and told.isprintable():
            text = " ".join(told.split()) if " " in told else told
        else:
            text = " ".join(normalize("NFC", told).split())
            if not text.isprintable() and not _JOINERS.sub("", text).isprintable():
                return None
    elif isinstance(told, int) and not isinstance(told, bool) and told.bit_length() < 128:
        text = str(told)
    else:
        return None
    return None if junk(text) else text

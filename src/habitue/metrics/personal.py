"""Which properties hold personal data: told by what they are called and by what their values look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Final, Literal

from habitue.kernel.i18n import N_

Kind = Literal["email", "phone", "name", "address", "birth", "ip", "card", "iban"]

SAID: Final[dict[Kind, str]] = {
    "email": N_("e-mail address"),
    "phone": N_("phone number"),
    "name": N_("name of a person"),
    "address": N_("postal address"),
    "birth": N_("date of birth"),
    "ip": N_("IP address"),
    "card": N_("card number"),
    "iban": N_("bank account"),
}
_WORDS: Final[dict[Kind, str]] = {
    "email": "e_?mails?|mail|courriel",
    "phone": "phones?|phone_number|telephone|tel|mobile|portable|gsm|fax",
    "name": "(first|last|full|given|family|middle|maiden|nick|sur|user)_?name|surname|prenom|nom",
    "address": "address|adresse|street|rue|postal_?code|postcode|zip|zip_?code|code_postal",
    "birth": "birth_?(day|date)?|date_of_birth|dob|date_naissance|naissance",
    "ip": "ip|ip_?address|adresse_ip",
    "card": "card_?number|credit_?card|pan|cvv|cvc|numero_carte",
    "iban": "iban|bic|rib",
}
_NAMES: Final = {kind: re.compile(rf"(^|_)({words})(_|$)") for kind, words in _WORDS.items()}
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_EMAIL: Final = re.compile(r"[^\s@/?&=:<>]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}", re.IGNORECASE)
_PHONE: Final = re.compile(r"\+[1-9][0-9]{7,14}|0[1-9]([0-9]{2}){4}")
_IPV4: Final = re.compile(r"((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}")
_IPV6: Final = re.compile(r"(?=.*:.*:)([0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}", re.IGNORECASE)
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_CARD: Final = re.compile(r"[3-6][0-9]{12,18}")
_ADDRESS: Final = re.compile(
    r"\d{1,4}( ?(bis|ter))?,? +(rue|avenue|av\.|boulevard|bd|place|chemin|allée|impasse|quai)\b.*"
    r"|\d{1,5} +[A-Z][\w'. -]* +(street|st|road|rd|avenue|ave|lane|drive)\b.*",
    re.IGNORECASE,
)


def called(path: str) -> Kind | None:
    """What a property is by its name: the last part, or the one before it where the last says nothing."""
    parts = [_CAMEL.sub("_", part).lower().replace("-", "_") for part in path.split(".")[-2:]]
    for part in reversed(parts):
        for kind, pattern in _NAMES.items():
            if pattern.search(part):
                return kind
    return None


def looks(values: Collection[str]) -> Kind | None:
    """What texts are by their look.

    One e-mail address or IBAN in fifty is enough; what other numbers and words may look like by chance must
    be at least half of them.
    """
    if not values:
        return None
    for kind, share, test in _LOOKS:
        if sum(map(test, values)) >= max(1, share * len(values)):
            return kind
    return None


def _iban(text: str) -> bool:
    """Whether the check digits are right (ISO 13616: the number, its first four last, is 1 modulo 97)."""
    plain = text.replace(" ", "").upper()
    return bool(_IBAN.fullmatch(plain)) and int("".join(_digits(plain[4:] + plain[:4]))) % 97 == 1


def _digits(text: str) -> Iterator[str]:
    return (str(int(letter, 36)) for letter in text if letter.isascii())


def _card(text: str) -> bool:
    """Whether the check digit is right (ISO/IEC 7812, Luhn's: every second digit doubled)."""
    plain = re.sub("[ -]", "", text)
    if not _CARD.fullmatch(plain):
        return False
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(plain)))
    return sum(n // 10 + n % 10 for n in doubled) % 10 == 0


def _phone(text: str) -> bool:
    return bool(_PHONE.fullmatch(re.sub(r"[ .()/-]", "", text)))


def _ip(text: str) -> bool:
    return bool(_IPV4.fullmatch(text) or _IPV6.fullmatch(text))


_LOOKS: Final[tuple[tuple[Kind, float, Callable[[str], bool]], ...]] = (
    ("email", 0.02, lambda text: bool(_EMAIL.search(text))),
    ("iban", 0.02, _iban),
    ("card", 0.5, _card),
    ("phone", 0.5, _phone),
    ("ip", 0.5, _ip),
    ("address", 0.5, lambda text: bool(_ADDRESS.fullmatch(text))),
)

"""Into how many text messages a text is cut, each of which is paid for (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

from typing import Final, NamedTuple

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("^{}\\[~]|€\f")
"""These take the room of two."""

PLAIN: Final = (160, 153)
WIDE: Final = (70, 67)
"""Letters of one message alone, and of each of several; of the old alphabet, and of any other (UCS-2)."""


class Parts(NamedTuple):
    """How many messages, of how much room in all; `wide` are the letters that the old alphabet hasn't."""

    n: int
    room: int
    wide: tuple[str, ...]


def parts(text: str) -> Parts:
    """The messages that a text is sent as. No letter that takes the room of two is cut in two."""
    wide = tuple(sorted({letter for letter in text if letter not in _BASIC and letter not in _EXTENDED}))
    sizes = [2 if (ord(one) > 0xFFFF if wide else one in _EXTENDED) else 1 for one in text]
    alone, each = WIDE if wide else PLAIN
    room = sum(sizes)
    if room <= alone:
        return Parts(1, room, wide)
    n, left = 1, each
    for size in sizes:
        if size > left:
            n, left = n + 1, each
        left -= size
    return Parts(n, room, wide)

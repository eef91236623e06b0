"""Links that know for whom they are: signed with the key beside the database, so that nobody can make one up.

A pass says what it is for, which message it came in, and to whom; it is good for a time, and after the key
was changed too.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode
from binascii import Error, b2a_base64
from collections.abc import Callable
from typing import Final, Literal

import msgspec
from msgspec import Struct

from habitue.kernel.clock import SECOND, YEAR, Micros
from habitue.store.seal import Marks, stamp

Use = Literal["u", "p", "v", "c", "o", "s"]
"""Unsubscribe, preferences, view in a browser, a click, an opening, the answer to a survey."""

GOOD: Final[dict[Use, Micros]] = {
    "u": 10 * YEAR,
    "p": 2 * YEAR,
    "v": 2 * YEAR,
    "c": 2 * YEAR,
    "o": YEAR,
    "s": YEAR,
}
"""For how long. Whoever was written to may say no for as long as they find the mail."""

MARK: Final = 16
"""Bytes of the signature."""
_SAFE: Final = bytes.maketrans(b"+/", b"-_")
"""Of Base64, how it stands in an address."""
LONGEST: Final = 4_000
"""Characters of a pass that is looked at."""


class Pass(Struct, frozen=True, array_like=True):
    """Which message, to which customer, on which channel, for which purpose; `to` is where a click leads,
    or what is answered."""

    message: int
    person: int
    channel: str
    purpose: str
    made: int
    to: str = ""


class Passes:
    """Makes and reads passes; `base` is the workspace's own address."""

    def __init__(self, marks: Marks, base: str) -> None:
        self._keys = marks.keys
        self.base = base.rstrip("/")

    def sealed(self, use: Use, one: Pass) -> str:
        """The pass as it stands in a link."""
        said = msgspec.msgpack.encode(one)
        told = b2a_base64(said + _mark(self._keys[0], use, said), newline=False)
        return told.translate(_SAFE, b"=").decode()

    def read(self, use: Use, token: str, now: Micros) -> Pass | None:
        """The pass; None for what we never made, made for something else, or made too long ago."""
        if len(token) > LONGEST or not token.isascii():
            return None
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (Error, ValueError):
            return None
        said, mark = raw[:-MARK], raw[-MARK:]
        if not any(hmac.compare_digest(_mark(key, use, said), mark) for key in self._keys):
            return None
        found = msgspec.msgpack.decode(said, type=Pass)
        return found if now - found.made * SECOND <= GOOD[use] else None

    def address(self, use: Use, one: Pass) -> str:
        return f"{self.base}/{use}/{self.sealed(use, one)}"

    # --- for one message --------------------------------------------------------------------------

    def links(self, one: Pass) -> dict[str, str]:
        """What a template knows as `links.*`."""
        return {
            "unsubscribe": self.address("u", one),
            "preferences": self.address("p", one),
            "view": self.address("v", one),
            "answer": f"{self.base}/s",
        }

    def headers(self, one: Pass) -> dict[str, str]:
        """What goes into the head of a marketing mail, so that a mail program can unsubscribe by itself."""
        return {
            "List-Unsubscribe": f"<{self.address('u', one)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    def follow(self, one: Pass, clicks: bool = True) -> Callable[[str], str]:
        """Makes of each web address of a message the one that is sent: answers are signed, and with `clicks`
        what leads elsewhere leads there by way of us.
        """
        asked = f"{self.base}/s?"

        known: dict[str, str] = {}  # each stands in the HTML and in the text

        def led(address: str) -> str:
            answers = address.startswith(asked)
            if not answers and (not clicks or address.startswith(f"{self.base}/")):
                return address
            if address not in known:
                to = address.removeprefix(asked) if answers else address
                led_to = Pass(one.message, one.person, one.channel, one.purpose, one.made, to)
                known[address] = self.address("s" if answers else "c", led_to)
            return known[address]

        return led

    def picture(self, one: Pass) -> str:
        """The address of the picture that tells that a mail was opened, by whoever that was."""
        return self.address("o", one)


def _mark(key: bytes, use: Use, said: bytes) -> bytes:
    """The use is signed too: a pass to look at a mail can't unsubscribe."""
    return stamp(key, b"pass:" + use.encode() + b":", said)[:MARK]

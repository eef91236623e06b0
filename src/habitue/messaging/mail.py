"""An e-mail as bytes: what is the same in all mails of a sender is made once, the rest is filled in.

Lines end with CR LF and none is longer than RFC 5321 allows: bodies are quoted-printable.
"""

from __future__ import annotations

import binascii
import re
from email.utils import formatdate
from functools import lru_cache
from typing import Final

from msgspec import Struct

from habitue.kernel.clock import SECOND, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Letter
from habitue.messaging.dkim import Signer

_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_SIGNS: Final = re.compile(r'[ <>,;:"()\[\]\\]')
_WORD: Final = 45
"""Bytes in one encoded word: 60 characters in Base64, and 75 with what stands around them (RFC 2047)."""


class From(Struct, frozen=True):
    """Who sends: `Name <address>`, where answers go, and where mails come back to."""

    sender: str
    reply: str = ""
    bounces: str = ""

    @property
    def address(self) -> str:
        return parted(self.sender)[1]

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def back(self, mark: str) -> str:
        """The envelope's sender: by it a mail that comes back says which it was."""
        if not self.bounces:
            return self.address
        box, _, domain = self.bounces.rpartition("@")
        return f"{box}+{mark}@{domain}"


class Maker(Struct, frozen=True):
    """All that a mail's bytes depend on beside the letter: any process makes the same of it."""

    sender: From
    selector: str = ""
    key: str = ""

    @property
    def signer(self) -> Signer | None:
        return _signer(self.sender.domain, self.selector, self.key) if self.key else None

    def made(self, letter: Letter) -> bytes:
        """The mail, signed where it is to be."""
        mail, signer = made(letter, self.sender), self.signer
        return signer.signed(mail) if signer else mail


@lru_cache(maxsize=8)
def _signer(domain: str, selector: str, key: str) -> Signer:
    return Signer(domain, selector, key)


def named(mark: str, sender: From) -> str:
    """The Message-ID, the same however often it is tried."""
    return f"<{mark}@{sender.domain}>"


def made(letter: Letter, sender: From) -> bytes:
    """The mail, without a signature and without dots doubled."""
    edge = f"=_{letter.mark}"
    head = [
        f"From: {_party(sender.sender)}",
        f"To: {addressed(letter.to)}",
        f"Subject: {encoded(letter.subject)}",
        f"Date: {_dated(letter.made // SECOND)}",
        f"Message-ID: {named(letter.mark, sender)}",
        "MIME-Version: 1.0",
    ]
    if sender.reply:
        head.append(f"Reply-To: {_party(sender.reply)}")
    if letter.unsubscribe and letter.marketing:
        head.append(f"List-Unsubscribe: <{_BREAKS.sub('', letter.unsubscribe)}>")
        head.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    if not letter.html:
        return "\r\n".join([*head, _PART.format("plain"), "", ""]).encode() + _quoted(letter.text)
    head.append(f'Content-Type: multipart/alternative; boundary="{edge}"')
    top = "\r\n".join([*head, "", f"--{edge}", _PART.format("plain"), "", ""])
    middle = "\r\n".join(["", f"--{edge}", _PART.format("html"), "", ""])
    return b"".join(
        (
            top.encode(),
            _quoted(letter.text),
            middle.encode(),
            _quoted(letter.html),
            f"\r\n--{edge}--\r\n".encode(),
        )
    )


_PART: Final = "Content-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"


def parted(text: str) -> tuple[str, str]:
    """Name and address of `Name <address>`, as people write it: quoted or not, the name with commas too."""
    name, opening, rest = text.rpartition("<")
    if not opening:
        return "", text.strip()
    plain = name.strip()
    if len(plain) > 1 and plain[0] == plain[-1] == '"':
        plain = plain[1:-1].replace('\\"', '"')
    return plain, rest.partition(">")[0].strip()


def addressed(address: str) -> str:
    """The address as servers know it: its domain in ASCII. Raises `UserError` for what none can be."""
    box, _, domain = address.rpartition("@")
    if not box or _BREAKS.search(address) or _SIGNS.search(address):
        raise UserError(N_("“{address}” is no address that mail can be sent to."), address=address)
    try:
        known = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError as error:
        raise UserError(N_("“{address}” is no address that mail can be sent to."), address=address) from error
    return f"{box}@{known}"


def encoded(text: str) -> str:
    """A header's text in one line or folded, as encoded words where it isn't plain ASCII."""
    plain = _BREAKS.sub(" ", text).strip()
    if plain.isascii() and len(plain) <= 60 and "=?" not in plain:
        return plain
    words = [f"=?utf-8?b?{binascii.b2a_base64(part, newline=False).decode()}?=" for part in _parts(plain)]
    return "\r\n ".join(words)


def _parts(text: str) -> list[bytes]:
    """The text in pieces of whole characters."""
    parts, part = [], b""
    for letter in text:
        told = letter.encode("utf-8", "replace")
        if len(part) + len(told) > _WORD:
            parts.append(part)
            part = b""
        part += told
    return [*parts, part]


@lru_cache(maxsize=64)
def _party(text: str) -> str:
    name, address = parted(text)
    if not name:
        return addressed(address)
    return f"{encoded(name) if not name.isascii() else _quoted_name(name)} <{addressed(address)}>"


def _quoted_name(name: str) -> str:
    plain = _BREAKS.sub(" ", name)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


@lru_cache(maxsize=4)
def _dated(seconds: Micros) -> str:
    return formatdate(seconds)


def _quoted(text: str) -> bytes:
    """Quoted-printable; the last line is ended."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    told = lines if lines.endswith("\n") else lines + "\n"
    return b"\r\n".join(map(_line, told.encode("utf-8", "replace").split(b"\n")))


def _line(line: bytes) -> bytes:
    """One line of it, or as many as it takes. Of a line that says it as it is, which most do, only what marks
    the others is written otherwise: to look at each letter takes ten times as long.
    """
    if not line.isascii() or line.translate(None, _PLAIN) or line[-1:].isspace() or line == b".":
        return binascii.b2a_qp(line + b"\r\n", quotetabs=False, istext=True, header=False)[:-2]
    told = line.replace(b"=", b"=3D")
    if len(told) <= _WIDTH:
        return told
    parts, start, last = [], 0, len(told)
    while last - start > _WIDTH:
        # Before, and not within, what stands for a letter.
        end = start + _WIDTH - 1
        found = told.find(b"=", end - 2, end)
        end = end if found < 0 else found
        parts.append(told[start:end])
        start = end
    parts.append(told[start:])
    return b"=\r\n".join(parts)


_WIDTH: Final = 76
"""Characters of a line (RFC 2045, 6.7)."""
_PLAIN: Final = bytes([9, *range(32, 127)])

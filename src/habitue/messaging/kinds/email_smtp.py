"""E-mail by SMTP: a relay of one's own, or a provider's."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Struct

from habitue.kernel.asked import Asked
from habitue.kernel.clock import MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging import maillog
from habitue.messaging.channel import Letter, Outcome, Session
from habitue.messaging.dkim import Signer
from habitue.messaging.mail import From, Maker, addressed, named
from habitue.messaging.pace import Pace
from habitue.messaging.provider import Answers, Connections, Rate, Sender

CHANNEL: Final = "email"
LABEL: Final = N_("E-mail by SMTP")

CONNECT: Final = 10.0
COMMAND: Final = 60.0
ENDING: Final = 600.0
"""Seconds: to connect, for an answer to a command, and for the one after the last dot (RFC 5321, 4.5.3.2)."""

_IDLE: Final = 20.0
"""Seconds after which a connection that did nothing is asked whether it is still there."""

_ONE_CONNECTION: Final = 500
"""Mails after which a new connection is made: relays don't like them endless."""

_CODE: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_DEAD: Final = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10")
"""Enhanced codes (RFC 3463) that say that there is nobody at an address."""

_TAIL: Final = 64 << 20


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where mails go and who sends them.

    `sender` is `Name <address>`, `bounces` a mailbox that takes `box+anything`; `rate` is the most a second
    (0: as fast as it goes). `dkim_key` is a private key in PEM. `relay_log` is a file in which the relay
    notes the Message-ID of each mail that it took: with it nothing is ever undecidable.
    """

    host: Annotated[str, Asked(N_("Mail server"), N_("Its name, such as smtp.example.com."))]
    sender: Sender
    port: Annotated[int, Asked(N_("Port"), N_("587 with STARTTLS, 465 with TLS, as a rule."), "whole")] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Asked(
            N_("Encryption"),
            N_("None only to a server on this machine."),
            "choice",
            {"starttls": N_("STARTTLS"), "tls": N_("TLS from the beginning"), "none": N_("None")},
        ),
    ] = "starttls"
    user: Annotated[str, Asked(N_("User name"), N_("Empty where the server asks for none."))] = ""
    password: Annotated[str, Asked(N_("Password"), N_("Kept sealed, never shown again."), "secret")] = ""
    reply: Answers = ""
    bounces: Annotated[
        str,
        Asked(
            N_("Mails that come back go to"),
            N_("A mailbox that takes box+anything@domain, whose mails are handed to Habitué."),
            "mail",
        ),
    ] = ""
    connections: Connections = 4
    rate: Rate = 0.0
    dkim_selector: Annotated[
        str, Asked(N_("DKIM selector"), N_("Where in DNS the signature’s public key stands."))
    ] = ""
    dkim_key: Annotated[
        str, Asked(N_("DKIM key"), N_("A private key in PEM, where mails are to be signed here."), "secret")
    ] = ""
    relay_log: Annotated[
        str,
        Asked(
            N_("The server’s log"),
            N_("A file in which it notes Message-IDs: then nothing is ever undecidable."),
        ),
    ] = ""


SECRET: Final = ("password", "dkim_key")
"""The settings that are never shown again."""


def checked(settings: Settings) -> Settings:
    """The same; raises `UserError` for what can't work."""
    if not settings.host or not 0 < settings.port < 65536:
        raise UserError(N_("Name the mail server's host and a port from 1 to 65535."))
    addressed(From(settings.sender).address)
    if settings.reply:
        addressed(From(settings.reply).address)
    if settings.bounces:
        addressed(settings.bounces)
    if not 1 <= settings.connections <= 50 or settings.rate < 0:
        raise UserError(N_("Between 1 and 50 connections, and a rate of 0 or more mails a second."))
    if bool(settings.dkim_key) != bool(settings.dkim_selector):
        raise UserError(N_("A signature needs both: a key, and the selector under which it stands in DNS."))
    if settings.dkim_key:
        Signer("example.com", settings.dkim_selector, settings.dkim_key)
    return settings


def opened(settings: Settings) -> Relay:
    """The way out that the settings describe."""
    return Relay(checked(settings))


class Relay:
    """A mail server that takes our mails; each connection to it is a session."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sender = From(settings.sender, settings.reply, settings.bounces)
        self.maker = Maker(self.sender, settings.dkim_selector, settings.dkim_key)
        self.pace = Pace(settings.rate)

    @property
    def connections(self) -> int:
        return self.settings.connections

    @property
    def record(self) -> tuple[str, str] | None:
        """What has to stand in DNS for mails to be believed, and where; None where none is signed."""
        signer = self.maker.signer
        if signer is None:
            return None
        return f"{self.settings.dkim_selector}._domainkey.{self.sender.domain}", signer.record

    def connect(self) -> Session:
        return Connection(self)

    def arrived(self, marks: list[str]) -> dict[str, bool] | None:
        """By the relay's own log."""
        if not self.settings.relay_log:
            return None
        try:
            with Path(self.settings.relay_log).open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - _TAIL))
                told = file.read()
        except OSError:
            return None
        found = maillog.taken(told, [named(mark, self.sender) for mark in marks])
        return {mark: found[name] for mark in marks if (name := named(mark, self.sender)) in found}


class Connection:
    """One connection, made when it is first used and again when it was lost."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._smtp: smtplib.SMTP | None = None
        self._used, self._sent = 0.0, 0

    def hand(self, letter: Letter, letting_go: Callable[[], None]) -> Outcome:
        """See `channel.Session`."""
        try:
            mail, to = self._made(letter)
        except UserError as error:
            return Outcome("bounced", str(error), dead=True)
        self._relay.pace.turn()
        try:
            smtp = self._ready()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Outcome("down", _said(error))
        self._used, self._sent = time.monotonic(), self._sent + 1
        return self._transfer(smtp, letter, to, mail, letting_go)

    def _made(self, letter: Letter) -> tuple[bytes, str]:
        mail = self._relay.maker.made(letter) if letter.mail is None else letter.mail
        return mail, addressed(letter.to)

    def _transfer(
        self, smtp: smtplib.SMTP, letter: Letter, to: str, mail: bytes, letting_go: Callable[[], None]
    ) -> Outcome:
        try:
            refused = self._envelope(smtp, letter, to)
            if refused is None:
                _write(smtp, _dotted(mail))
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Outcome("busy", _said(error))
        return refused or self._end(smtp, letting_go)

    def _envelope(self, smtp: smtplib.SMTP, letter: Letter, to: str) -> Outcome | None:
        """Who sends, to whom, and may the text come; None where it may."""
        options = "" if to.isascii() else " SMTPUTF8"
        if options and not smtp.has_extn("smtputf8"):
            return Outcome("failed", "The mail server takes ASCII addresses only.")
        back = self._relay.sender.back(letter.mark)
        commands = [f"MAIL FROM:<{back}>{options}", f"RCPT TO:<{to}>", "DATA"]
        if smtp.has_extn("pipelining"):
            smtp.send("".join(f"{one}\r\n" for one in commands).encode())
            said = [smtp.getreply() for _ in commands]
        else:
            said = _in_turn(smtp, commands)
        wrong = next((n for n, (code, _) in enumerate(said) if code not in _FINE[n]), None)
        if wrong is None:
            return None
        if said[-1][0] == 354 and len(said) == len(commands):
            smtp.send(b".\r\n")  # it waits for a text that is for nobody (RFC 2920, 3.1)
            smtp.getreply()
        code, answer = said[wrong]
        self._again(smtp, code)
        if code == 421 or wrong == 0:  # it is us who aren't welcome
            return Outcome("down", _text(code, answer))
        return _judged(code, answer, rcpt=wrong == 1)

    def _end(self, smtp: smtplib.SMTP, letting_go: Callable[[], None]) -> Outcome:
        """The last dot: from here on the mail may be the relay's."""
        letting_go()
        try:
            if smtp.sock is not None:
                smtp.sock.settimeout(ENDING)
            smtp.send(b".\r\n")
            code, answer = smtp.getreply()
            if smtp.sock is not None:
                smtp.sock.settimeout(COMMAND)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Outcome("unknown", _said(error))
        if code == 250:
            return Outcome("sent", _text(code, answer))
        try:
            self._again(smtp, code)  # Postfix, for one, still has the sender of what it just refused
        except (OSError, smtplib.SMTPException):
            self.close()
        return _judged(code, answer, rcpt=False)

    def _again(self, smtp: smtplib.SMTP, code: int) -> None:
        """Ready for the next mail after one was refused."""
        if code == 421 or smtp.rset()[0] != 250:
            self.close()

    def _ready(self) -> smtplib.SMTP:
        if self._smtp is not None and self._sent >= _ONE_CONNECTION:
            self.close()
        if self._smtp is not None and time.monotonic() - self._used > _IDLE and not self._alive(self._smtp):
            self.close()
        if self._smtp is None:
            self._smtp, self._sent = _connected(self._relay.settings), 0
        return self._smtp

    def _alive(self, smtp: smtplib.SMTP) -> bool:
        try:
            return smtp.noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def close(self) -> None:
        """Let go of the connection; whoever waits for an answer on it gets none."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None and smtp.sock is not None:
            with suppress(OSError):
                smtp.sock.shutdown(socket.SHUT_RDWR)
            smtp.close()


@lru_cache(maxsize=1)
def _safe() -> ssl.SSLContext:
    """Whom we trust: read once, for it takes a tenth of a second."""
    return ssl.create_default_context()


def _connected(settings: Settings) -> smtplib.SMTP:
    """A connection that has said who it is. Raises `OSError` or `SMTPException`."""
    if settings.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=CONNECT, context=_safe())
    else:
        smtp = smtplib.SMTP(settings.host, settings.port, timeout=CONNECT)
    try:
        if smtp.sock is not None:
            smtp.sock.settimeout(COMMAND)
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            smtp.starttls(context=_safe())
            smtp.ehlo()
        if settings.user:
            smtp.login(settings.user, settings.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


_FINE: Final = ((250,), (250, 251), (354,))


def _in_turn(smtp: smtplib.SMTP, commands: list[str]) -> list[tuple[int, bytes]]:
    """What is answered to each, up to the first that is refused."""
    said: list[tuple[int, bytes]] = []
    for n, command in enumerate(commands):
        said.append(smtp.docmd(command))
        if said[-1][0] not in _FINE[n]:
            break
    return said


def _write(smtp: smtplib.SMTP, mail: bytes) -> None:
    """All but the last dot, which is on its way at once: what is left of the last packet waits for it."""
    sock = smtp.sock
    if sock is None or isinstance(sock, ssl.SSLSocket) or not hasattr(socket, "MSG_MORE"):
        smtp.send(mail)
    else:
        sock.sendall(mail, socket.MSG_MORE)


def _dotted(mail: bytes) -> bytes:
    """The mail with dots doubled where a line begins with one, and its last line ended."""
    body = mail.replace(b"\r\n.", b"\r\n..")
    return body if body.endswith(b"\r\n") else body + b"\r\n"


def _judged(code: int, answer: bytes, *, rcpt: bool) -> Outcome:
    """What a refusal means: 4xx passes, and so does what only says that there is too much just now."""
    said = _text(code, answer)
    if code < 500:
        return Outcome("busy", said, wait=_greylisted(code, said))
    found = _CODE.search(said)
    exact = found[1] if found else ""
    dead = rcpt and (exact in _DEAD or (not exact and code in (550, 553)))
    return Outcome("bounced" if rcpt else "failed", said, dead=dead)


def _greylisted(code: int, said: str) -> Micros | None:
    """Who greylists takes the same mail minutes later."""
    return 5 * MINUTE if code in (450, 451) and "grey" in said.lower() else None


def _text(code: int, answer: bytes) -> str:
    return f"{code} {' '.join(answer.decode('utf-8', 'replace').split())}"


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        told = error.smtp_error
        return _text(error.smtp_code, told if isinstance(told, bytes) else str(told).encode())
    return str(error) or type(error).__name__

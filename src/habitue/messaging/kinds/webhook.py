"""Calls to programs of others, signed as Standard Webhooks has it; tried again for three days."""

from __future__ import annotations

import hmac
import socket
import ssl
import time
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from secrets import token_bytes
from threading import Timer
from typing import Any, Final

import msgspec
from msgspec import Struct

from habitue.kernel.clock import HOUR, MINUTE, SECOND
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging import reach
from habitue.messaging.channel import Letter, Outcome, Session

CHANNEL: Final = "webhook"
LABEL: Final = N_("Webhook")

WAITS: Final = (
    *(5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR),
    *(5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR),
)
"""How long until it is tried again, each time (Standard Webhooks)."""

CONNECT: Final = 10.0
WHOLE: Final = 30.0
"""Seconds for a call from end to end."""

LARGEST: Final = 64 << 10
"""Bytes of an answer that are kept; what is more is not read."""

_LONGEST_WAIT: Final = 24 * HOUR
_PREFIX: Final = "whsec_"
_AGENT: Final = "Habitue-Webhooks/1"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The secrets that sign, the newest first: each signs, so that the other side can change over.

    `inner` allows calls to networks that are not the internet's.
    """

    secrets: tuple[str, ...]
    inner: bool = False
    connections: int = 4


SECRET: Final = ("secrets",)
"""The settings that are never shown again."""


def fresh() -> str:
    """A new secret."""
    return _PREFIX + b64encode(token_bytes(32)).decode()


def checked(settings: Settings) -> Settings:
    """The same; raises `UserError` for what can't sign."""
    for one in settings.secrets:
        _key(one)
    if not settings.secrets or not 1 <= settings.connections <= 50:
        raise UserError(N_("Webhooks need a secret that signs, and between 1 and 50 connections."))
    return settings


def opened(settings: Settings) -> Hooks:
    """The way out that the settings describe."""
    return Hooks(checked(settings))


class Hooks:
    """Calls whatever address a message names."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.keys = [_key(one) for one in settings.secrets]

    @property
    def connections(self) -> int:
        return self.settings.connections

    def connect(self) -> Session:
        return Caller(self)

    def arrived(self, _marks: list[str]) -> dict[str, bool] | None:
        """Nobody can be asked; the other side knows a call that it has had by its id."""
        return None


class Caller:
    """Calls one address after the other, each on a connection of its own."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    def hand(self, letter: Letter, letting_go: Callable[[], None]) -> Outcome:
        """See `channel.Session`."""
        url, body = str(letter.values.get("url", "")), written(letter.values.get("body"))
        inner = self._hooks.settings.inner
        try:
            where = reach.place(url, inner)
            numbers = reach.resolved(where, inner)
        except UserError as error:
            return Outcome("failed", str(error))
        except OSError as error:
            return _again(letter, str(error))
        until = time.monotonic() + WHOLE
        letting_go()
        try:
            status, wait, answer = self._called(where, numbers, body, self._head(letter, body), until)
        except (OSError, HTTPException) as error:
            return _again(letter, str(error) or type(error).__name__)
        return _judged(letter, status, wait, answer)

    def _head(self, letter: Letter, body: bytes) -> dict[str, str]:
        second = str(letter.made // SECOND)
        signing = f"{letter.mark}.{second}.".encode() + body
        marks = (b64encode(hmac.digest(key, signing, "sha256")).decode() for key in self._hooks.keys)
        return {
            "content-type": "application/json",
            "user-agent": _AGENT,
            "webhook-id": letter.mark,
            "webhook-timestamp": second,
            "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
        }

    def _called(
        self, where: reach.Place, numbers: list[str], body: bytes, head: dict[str, str], until: float
    ) -> tuple[int, str | None, bytes]:
        http = HTTPConnection(where.host, where.port, timeout=WHOLE)
        plain = reach.connected(where, numbers, CONNECT)
        watch = Timer(WHOLE, lambda: _cut(http.sock))  # a byte now and then is never late
        watch.daemon = True
        try:
            plain.settimeout(WHOLE)
            http.sock = _safe().wrap_socket(plain, server_hostname=where.host) if where.secure else plain
            watch.start()
            http.request("POST", where.path, body, head)
            answer = http.getresponse()
            return answer.status, answer.getheader("retry-after"), _read(answer, until)
        finally:
            watch.cancel()
            http.close()
            plain.close()

    def close(self) -> None:
        """Nothing is kept open."""


@lru_cache(maxsize=1)
def _safe() -> ssl.SSLContext:
    """Whom we trust: read once, for it takes a tenth of a second."""
    return ssl.create_default_context()


def _cut(one: socket.socket | None) -> None:
    if one is not None:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def written(body: Any) -> bytes:
    """The body as it is sent: a text as it is, all else as JSON."""
    return body.encode() if isinstance(body, str) else msgspec.json.encode({} if body is None else body)


def _read(answer: HTTPResponse, until: float) -> bytes:
    """The beginning of an answer, as far as it comes in time."""
    parts: list[bytes] = []
    size = 0
    while size < LARGEST and time.monotonic() < until:
        part = answer.read1(LARGEST - size)
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _judged(letter: Letter, status: int, wait: str | None, answer: bytes) -> Outcome:
    said = answer.decode("utf-8", "replace")
    if 200 <= status < 300:
        return Outcome("sent", said)
    if status == 410:
        return Outcome("failed", f"410 {said[:500]}")
    if status in (429, 502, 503, 504) and wait is not None and wait.isdecimal() and len(wait) < 9:
        return Outcome("busy", f"{status} {said[:500]}", wait=min(int(wait) * SECOND, _LONGEST_WAIT))
    return _again(letter, f"{status} {said[:500]}")


def _again(letter: Letter, answer: str) -> Outcome:
    """Later, each time after longer; in the end never."""
    if letter.attempts >= len(WAITS):
        return Outcome("failed", answer)
    return Outcome("busy", answer, wait=WAITS[letter.attempts])


def _key(secret: str) -> bytes:
    try:
        key = b64decode(secret.removeprefix(_PREFIX) + "==", validate=False)
    except (Error, ValueError) as error:
        raise UserError(N_("That is no secret of a webhook: it begins with whsec_.")) from error
    if len(key) < 24:
        raise UserError(N_("A webhook’s secret has 24 bytes or more."))
    return key

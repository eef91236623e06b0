"""Calls to programs of others, signed as Standard Webhooks has it; tried again for three days."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable
from contextlib import suppress
from secrets import token_bytes
from typing import Any, Final

import msgspec
from msgspec import Struct

from habitue.kernel.clock import HOUR, MINUTE, SECOND
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Letter, Outcome, Session
from habitue.messaging.line import Line, Reply

CHANNEL: Final = "webhook"
LABEL: Final = N_("Webhook")

WAITS: Final = (
    *(5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR),
    *(5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR),
)
"""How long until it is tried again, each time (Standard Webhooks)."""

TOLD: Final = 8 << 10
"""Bytes of an answer that is told as an event; of a longer one only the beginning is."""
_SHORT: Final = 500

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
        self._line = Line(hooks.settings.inner, keeps=False)

    def hand(self, letter: Letter, letting_go: Callable[[], None]) -> Outcome:
        """See `channel.Session`."""
        url = str(letter.values.get("url", ""))
        body = letter.text.encode() if letter.text else written(letter.values.get("body"))
        try:
            reply = self._line.ask("POST", url, self._head(letter, body), body, letting_go)
        except UserError as error:
            return Outcome("failed", str(error))
        except OSError as error:
            return _again(letter, str(error))
        return _judged(letter, reply)

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

    def close(self) -> None:
        """Nothing is kept open."""


def written(body: Any) -> bytes:
    """The body as it is sent: a text as it is, all else as JSON."""
    return body.encode() if isinstance(body, str) else msgspec.json.encode({} if body is None else body)


def answered(text: str) -> dict[str, Any]:
    """What an answer says, with the types that it has there; what is no JSON is its `text`, cut short."""
    with suppress(msgspec.DecodeError, RecursionError, OverflowError):
        told = msgspec.json.decode(text)
        if len(msgspec.json.encode(told)) <= TOLD:
            return told if isinstance(told, dict) else {"value": told}
    return {"text": text[:_SHORT]}


def _judged(letter: Letter, reply: Reply) -> Outcome:
    status, wait, said = reply.status, reply.head.get("retry-after"), reply.text
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

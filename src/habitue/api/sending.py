"""The command line's commands about what is sent, as values; light, as `api.command` is."""

from __future__ import annotations

from habitue.api.command import Command


class Mail(Command, frozen=True):
    """How e-mails leave."""


class SetMail(Command, frozen=True):
    """Let e-mails leave by this server from now on; what is None stays as it is. `by` is who decides it."""

    by: str
    host: str | None = None
    sender: str | None = None
    port: int | None = None
    security: str | None = None
    user: str | None = None
    password: str | None = None
    reply: str | None = None
    bounces: str | None = None
    connections: int | None = None
    rate: float | None = None
    dkim_selector: str | None = None
    dkim_key: str | None = None
    relay_log: str | None = None


class TryMail(Command, frozen=True):
    """Send one e-mail at once."""

    to: str


class EndMail(Command, frozen=True):
    """Send no more e-mails."""

    by: str


class Messages(Command, frozen=True):
    """What was or is to be sent to a customer, with every decision about it."""

    customer: str
    most: int = 50


class Hooks(Command, frozen=True):
    """How programs are called, with the secret by which they know us."""


class SetHooks(Command, frozen=True):
    """Sign with a new secret too; allow calls to inner networks, or no more."""

    by: str
    rotate: bool = False
    inner: bool | None = None


class Returned(Command, frozen=True):
    """A mail that came to the return path, as its bytes."""

    mail: bytes


class CheckMail(Command, frozen=True):
    """Look in DNS at what mails need to arrive, and at how many called them spam; `by` is who asks."""

    by: str


class ResumeMarketing(Command, frozen=True):
    """Let marketing go on that stopped by itself; `why` says what was done."""

    by: str
    why: str

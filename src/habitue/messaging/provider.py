"""Providers that take messages over HTTP: what they have in common. Each is a file of `kinds/`.

An answer that never came is not asked for again: whether the message is under way nobody can say. An answer
that something is wrong with us (the key, the account, too much at once) is not the message's fault.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

from habitue.kernel.asked import Asked
from habitue.kernel.clock import HOUR, SECOND, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Letter, Outcome, Session
from habitue.messaging.line import Line, Reply, Unanswered, Unreached
from habitue.messaging.mail import From, addressed
from habitue.messaging.pace import Pace
from habitue.messaging.report import Unread, object_of

AGENT: Final = "Habitue/1"

Sender: TypeAlias = Annotated[
    str, Asked(N_("Sender"), N_("As customers see it: “Shop <hello@shop.fr>”."), "mail")
]
Answers: TypeAlias = Annotated[
    str, Asked(N_("Answers go to"), N_("An address that somebody reads; the sender’s own if empty."), "mail")
]
Connections: TypeAlias = Annotated[
    int, Asked(N_("Connections"), N_("How many messages are handed over at once."), "whole")
]
Rate: TypeAlias = Annotated[
    float,
    Asked(
        N_("Messages a second, at most"),
        N_("What your contract with the provider allows; 0 is as fast as it goes."),
        "number",
    ),
]

_LONGEST_WAIT: Final = HOUR
_OURS: Final = (401, 402, 403, 404, 405, 407)
"""It is our key, our account or our settings that aren't right: nothing goes until somebody mends that."""
_LATER: Final = (408, 425, 429, 503)
_SHOWN: Final = 500


class Asking(NamedTuple):
    """What a provider is asked."""

    url: str
    head: dict[str, str]
    body: bytes


Maker: TypeAlias = Callable[[Letter], Asking]
"""Writes the question; raises `UserError` for an address that nobody can have."""
Judge: TypeAlias = Callable[[Reply], Outcome | None]
"""What an answer means, where the provider says more than `usual` knows."""


class Provider:
    """A way out by a provider; each connection is a session."""

    def __init__(
        self, connections: int, rate: float, make: Maker, judge: Judge, *, inner: bool = False
    ) -> None:
        self.connections, self.make, self.judge, self.inner = connections, make, judge, inner
        self.pace = Pace(rate)

    def connect(self) -> Session:
        return Counter(self)

    def arrived(self, _marks: list[str]) -> dict[str, bool] | None:
        """None of them can be asked for a message by our own name for it, soon enough after."""
        return None


class Counter:
    """One connection, kept as long as the provider does."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._line = Line(provider.inner)

    def hand(self, letter: Letter, letting_go: Callable[[], None]) -> Outcome:
        """See `channel.Session`."""
        try:
            asking = self._provider.make(letter)
        except UserError as error:
            return Outcome("bounced", str(error), dead=True)
        self._provider.pace.turn()
        head = {"user-agent": AGENT, "accept": "application/json"} | asking.head
        try:
            reply = self._line.ask("POST", asking.url, head, asking.body, letting_go)
        except Unanswered as error:
            return Outcome("unknown", str(error), rest=True)
        except (Unreached, UserError) as error:
            return Outcome("down", str(error))
        return self._provider.judge(reply) or usual(reply)

    def close(self) -> None:
        self._line.close()


def usual(reply: Reply) -> Outcome:
    """What an answer means to everybody."""
    said = told(reply)
    if 200 <= reply.status < 300:
        return Outcome("sent", said)
    if reply.status in _LATER:
        return Outcome("down", said, wait=patience(reply))
    if reply.status in _OURS or 300 <= reply.status < 400:
        return Outcome("down", said)
    if reply.status >= 500:  # it broke while it had the message
        return Outcome("unknown", said, rest=True)
    return Outcome("failed", said)


def patience(reply: Reply) -> Micros | None:
    """How long it wants to be left alone, if it says so."""
    wait = reply.head.get("retry-after", "")
    return min(int(wait) * SECOND, _LONGEST_WAIT) if wait.isdecimal() and len(wait) < 9 else None


def told(reply: Reply) -> str:
    return f"{reply.status} {' '.join(reply.text.split())[:_SHOWN]}"


def answer(reply: Reply) -> dict[str, Any]:
    """The JSON object that was answered; an empty one where it is none."""
    try:
        return object_of(reply.body)
    except Unread:
        return {}


def basic(name: str, password: str) -> str:
    """The header by which a name and a password are said."""
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


def sound(connections: int, rate: float) -> None:
    """Raises `UserError` for what can't be."""
    if not 1 <= connections <= 50 or rate < 0:
        raise UserError(N_("Between 1 and 50 connections, and a rate of 0 or more messages a second."))


def filled(*needed: str) -> None:
    """Raises `UserError` where anything that is needed is empty."""
    if not all(one.strip() for one in needed):
        raise UserError(
            N_("Something is missing: each setting without a value of its own has to be filled in.")
        )


def mailed(sender: str, reply: str, *needed: str) -> From:
    """Who sends; raises `UserError` where an address is none, or anything that is needed is empty."""
    filled(*needed)
    addressed(From(sender).address)
    if reply:
        addressed(From(reply).address)
    return From(sender, reply)

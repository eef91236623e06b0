"""What every way out is: it hands a message over, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, Protocol

from habitue.kernel.clock import Micros

State = Literal["sent", "bounced", "failed", "busy", "unknown", "down"]


class Outcome(NamedTuple):
    """What became of a message that was handed over.

    `bounced`: for good, for this address (`dead`: nobody should write there again). `failed`: for good, for
    another reason. `busy`: not now; in so many µs, if the other side said. `unknown`: it may have arrived.
    `down`: not this message's fault: nothing goes this way now, nor for a while where it is to `rest`.
    `reference` is what the other side calls the message when it tells of it later.
    """

    state: State
    answer: str = ""
    wait: Micros | None = None
    dead: bool = False
    rest: bool = False
    reference: str | None = None


class Composed(NamedTuple):
    """A message's words; `unsubscribe` is an address that takes the customer's no (RFC 8058), `more` is what
    only its channel knows what to do with.
    """

    subject: str
    html: str
    text: str
    unsubscribe: str | None = None
    more: Mapping[str, str] = {}


class Letter(NamedTuple):
    """A message ready to be handed over; `mark` names it for ever, whatever number of times it is tried.

    `mail` is all of it as bytes, where that was made before: then there are no words. `more` is what only its
    channel knows what to do with, such as the words on a button.
    """

    id: int
    to: str
    mark: str
    subject: str
    html: str
    text: str
    values: Mapping[str, Any]
    marketing: bool
    unsubscribe: str | None
    made: Micros
    attempts: int = 0
    mail: bytes | None = None
    more: Mapping[str, str] = {}


class Session(Protocol):
    """A connection that serves one thread."""

    def hand(self, letter: Letter, letting_go: Callable[[], None]) -> Outcome:
        """Hand it over; `letting_go` is called right before the other side can take it for its own."""

    def close(self) -> None: ...


class Way(Protocol):
    """A way out that is set up."""

    @property
    def connections(self) -> int:
        """How many at once."""

    def connect(self) -> Session:
        """A connection, made when it is first used."""

    def arrived(self, marks: list[str]) -> dict[str, bool] | None:
        """Which of these the other side has taken, and which not; what it can't tell is left out. None where
        it can't be asked.
        """

"""Where messages are laid that somebody of the team takes from there: calls to make, letters to print.

To be on the list is to have left: a message stands there once, however often it is handed over, and it can
always be said whether it does.
"""

from __future__ import annotations

from collections.abc import Callable

from habitue.messaging.channel import Letter, Outcome, Session
from habitue.store import errands
from habitue.store.ops import Ops


class Shelf:
    """The list of a channel, as a way out."""

    def __init__(self, ops: Ops, channel: str) -> None:
        self._ops, self._channel = ops, channel

    @property
    def connections(self) -> int:
        return 1

    def connect(self) -> Session:
        return self

    def hand(self, letter: Letter, letting_go: Callable[[], None]) -> Outcome:
        """See `channel.Session`."""
        if not letter.id:
            return Outcome("sent")  # a trial: nobody is to be called
        row = {"message": letter.id, "channel": self._channel, "to": letter.to, "made": letter.made}
        letting_go()
        with self._ops.begin() as tx:
            errands.put(tx, row | {"subject": letter.subject, "text": letter.text})
        return Outcome("sent")

    def arrived(self, marks: list[str]) -> dict[str, bool] | None:
        """By the list itself."""
        numbers = {mark: int(mark.partition(".")[0]) for mark in marks}
        with self._ops.read() as tx:
            found = errands.there(tx, numbers.values())
        return {mark: number in found for mark, number in numbers.items()}

    def close(self) -> None:
        """Nothing is kept open."""

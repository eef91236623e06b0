"""Writes mails in processes of their own: where many are to leave, other cores write what one hands over.

Nothing leaves from there and nothing is decided there. What comes back is a mail's bytes; one that can't be
made there is made here, or said here why it can't. Started as a program, this page is such a process.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from queue import LifoQueue
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from habitue.kernel import machine
from habitue.kernel.child import Child, Gone, answer
from habitue.kernel.clock import SECOND, Micros
from habitue.kernel.errors import UserError
from habitue.messaging.channel import Letter, Way
from habitue.messaging.mail import Maker
from habitue.messaging.words import House, written
from habitue.store.messages import Sending
from habitue.templates.press import Press, pressed
from habitue.templates.shape import Template

if TYPE_CHECKING:  # it asks the engine, which such a process would load for nothing
    from habitue.messaging.batch import Batch

MUCH: Final = 100
"""Messages in a batch; fewer are written sooner than a process is begun."""

MOST: Final = 3
"""Processes at once, however many cores there are: one hands over no faster than these write."""

ROOMY: Final = 1 << 30
"""Bytes of memory; with less there is none for a second process."""

IDLE: Final = 60.0
"""Seconds after which a process that has nothing to do is ended, and for which one that died is missed."""

_LOG: Final = logging.getLogger("habitue")


class Job(NamedTuple):
    """One mail to be written: its message, what is known of the customer, what was handed along, where to."""

    row: Sending
    traits: Mapping[str, Any]
    values: Mapping[str, Any]
    to: str
    mark: str


class Asked(NamedTuple):
    """Some mails to be written, and the templates that were not named before."""

    house: House
    maker: Maker
    templates: Mapping[int, Template]
    made: Micros
    jobs: Sequence[Job]


class Known(NamedTuple):
    """What who knows the shop says: what is the same in all messages, what was handed along with each (None
    for one that is not to be written elsewhere), and the template of a version.
    """

    house: House
    values: Sequence[Mapping[str, Any] | None]
    template: Callable[[int], Template]


Knower: TypeAlias = Callable[[Sequence[Sending]], Known]


class Scribes:
    """The processes: begun when there is first much to do, ended when there was nothing for a while."""

    def __init__(self, know: Knower | None, much: int = MUCH) -> None:
        self._know, self._much = know, much
        some = min((os.cpu_count() or 1) - 1, MOST) if know and machine.memory() >= ROOMY else 0
        self._all = [_Scribe() for _ in range(some)]
        self._free: LifoQueue[_Scribe] = LifoQueue()
        for one in self._all:
            self._free.put(one)

    def mails(
        self, way: Way, batch: Batch, rows: Sequence[Sending], mark: Callable[[int], str], now: Micros
    ) -> dict[int, bytes]:
        """The mails of some of a batch, by message; those that are to be made here are left out."""
        maker: Maker | None = getattr(way, "maker", None)
        if maker is None or self._know is None or not self._all or len(batch.rows) < self._much:
            return {}
        known, people = self._know(rows), batch.people
        jobs = [
            Job(row, people.of(row.id), values, people.addresses[row.id], mark(row.id))
            for row, values in zip(rows, known.values, strict=True)
            if values is not None and row.id in people.addresses
        ]
        scribe = self._free.get()
        try:
            made = scribe.ask(Asked(known.house, maker, {}, now, jobs), known.template)
        finally:
            self._free.put(scribe)
        return {job.row.id: mail for job, mail in zip(jobs, made, strict=True) if mail is not None}

    def rest(self) -> None:
        """Nothing is to be done: end those that did nothing for a while."""
        for one in self._all:
            if time.monotonic() - one.used > IDLE:
                one.close()

    def close(self) -> None:
        """End them; whoever asks again begins them again."""
        for one in self._all:
            one.close()


class _Scribe:
    """One process; for one thread at a time."""

    def __init__(self) -> None:
        self._child = Child(__name__)
        self._told: set[int] = set()
        self._missed = 0.0
        self.used = 0.0

    def ask(self, asked: Asked, template: Callable[[int], Template]) -> Sequence[bytes | None]:
        """The mail of each job; None for those that were not made."""
        nothing = [None] * len(asked.jobs)
        if not asked.jobs or time.monotonic() < self._missed:
            return nothing
        self.used = time.monotonic()
        try:
            return self._answer(asked, template)
        except UserError:  # a template that is not there: who writes it here says so
            return nothing
        except Gone as error:
            _LOG.warning("A process that writes mails is gone (%s); they are written here meanwhile.", error)
            self._told = set()
            self._missed = time.monotonic() + IDLE
            return nothing

    def _answer(self, asked: Asked, template: Callable[[int], Template]) -> Sequence[bytes | None]:
        new = {job.row.template for job in asked.jobs} - self._told
        asked = asked._replace(templates={number: template(number) for number in new})
        mails: Sequence[bytes | None] = self._child.ask(asked)
        self._told |= new
        return mails

    def close(self) -> None:
        """End the process."""
        self._child.close()
        self._told = set()


# --- in the other process -------------------------------------------------------------------------


def answered(asked: Asked, presses: dict[int, Press]) -> list[bytes | None]:
    """The mails, with the templates that are ready by now."""
    for number, template in asked.templates.items():
        with suppress(UserError):
            presses[number] = pressed(template)
    return [_mail(asked, job, presses.get(job.row.template)) for job in asked.jobs]


def _mail(asked: Asked, job: Job, press: Press | None) -> bytes | None:
    if press is None:
        return None
    row = job.row
    try:
        words = written(row, job.traits, job.values, press, asked.house, asked.made // SECOND)
        letter = Letter(
            row.id,
            job.to,
            job.mark,
            *words[:3],
            values={},
            marketing=row.lane == 1,
            unsubscribe=words.unsubscribe,
            made=asked.made,
            attempts=row.attempts,
        )
        return asked.maker.made(letter)
    except UserError:
        return None


if __name__ == "__main__":
    ready: dict[int, Press] = {}
    answer(lambda asked: answered(asked, ready))

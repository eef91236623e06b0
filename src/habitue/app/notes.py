"""Notes and tasks beside customers: who wrote what when, what is to be done until when, and by whom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from secrets import token_hex
from typing import Any, Final
from unicodedata import normalize

from msgspec import Struct
from msgspec.structs import replace

from habitue.app.workspace import When, Workspace
from habitue.kernel import clock
from habitue.kernel.clock import DAY, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people import identities, profiles
from habitue.store import notes
from habitue.store.notes import Note
from habitue.team.members import Forbidden

LONGEST: Final = 4_000
MANY: Final = 10_000
"""Beside so many customers one can write at once."""

_UNSEEN: Final = re.compile(r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]")


_ANOTHERS: Final = N_(
    "{name} wrote this. Only they change or delete it, and whoever administers the team; write a note beside "
    "it."
)


class Todo(Struct, frozen=True):
    """A task, whom it is about, and whether it is late."""

    task: Note
    person: int
    name: str | None
    key: str
    late: bool


class Noted(Workspace):
    """The part of a shop that is about what people write down beside customers."""

    def notes(self, customer: str | int) -> list[Note]:
        """All that stands beside a customer, whatever key it was written under; the latest first."""
        return notes.beside(self.ops, nodes(self, self.person(customer)))

    def note(self, customer: str | int, text: str, by: str = "", now: Micros | None = None) -> Note:
        """Write a note beside a customer; raises `UserError` for an empty or too long one."""
        return self._write(customer, _words(text), by, now)

    def task(
        self,
        customer: str | int,
        text: str,
        by: str = "",
        *,
        due: When = None,
        assignee: str | None = None,
        now: Micros | None = None,
    ) -> Note:
        """Write down what is to be done about a customer; a day is due when it ends."""
        more = {"due": self.due(due), "assignee": _name(assignee)}
        return self._write(customer, _words(text), by, now, task=True, **more)

    def note_all(
        self,
        persons: Sequence[int],
        text: str,
        by: str = "",
        *,
        task: bool = False,
        due: When = None,
        assignee: str | None = None,
        now: Micros | None = None,
    ) -> str:
        """Write the same beside many customers; what `unnote` takes back all at once."""
        if not persons or len(persons) > MANY:
            raise UserError(
                N_("A note can be written beside {most} customers at once. Narrow the list down."), most=MANY
            )
        batch = token_hex(8)
        same = {"task": task, "text": _words(text), "batch": batch, "due": None, "assignee": None}
        same |= {"due": self.due(due), "assignee": _name(assignee)} if task else {}
        notes.write(self.ops, [{**same, "node": one} for one in persons], by, _now(now))
        return batch

    def unnote(self, batch: str, by: str = "", now: Micros | None = None, *, whose: str | None = None) -> int:
        """Take back what was written beside many at once, where it is theirs; how many notes that were."""
        return notes.undo(self.ops, batch, by, _now(now), whose)

    def amend(
        self,
        number: int,
        text: str,
        by: str = "",
        *,
        due: When = None,
        assignee: str | None = None,
        now: Micros | None = None,
        whose: str | None = None,
    ) -> Note:
        """Change the words of a note, of a task also when it is due and whose it is.

        Raises `Forbidden` where somebody may change only what is theirs (`whose`), and this is another's.
        """
        old, when = _own(self._noted(number), whose), _now(now)
        values: dict[str, Any] = {"text": _words(text), "edited": when}
        values |= {"due": self.due(due), "assignee": _name(assignee)} if old.task else {}
        return self._changed(old, by, when, "change task" if old.task else "change note", values)

    def finish_task(self, number: int, by: str = "", *, done: bool = True, now: Micros | None = None) -> Note:
        """Tick a task off, or open it again."""
        old, when = self._noted(number), _now(now)
        if not old.task:
            raise UserError(N_("That is a note, and no task: there is nothing to be done."))
        return self._changed(
            old, by, when, "finish task" if done else "reopen task", {"done": when if done else None}
        )

    def unwrite(
        self, number: int, by: str = "", now: Micros | None = None, *, whose: str | None = None
    ) -> Note:
        """Delete a note or a task; raises `Forbidden` as `amend` does."""
        old = _own(self._noted(number), whose)
        notes.delete(self.ops, old, by, _now(now))
        return old

    def tasks(
        self,
        *,
        mine: str | None = None,
        done: bool = False,
        overdue: bool = False,
        most: int = 200,
        now: Micros | None = None,
    ) -> list[Todo]:
        """Tasks over all customers, what is due first at the top; `mine` are somebody's."""
        when = _now(now)
        found = notes.tasks(self.ops, most, done=done, mine=mine, due=when if overdue else None)
        whose = identities.wholes(self.warehouse, [one.node for one in found])
        known = profiles.known(self.warehouse, sorted(set(whose.values())))
        return [
            Todo(
                one,
                person,
                known[person]["name"] or known[person]["email"],
                known[person]["key"],
                _late(one, when),
            )
            for one in found
            if (person := whose[one.node]) in known
        ]

    def due(self, due: When) -> Micros | None:
        """The instant until which something is to be done: of a day its last."""
        if due is None or due == "":
            return None
        day = isinstance(due, str) and len(due.strip()) == 10
        return self.instant(due) + (DAY - 1 if day else 0)

    def _write(
        self, customer: str | int, text: str, by: str, now: Micros | None, *, task: bool = False, **more: Any
    ) -> Note:
        row: dict[str, Any] = {"node": self.person(customer), "task": task, "text": text, **more}
        when = _now(now)
        return Note(notes.write(self.ops, [row], by, when), **row, by=by, made=when)

    def _noted(self, number: int) -> Note:
        found = notes.get(self.ops, number)
        if found is None:
            raise UserError(N_("That note is not there any more: somebody has deleted it."))
        return found

    def _changed(self, old: Note, by: str, now: Micros, act: str, values: dict[str, Any]) -> Note:
        if not notes.change(self.ops, old, by, now, act, values):
            raise UserError(N_("Somebody has changed that note in the meantime. Look at it again."))
        return replace(old, **values)


def nodes(shop: Workspace, person: int) -> list[int]:
    """The numbers of all keys of a person."""
    found = shop.warehouse.read("SELECT node FROM merged WHERE person = ?", (person,))
    return [person, *found["node"].to_pylist()]


def _own(one: Note, whose: str | None) -> Note:
    """The note, where it is theirs who may change only that."""
    if whose is not None and whose != one.by:
        raise Forbidden(_ANOTHERS, name=one.by)
    return one


def _late(one: Note, now: Micros) -> bool:
    return one.done is None and one.due is not None and one.due < now


def _now(now: Micros | None) -> Micros:
    return clock.now() if now is None else now


def _words(text: str) -> str:
    """What is kept of a text: composed letters, no unseen signs, no room around it."""
    said = _UNSEEN.sub("", normalize("NFC", text.replace("\r\n", "\n"))).strip()
    if not said:
        raise UserError(N_("The note is empty. Write what there is to say."))
    if len(said) > LONGEST:
        raise UserError(
            N_("The note is too long: {n} characters, and {most} at most."), n=len(said), most=LONGEST
        )
    return said


def _name(text: str | None) -> str | None:
    said = _UNSEEN.sub("", normalize("NFC", text or "")).strip()
    if len(said) > 200:
        raise UserError(N_("Nobody is called that: the name has more than 200 characters."))
    return said or None

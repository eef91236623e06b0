"""Taking an import back: what would go with it, doing it, and finishing what a crash left of it.

One event in the log is all that decides it. What follows from it – the working copy made anew without what is
taken back, those who leave journeys, the note of who did it – is done again by the next opening wherever it
was cut short.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from threading import Thread
from typing import Final

from msgspec import Struct

from habitue.app.imports import Told
from habitue.app.journeys import Journeying
from habitue.app.shelf import step
from habitue.app.without import Restaged, without
from habitue.ingest import loader, retract, whole
from habitue.ingest.retract import Effect
from habitue.journeys.undone import rootless
from habitue.journeys.walk import UNDONE
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import LANGUAGES, N_, Language, translator
from habitue.messaging import outbox
from habitue.store import acts, jobs, runs
from habitue.store.jobs import Job

ANEW: Final = N_("Making the working copy without it")
_LOG: Final = logging.getLogger("habitue")
_DEFECT: Final = N_("Something went wrong here. The server’s log says what.")
_EARLIER: Final = N_(
    "“{file}” was imported by an earlier version, which did not note with each event which file it is of. "
    "So it can’t be undone as a whole. Whoever should not be known can be erased."
)
_CUT: Final = N_("The import of “{file}” was cut short. Import the file once more; then it can be undone.")
_TWICE: Final = N_("The import of “{file}” was undone already.")


class Undo(Struct, frozen=True):
    """What undoing an import would do; `later` came after it and held events that were there already: those
    are not brought back by themselves.
    """

    job: Job
    effect: Effect
    later: list[Job]


class Undoing(Journeying):
    """The part of a shop that takes imports back."""

    def import_job(self, number: int) -> Job:
        """An import by its number; raises `UserError`."""
        found = jobs.numbered(self.ops, number)
        if found is None:
            raise UserError(N_("There is no import {number}."), number=number)
        return found

    def undoable(self, number: int) -> Job:
        """The same; raises `UserError` that says why it can't be undone."""
        job = self.import_job(number)
        for bad, why in ((job.undone, _TWICE), (not job.finished, _CUT), (not job.mark, _EARLIER)):
            if bad:
                raise UserError(why, file=job.file)
        return job

    def undo(self, number: int) -> Undo:
        """What undoing it would do. Raises `UserError` where it can't be undone."""
        job = self.undoable(number)
        later = [
            one
            for one in jobs.latest(self.ops, 1000)
            if one.id > job.id and one.report.get("known") and not one.undone
        ]
        return Undo(job, retract.effect(self.log, self.warehouse, job.mark or ""), later)

    def restaged(self, number: int, now: Micros | None = None) -> Restaged:
        """Who would change stage if it were undone. Raises `UserError` where it can't be."""
        return without(self, self.undoable(number).mark or "", clock.now() if now is None else now)

    def undo_import(self, number: int, by: str, now: Micros | None = None, told: Told | None = None) -> Undo:
        """Take an import back: what it brought counts nowhere any more. Raises `UserError`.

        What was sent stays sent. Once it is in the log it is carried out, whatever happens on the way.
        """
        when = clock.now() if now is None else now
        with self.working:
            self.undoable(number)
            self.refresh(when, told)
            found = self.undo(number)
            self.log.retract(found.job.mark or "", by, when)
            self._remade(when, told)
            self.finish_undoing()
            self.refresh(when, told)
        return found

    def finish_undoing(self) -> int:
        """Note what the log has taken back, and let those leave journeys whose way in is gone; how many."""
        with self.working:
            gone = self.log.retracted()
            left = jobs.marked(self.ops, list(gone)) if gone else []
            for job in left:
                said = gone[job.mark or ""]
                self._settle(job, said.by, said.at)
            return len(left)

    @cached_property
    def undoer(self) -> Undoer:
        """Who takes imports back in the background."""
        return Undoer(self)

    def _remade(self, when: Micros, told: Told | None) -> None:
        whole.check(self.ops, self.log, self.warehouse)
        self.rebuilding = True
        try:
            fold = lambda made: self._fold(made, when, told)  # noqa: E731
            loader.remake(self.log, self.warehouse, step(told, ANEW), fold)
        finally:
            self.rebuilding = False
        self.generation += 1

    def _settle(self, job: Job, by: str, at: Micros) -> None:
        keys = retract.touched(self.log, job.mark or "")
        astray = rootless(self.ops, self.warehouse, self.ground(), keys, at)
        leaving: dict[str, list[int]] = defaultdict(list)
        for run in astray:
            leaving[run.journey].append(run.id)
        with self.ops.begin() as tx:
            if not jobs.undo(tx, job, at):
                return
            for slug, ids in leaving.items():
                runs.rest(tx, ids, at, UNDONE)
                outbox.cancel(tx, f"journey:{slug}", [str(one) for one in ids], now=at)
            acts.note(tx, at, by, "undo import", job.file, left=len(astray))


class Undoer:
    """Takes imports back one after another, each in a thread."""

    def __init__(self, shop: Undoing) -> None:
        self._shop = shop
        self._runs: dict[int, Going] = {}
        self._threads: dict[int, Thread] = {}

    def start(self, number: int, by: str) -> Going:
        """Begin, unless that is under way. Raises `UserError` where it can't be undone."""
        going = self._runs.get(number)
        if going is None or going.over:
            going = self._runs[number] = Going(self._shop.undo(number))
            work = Thread(target=self._work, args=(number, by, going), name="undo", daemon=True)
            self._threads[number] = work
            work.start()
        return going

    def going(self, number: int) -> Going | None:
        """How far it has come, where it was begun since the server was started."""
        return self._runs.get(number)

    def wait(self, number: int, seconds: float | None = None) -> None:
        """Until it is over, or for so long."""
        if thread := self._threads.get(number):
            thread.join(seconds)

    def _work(self, number: int, by: str, going: Going) -> None:
        def told(step: str, done: int, total: int) -> None:
            going.step, going.done, going.total = step, done, total

        try:
            self._shop.undo_import(number, by, told=told)
        except UserError as error:
            going.error = error
            going.wrong = {one: error.say(translator(one)) for one in LANGUAGES}
        except Exception:  # noqa: BLE001  whoever waits for it must be told that nothing more comes
            _LOG.exception("Undoing an import failed.")
            going.error = UserError(_DEFECT)
            going.wrong = {one: translator(one)(_DEFECT) for one in LANGUAGES}
        going.over = True


class Going(Struct):
    """An import that is being taken back: what goes with it, how much of a step (a message) is done, and what
    went wrong.
    """

    found: Undo
    step: str = ""
    done: int = 0
    total: int = 0
    over: bool = False
    wrong: Mapping[Language, str] = {}
    error: UserError | None = None

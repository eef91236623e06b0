"""A workspace, opened: its stores and what can be done with them. No logic of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from secrets import token_urlsafe
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

import pyarrow as pa
from pyarrow import parquet

from habitue.app import identities as decide
from habitue.app import imports
from habitue.app.alerts import Alerting
from habitue.app.broadcasts import Broadcasting
from habitue.app.consents import Consenting
from habitue.app.coupons import Couponed
from habitue.app.customers import Customers
from habitue.app.data import Data
from habitue.app.deeds import Recorded
from habitue.app.drafting import Drafting
from habitue.app.duplicates import Alike
from habitue.app.errands import Doing
from habitue.app.exports import Exporter
from habitue.app.greetings import Greeted
from habitue.app.imports import ImportReport, Told
from habitue.app.notes import Noted
from habitue.app.privacy import Private
from habitue.app.repute import Reputable
from habitue.app.results import Resulting
from habitue.app.segments import Segmented
from habitue.app.selling import Selling
from habitue.app.shelf import step
from habitue.app.stays import Stays
from habitue.app.team import Team
from habitue.app.undoing import Undoing
from habitue.app.workspace import When
from habitue.engine import explain as why
from habitue.ingest import inbox, loader, whole
from habitue.ingest.apply import reached
from habitue.ingest.calls import dead, sources
from habitue.ingest.calls.sources import Source
from habitue.ingest.doctor import Finding, Patient, examine
from habitue.ingest.files import Source as FileSource
from habitue.ingest.inbox import Parcel
from habitue.ingest.loader import Rebuilt
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import LANGUAGES, N_, Language
from habitue.people import identities as known
from habitue.people.graph import Refusal
from habitue.people.identities import Decision, Identities
from habitue.store import jobs, refused
from habitue.store.failure import Notice, StoreDown
from habitue.store.lock import Lock
from habitue.store.refused import Dead

_CUT_SHORT: Final = N_("The import of {file} was cut short. Run it again: it goes on where it was.")
_REMADE: Final = N_("The working copy was made again from the event log: {events} events.")
_ERASED: Final = N_("Erasures left over from last time are finished: {n}.")
_NOT_ERASED: Final = N_("Who was to be erased is not erased yet; it is tried again with the next opening.")
_FINISHED: Final = N_("Work left over from last time is finished: {events} events were taken in.")


@dataclass(frozen=True)
class Behind:
    """Events that wait, how long (µs) the oldest has, and refused ones not looked at, by the code of why."""

    events: int
    since: Micros
    refused: dict[str, int]


class Shop(
    Undoing,
    Resulting,
    Broadcasting,
    Drafting,
    Customers,
    Data,
    Segmented,
    Alerting,
    Private,
    Consenting,
    Alike,
    Recorded,
    Noted,
    Selling,
    Doing,
    Greeted,
    Reputable,
    Couponed,
    Team,
):
    """A workspace with all that can be asked of it and done with it."""

    @classmethod
    def open(cls, directory: Path | str, lock: Lock | None = None) -> Self:
        """Open a workspace, whose `lock` the caller may hold already, and finish what was left undone.

        Raises `UserError` where there is none, `Busy` where another process owns it.
        """
        shop = super().open(directory, lock)
        try:
            shop._finish()
        except BaseException:
            shop.close()
            raise
        return shop

    def _finish(self) -> None:
        """Do what an interrupted process left undone; `notices` tell of it."""
        self.notices += self.warehouse.notices
        self.notices += [Notice(_CUT_SHORT, {"file": file}) for file in jobs.unfinished(self.ops)]
        if lost := whole.lost(self.ops, self.log, self.warehouse):
            self.notices.append(Notice(whole.LOST, lost))
            return
        self.exporter.resume()
        finished = self._erased()
        waiting, here, there = inbox.count(self.ops), reached(self.warehouse), self.log.end()
        if waiting or finished or here < there or self.warehouse.notices:
            self.refresh()
        self.finish_undoing()
        if there and not here:
            self.notices.append(Notice(_REMADE, {"events": there}))
        if left := waiting + (there - here if 0 < here < there else 0):
            self.notices.append(Notice(_FINISHED, {"events": left}))

    def _erased(self) -> int:
        """Go on with erasures; a store that fails at it must not keep everybody out: it is tried again."""
        try:
            finished = self.finish_erasures()
        except StoreDown as error:
            self.notices += [Notice(error.text, error.fields), Notice(_NOT_ERASED)]
            return 0
        if finished:
            self.notices.append(Notice(_ERASED, {"n": finished}))
        return finished

    @cached_property
    def exporter(self) -> Exporter:
        """Who writes lists into files."""
        return Exporter(self)

    def attend(self, now: Micros | None = None) -> None:
        """What a server does by itself: see `Private`; and files that were kept long enough go."""
        super().attend(now)
        when = clock.now() if now is None else now
        self.heed(when)
        self.advance(when)
        self.advance_broadcasts(when)
        self.exporter.sweep(when)
        self.give_up_greetings(when)
        self.track_coupons()
        self.watch(when)

    # --- what comes in ----------------------------------------------------------------------------

    def import_file(
        self,
        path: Path | str,
        *,
        kind: str | None = None,
        mapping: Mapping[str, str] | None = None,
        rates: Mapping[str, Decimal] | None = None,
        dry_run: bool = False,
        language: Language | None = None,
        now: Micros | None = None,
        told: Told | None = None,
    ) -> ImportReport:
        """Import a file (see `imports.run`) and refresh."""
        spoken = language or self.settings.language
        said = self.imported(
            Path(path), kind, mapping, rates, dry_run=dry_run, language=spoken, now=now, told=told
        )
        return said[spoken]

    def imported(
        self,
        path: Path | FileSource,
        kind: str | None = None,
        mapping: Mapping[str, str] | None = None,
        rates: Mapping[str, Decimal] | None = None,
        *,
        dry_run: bool,
        language: Language,
        now: Micros | None = None,
        told: Told | None = None,
        refused: Path | None = None,
    ) -> dict[Language, ImportReport]:
        """As `import_file`, the report in every language; what is written into files is in this one.

        A dry run writes the rows that it would reject to `refused`, if that is given.
        """
        when = clock.now() if now is None else now
        with self.working:
            done = imports.run(self, path, kind, mapping, rates or {}, dry_run, language, when, told, refused)
            left_out = done.returned + (0 if dry_run else self.refresh(now, told).returned)
            said = {one: done.said(None if one == language else one) for one in LANGUAGES}
            return {one: imports.without(report, left_out, one) for one, report in said.items()}

    def import_orders(self, orders: Any, **mapping: str) -> ImportReport:
        """Import orders from an Arrow table, a Polars or pandas data frame, or anything that speaks Arrow."""
        return self._import_frame(orders, "orders", mapping)

    def import_customers(self, customers: Any, **mapping: str) -> ImportReport:
        """Import customers and their traits from a data frame."""
        return self._import_frame(customers, "customers", mapping)

    def import_events(self, events: Any, **mapping: str) -> ImportReport:
        """Import events of any name from a data frame."""
        return self._import_frame(events, "events", mapping)

    def put(self, parcels: Iterable[Parcel], now: Micros | None = None) -> int:
        """Acknowledge parcels: they are safe on return, and in with the next refresh."""
        return inbox.put(self.ops, parcels, clock.now() if now is None else now)

    def behind(self, now: Micros | None = None) -> Behind:
        """How far the stages are behind what has been acknowledged."""
        oldest = [at for at in (self.taking, inbox.oldest(self.ops)) if at is not None]
        since = max(0, (clock.now() if now is None else now) - min(oldest)) if oldest else 0
        return Behind(inbox.count(self.ops), since, refused.counts(self.ops))

    def sources(self) -> list[Source]:
        """Who may send events over HTTP."""
        return sources.open_(self.ops)

    def add_source(self, name: str, kind: str = "server", now: Micros | None = None) -> Source:
        """A new write key. A `browser`'s stands in its page for all to read: its claims are not verified."""
        return sources.add(self.ops, name, kind, token_urlsafe(24), clock.now() if now is None else now)

    def rotate_source(self, name: str) -> None:
        """Another write key for a source; within seconds the one before is refused."""
        sources.rotate(self.ops, name, token_urlsafe(24))

    def close_source(self, name: str, now: Micros | None = None) -> None:
        """Take nothing more with this source's write key; what it sent stays."""
        sources.close(self.ops, name, clock.now() if now is None else now)

    def refused(self, most: int = 100) -> list[Dead]:
        """Events that could not be taken and wait to be looked at, the newest first."""
        return refused.latest(self.ops, most)

    def replay(self, number: int, mended: bytes | None = None, now: Micros | None = None) -> int:
        """Take a refused event again, as it is or mended; how many events that gave."""
        return dead.replay(self.ops, number, clock.now() if now is None else now, mended)

    def drop(self, number: int, now: Micros | None = None) -> None:
        """Look no more at a refused event."""
        dead.drop(self.ops, number, clock.now() if now is None else now)

    def _import_frame(self, frame: Any, kind: str, mapping: Mapping[str, str]) -> ImportReport:
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"{kind}.parquet"
            parquet.write_table(_table(frame), path)
            return self.import_file(path, kind=kind, mapping=mapping)

    # --- asking -----------------------------------------------------------------------------------

    def stages(self, model: str = "transactional") -> Stays:
        """Who is in which stage of a live model, at any instant."""
        return Stays(self, self.model(model))

    def explain(
        self,
        customer: str | int,
        rule: str | None = None,
        *,
        model: str = "transactional",
        at: When = None,
    ) -> why.Verdict | why.Why | None:
        """Why a customer is in a stage of the model, or why the rule is true or false for them.

        None if the customer did not exist then.
        """
        person, when, read = self.person(customer), self.instant(at), self.warehouse.read
        if rule is None:
            return why.decide(self.model(model).definition(), person, when, self.known(), read)
        return why.explain(self.segment(rule).rule, "person", person, when, self.known(), read)

    # --- who is who -------------------------------------------------------------------------------

    def identities(self, customer: str | int) -> Identities:
        """All the keys of a customer, what joined them, and which of them are refused to others."""
        return known.identities(self.warehouse, self.person(customer))

    def merge(self, one: str, other: str, by: str, why: str, now: Micros | None = None) -> Identities:
        """Make one customer of two, with all that ever happened to either; `split` takes it back."""
        return self._ruled(decide.merging, one, other, by, why, now)

    def split(self, one: str, other: str, by: str, why: str, now: Micros | None = None) -> Identities:
        """Take two keys apart that are joined directly, and keep them so, whatever is claimed.

        Returns what the first is known by: they may still be one customer through other keys.
        """
        return self._ruled(decide.splitting, one, other, by, why, now)

    def decisions(self) -> list[Decision]:
        """The merge log: who merged or split which keys, when and why, the latest first."""
        return known.decisions(self.warehouse)

    def shared(self) -> list[Refusal]:
        """Keys that join nobody: claimed with too many others to be one human's, or junk."""
        return known.shared(self.warehouse)

    def _ruled(
        self, rule: decide.Rule, one: str, other: str, by: str, why: str, now: Micros | None
    ) -> Identities:
        when = clock.now() if now is None else now
        with self.working:
            self.put([rule(self, one, other, by, why, when)], when)
            self.refresh(when)
        return self.identities(one)

    # --- its health -------------------------------------------------------------------------------

    def doctor(self) -> list[Finding]:
        """Look at everything: what is wrong, and how to mend it."""
        live = [definition.version for definition in self.definitions()]
        stores = (lambda: self.ops), (lambda: self.log), (lambda: self.warehouse)
        return examine(Patient(self.directory, *stores, live, self.configured))

    def rebuild(self, now: When = None, told: Told | None = None) -> Rebuilt:
        """Make the working copy again from the log and prove it the same; the old one is read meanwhile."""
        when = self.instant(now)
        with self.working:
            whole.check(self.ops, self.log, self.warehouse)
            self.rebuilding = True
            try:
                done = loader.rebuild(
                    self.log,
                    self.warehouse,
                    step(told, N_("Rebuilding")),
                    lambda made: self._fold(made, when, told),
                )
            finally:
                self.rebuilding = False
            self.refresh(when, told)
        return done


def _table(frame: Any) -> pa.Table:
    try:
        return pa.table(frame)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise UserError(
            N_("That is no table. Give an Arrow table, or a data frame of Polars or pandas: {reason}"),
            reason=error,
        ) from error

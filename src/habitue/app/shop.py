"""A workspace, opened: its stores and what can be done with them. No logic of its own."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from typing import Any, Final
from zoneinfo import available_timezones

import pyarrow as pa
from pyarrow import parquet

from habitue.app import imports
from habitue.app.imports import ImportReport
from habitue.app.selection import Selection
from habitue.app.stays import Stays
from habitue.engine import explain as why
from habitue.engine import refresh as engine
from habitue.engine.compile import Known
from habitue.engine.plan import Definition
from habitue.ingest import inbox, loader
from habitue.ingest.apply import reached
from habitue.ingest.doctor import Finding, Patient, examine
from habitue.ingest.inbox import Parcel
from habitue.ingest.loader import Rebuilt
from habitue.kernel import clock, money
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import LANGUAGES, N_, Language
from habitue.people import profiles
from habitue.people.keys import spoken
from habitue.rules.check import Catalogue, accept
from habitue.segments import saved
from habitue.stages import versions
from habitue.stages.models import Model
from habitue.store import jobs
from habitue.store.failure import Notice
from habitue.store.lock import Lock
from habitue.store.log import EventLog
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse

_CUT_SHORT: Final = N_("The import of {file} was cut short. Run it again: it goes on where it was.")
_FINISHED: Final = N_("Work left over from last time is finished: {events} events were taken in.")

MARK: Final = "habitue.toml"
FORMAT: Final = 1

Told = Callable[[str, int, int], None]
"""Told the step (a message), how much of it is done, and of how much; 0 where that is not known."""


@dataclass(frozen=True)
class Settings:
    """The workspace's currency (ISO 4217), time zone (IANA) and language."""

    currency: str = "EUR"
    timezone: str = "Europe/Paris"
    language: Language = "en"
    demo: bool = False

    @property
    def digits(self) -> int:
        return money.digits(self.currency)


@dataclass(frozen=True)
class Fresh:
    """What a refresh did: events that came in, those dropped as known, people folded, definitions folded whole."""

    events: int
    known: int
    people: int
    whole: int


class Shop:
    """One workspace, owned by this process until `close`."""

    @classmethod
    def create(
        cls,
        directory: Path | str,
        settings: Settings | None = None,
        database: str | None = None,
        now: Micros | None = None,
    ) -> Shop:
        """Make a workspace with one live stage model, `transactional`, and open it.

        `database` is the URL of a PostgreSQL database for the operational tables; SQLite if not said.
        Raises `UserError` where there is a workspace already, or the settings are none.
        """
        place, chosen = Path(directory), _checked(settings or Settings())
        if (place / MARK).exists():
            raise UserError(N_("{folder} is a workspace already."), folder=place)
        place.mkdir(parents=True, exist_ok=True)
        with Lock.take(place):
            ops = Ops.open(database or place / "ops.sqlite")
            for key, value in asdict(chosen).items():
                ops.put_setting(key, str(value))
            if not any(model.id == "transactional" for model in versions.live(ops)):
                versions.install(
                    ops, "chabry6", "transactional", clock.now() if now is None else now, by="init"
                )
            ops.close()
            # Written last: a directory without it is no workspace, and making one can simply be tried again.
            (place / MARK).write_text(_mark(database), "utf-8")
        return cls.open(place)

    @classmethod
    def open(cls, directory: Path | str) -> Shop:
        """Open a workspace; raises `UserError` where there is none, `Busy` where another process owns it."""
        place = Path(directory)
        mark = _read_mark(place)
        lock = Lock.take(place)
        try:
            ops = Ops.open(mark.get("database") or place / "ops.sqlite")
            log = EventLog(place / "log")
            warehouse = Warehouse.open(place / "work.duckdb", log=place / "log")
        except BaseException:
            lock.release()
            raise
        shop = cls(place, lock, ops, log, warehouse)
        try:
            shop._finish()
        except BaseException:
            shop.close()
            raise
        return shop

    def __init__(self, directory: Path, lock: Lock, ops: Ops, log: EventLog, warehouse: Warehouse) -> None:
        self.directory = directory
        self.lock = lock
        self.ops = ops
        self.log = log
        self.warehouse = warehouse
        self.generation = 0
        """Rises with every refresh: what was read before may be out of date."""
        self._own: list[Notice] = []
        self._working = RLock()

    @property
    def notices(self) -> list[Notice]:
        """What the owner should know of how the workspace was found, and what was done about it."""
        return [*self.warehouse.notices, *self._own]

    def _finish(self) -> None:
        """Do what an interrupted process left undone, and say so."""
        self._own += [Notice(_CUT_SHORT, {"file": file}) for file in jobs.unfinished(self.ops)]
        waiting, missing = inbox.count(self.ops), self.log.end() - reached(self.warehouse)
        if waiting or missing or self.warehouse.notices:
            self.refresh()
            left = Notice(_FINISHED, {"events": waiting + max(missing, 0)})
            self._own += [left] if waiting or missing else []

    @cached_property
    def settings(self) -> Settings:
        found = {key: self.ops.setting(key) for key in ("currency", "timezone", "language", "demo")}
        return Settings(
            found["currency"] or "EUR",
            found["timezone"] or "UTC",
            "fr" if found["language"] == "fr" else "en",
            found["demo"] == "True",
        )

    @property
    def demo(self) -> bool:
        """Whether what is in here is made up."""
        return self.settings.demo

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
        when = clock.now() if now is None else now
        with self._working:
            report = imports.run(
                self,
                Path(path),
                kind,
                mapping,
                rates or {},
                dry_run,
                language or self.settings.language,
                when,
                told,
            )
            if dry_run:
                return report
            return replace(report, known=report.known + self.refresh(now, told).known)

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

    def _import_frame(self, frame: Any, kind: str, mapping: Mapping[str, str]) -> ImportReport:
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"{kind}.parquet"
            parquet.write_table(pa.table(frame), path)
            return self.import_file(path, kind=kind, mapping=mapping)

    # --- keeping it fresh -------------------------------------------------------------------------

    def refresh(self, now: Micros | str | None = None, told: Told | None = None) -> Fresh:
        """Take in what waits in the inbox and bring every live definition up to `now`."""
        when = self.instant(now)
        with self._working:
            loaded = loader.load(self.ops, self.log, self.warehouse, _step(told, N_("Loading")))
            since = self.ops.setting("told")
            folded = engine.refresh(
                self.warehouse,
                self.definitions(),
                when,
                self.settings.digits,
                None if since is None else int(since),
                _step(told, N_("Folding")),
            )
            self.ops.put_setting("told", str(max(when, int(since or when))))
            self.generation += 1
        return Fresh(loaded.events, loaded.duplicates, folded.subjects, folded.whole)

    def definitions(self) -> list[Definition]:
        """All live definitions: stage models and saved segments."""
        return [m.definition() for m in self.models()] + [s.definition() for s in self.segments()]

    def known(self) -> Known:
        """What compiling a rule needs to know."""
        return engine.known(self.warehouse, self.definitions(), self.settings.digits)

    # --- asking -----------------------------------------------------------------------------------

    def models(self) -> list[Model]:
        """The live stage models, oldest first."""
        return versions.live(self.ops)

    def model(self, name: str) -> Model:
        """The live stage model of that id; raises `UserError` that lists those there are."""
        models = {model.id: model for model in self.models()}
        if name not in models:
            known = ", ".join(models)
            raise UserError(
                N_("There is no stage model “{name}”. There are: {known}."), name=name, known=known
            )
        return models[name]

    def stages(self, model: str = "transactional") -> Stays:
        """Who is in which stage of a live model, at any instant."""
        return Stays(self, self.model(model))

    def segments(self) -> list[saved.Segment]:
        """The saved segments."""
        return saved.live(self.ops)

    def segment(self, rule: str) -> Selection:
        """Any rule, or the name of a saved segment; raises `RuleError` with all that is wrong."""
        if saved.NAME.fullmatch(rule.strip()):
            rule = f'segment("{saved.named(self.segments(), rule.strip()).id}")'
        tree, warnings = accept(
            rule,
            "person",
            self.catalogue(),
            {model.id: tuple(stage.id for stage in model.stages) for model in self.models()},
            [segment.id for segment in self.segments()],
        )
        return Selection(self, rule, tree, warnings)

    def save_segment(self, name: str, rule: str, now: Micros | None = None) -> saved.Segment:
        """Keep a rule under a name, live with the next refresh."""
        when = clock.now() if now is None else now
        return saved.save(self.ops, name, rule, when, self.definitions(), self.catalogue())[0]

    def catalogue(self) -> Catalogue:
        """The names of events, traits, scores and consents seen so far."""
        read = self.warehouse.read
        return Catalogue(
            read("SELECT name FROM event_name").column(0).to_pylist(),
            read("SELECT DISTINCT name FROM trait").column(0).to_pylist(),
        )

    def explain(
        self,
        customer: str | int,
        rule: str | None = None,
        *,
        model: str = "transactional",
        at: Micros | str | None = None,
    ) -> why.Verdict | why.Why | None:
        """Why a customer is in a stage of the model, or why the rule is true or false for them.

        None if the customer did not exist then.
        """
        person, when, read = self.person(customer), self.instant(at), self.warehouse.read
        if rule is None:
            return why.decide(self.model(model).definition(), person, when, self.known(), read)
        return why.explain(self.segment(rule).rule, "person", person, when, self.known(), read)

    def customer(self, key: str | int) -> profiles.Person:
        """One customer's page; raises `UserError` where there is no such one."""
        found = profiles.person(self.warehouse, self.person(key))
        if found is None:
            raise UserError(N_("There is no customer “{key}”."), key=key)
        return found

    def person(self, key: str | int) -> int:
        """The number of a customer by number or by any of the names a source gave; raises `UserError`."""
        if isinstance(key, int):
            return key
        found = self.warehouse.read(
            "SELECT person FROM (SELECT unnest(?::VARCHAR[]) AS key, generate_subscripts(?::VARCHAR[], 1) AS n) "
            "JOIN person USING (key) ORDER BY n LIMIT 1",
            (list(spoken(key)), list(spoken(key))),
        )
        if found.num_rows == 0:
            raise UserError(N_("There is no customer “{key}”."), key=key)
        return int(found.column(0)[0].as_py())

    def instant(self, at: Micros | str | None) -> Micros:
        """An instant as asked for: now, µs, or ISO text in the workspace's time zone."""
        if at is None:
            return clock.now()
        return at if isinstance(at, int) else clock.instant(at, self.settings.timezone)

    # --- its health -------------------------------------------------------------------------------

    def doctor(self) -> list[Finding]:
        """Look at everything: what is wrong, and how to mend it."""
        live = [definition.version for definition in self.definitions()]
        patient = Patient(self.directory, lambda: self.ops, lambda: self.log, lambda: self.warehouse, live)
        return examine(patient)

    def rebuild(self, now: Micros | str | None = None, told: Told | None = None) -> Rebuilt:
        """Make the working copy again from the log, prove it the same, and fold it."""
        with self._working:
            done = loader.rebuild(self.log, self.warehouse, _step(told, N_("Rebuilding")))
            self.refresh(now, told)
        return done

    def close(self) -> None:
        """Close the stores and let go of the directory."""
        self.warehouse.close()
        self.ops.close()
        self.lock.release()

    def __enter__(self) -> Shop:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _checked(settings: Settings) -> Settings:
    if settings.timezone not in available_timezones():
        raise UserError(
            N_("“{zone}” is not a time zone. Write one such as Europe/Paris."), zone=settings.timezone
        )
    if settings.language not in LANGUAGES:
        raise UserError(N_("“{language}” is not spoken here. Choose en or fr."), language=settings.language)
    return replace(settings, currency=money.currency(settings.currency))


def _mark(database: str | None) -> str:
    lines = [f"format = {FORMAT}"]
    if database:
        lines.append(f"database = {json.dumps(database)}")
    return "\n".join(lines) + "\n"


def _read_mark(place: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads((place / MARK).read_text("utf-8"))
    except FileNotFoundError as error:
        raise UserError(
            N_("{folder} is not a workspace. Make it one with: habitue init {folder}"), folder=place
        ) from error
    except (OSError, ValueError) as error:
        raise UserError(N_("{file} can't be read: {reason}"), file=place / MARK, reason=error) from error
    if found.get("format") != FORMAT:
        raise UserError(N_("{folder} was made by another version of Habitué. Update Habitué."), folder=place)
    return found


def _step(told: Told | None, name: str) -> Callable[[int, int], None] | None:
    return None if told is None else lambda done, total: told(name, done, total)

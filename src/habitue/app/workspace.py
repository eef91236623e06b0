"""A workspace on disk: its stores, its settings, and the definitions that live in it."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any, Final, NoReturn, Self, TypeAlias, cast
from urllib.parse import urlsplit

import pyarrow as pa

from habitue.app import settings
from habitue.app.settings import Settings
from habitue.engine.plan import Definition
from habitue.engine.refresh import folded, known
from habitue.engine.seen import catalogue
from habitue.engine.source import Known
from habitue.engine.sweep import Intervals
from habitue.ingest.ahead import Ahead
from habitue.ingest.calls.recent import Recent
from habitue.ingest.doctor import Patient
from habitue.journeys import watches
from habitue.journeys.state import Running, running
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import LANGUAGES, N_, Language
from habitue.metrics.catalogue import Details
from habitue.people import identities
from habitue.people.keys import spoken
from habitue.rules.catalogue import Catalogue
from habitue.segments import saved
from habitue.stages import versions
from habitue.stages.kept import Kept, Made
from habitue.stages.kind import Words
from habitue.stages.models import Model
from habitue.store.failure import Notice, StoreDown
from habitue.store.keeper import Keeper
from habitue.store.lock import Lock
from habitue.store.log import EventLog
from habitue.store.ops import Ops
from habitue.store.place import literal, strangers
from habitue.store.warehouse import Warehouse

MARK: Final = "habitue.toml"
FORMAT: Final = 1
FOLDS: Final = 4
"""So many rules stay folded; one takes about 24 bytes for each stay of a customer in it."""

_MAKING: Final = N_("The events are in, and everybody's stages are being worked out from them.")

When: TypeAlias = Micros | date | str | None
"""An instant as people give it: µs, a date or date-time, ISO text, or None for now."""


class Workspace:
    """One data directory, owned by this process until `close`."""

    @classmethod
    def create(
        cls,
        directory: Path | str,
        chosen: Settings | None = None,
        database: str | None = None,
        now: Micros | None = None,
    ) -> Self:
        """Make a workspace with one live stage model, `transactional`, and open it.

        `database` is the URL of a PostgreSQL database for the operational tables; SQLite if not said.
        One that lost its operational database gets a new one; its events stay.
        Raises `UserError` where there is a workspace already, or other files, or can be none, or the settings
        are none.
        """
        place, agreed = literal(Path(directory)), settings.checked(chosen or Settings())
        marked = (place / MARK).exists()
        if not marked and (others := strangers(place)):
            raise UserError(
                N_(
                    "{folder} holds other files ({names}), and a workspace needs a directory for itself. "
                    "Name one that is new or empty, such as {inner}."
                ),
                folder=place,
                names=", ".join(others[:3]) + ", …" * (len(others) > 3),
                inner=place / "habitue",
            )
        database = database or (_read_mark(place).get("database") if marked else None)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)  # write keys and customers are in it
        with Lock.take(place):
            ops = Ops.open(database or place / "ops.sqlite")
            if marked and ops.setting("currency"):
                ops.close()
                raise UserError(N_("{folder} is a workspace already."), folder=place)
            ops.trust(Keeper.anew(place))
            settings.write(ops, agreed)
            if not any(model.id == "transactional" for model in versions.live(ops)):
                versions.install(
                    ops, "chabry6", "transactional", clock.now() if now is None else now, by="init"
                )
            ops.close()
            # Last, and whole: a directory without it is no workspace; making one can simply be tried again.
            _write_mark(place, database)
        return cls.open(place)

    @classmethod
    def open(cls, directory: Path | str, lock: Lock | None = None) -> Self:
        """Open a workspace, whose `lock` the caller may hold already.

        Raises `UserError` where there is none, `Busy` where another process owns it.
        """
        place = literal(Path(directory))
        try:
            mark = _read_mark(place)
            lock = lock or Lock.take(place)
            ops = _operational(place, mark)
            log = EventLog(place / "log")
            warehouse = Warehouse.open(place / "work.duckdb", log=place / "log")
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return cls(place, lock, ops, log, warehouse)

    @classmethod
    def patient(cls, directory: Path | str) -> Patient:
        """A workspace that can't be opened, for the doctor: each store is opened when its turn comes."""
        place = literal(Path(directory))
        return Patient(
            place,
            lambda: _operational(place, _read_mark(place)),
            lambda: EventLog(place / "log"),
            lambda: Warehouse.open(place / "work.duckdb", log=place / "log"),
        )

    def __init__(self, directory: Path, lock: Lock, ops: Ops, log: EventLog, warehouse: Warehouse) -> None:
        self.directory = directory
        self.lock = lock
        self.ops = ops
        self.log = log
        self.warehouse = warehouse
        self.ahead = Ahead()
        self.rebuilding = False
        """Whether the working copy is being made again; the one there is can be read until it is replaced."""
        self.generation = 0
        """Rises with every refresh: what was read before may be out of date."""
        self.folds = Kept[str, Intervals](lambda: self.generation, FOLDS)
        """The rules last folded, by text."""
        self.names = Kept[str, Catalogue](lambda: self.generation, 1)
        self.around = Kept[int, pa.Table](lambda: self.generation, 3)
        """Everybody's stays around now, by version."""
        self.ranks = Kept[str, pa.Table](lambda: self.generation, 1, 60.0)
        """Everybody's place by name."""
        self.sums = Kept[Micros, pa.Table](lambda: self.generation, 3)
        """Everybody's orders added up to an instant."""
        self.details = Kept[str, Details](lambda: self.generation, 1)
        """The last close look at what comes in."""
        self.notices: list[Notice] = []
        """What its owner should know of how the workspace was found, and what was done about it."""
        self.recent = Recent()
        """The last calls over HTTP."""
        self.forgetting: list[Callable[[], None]] = [self.recent.clear, self.details.forget]
        """Told when people are erased: whoever keeps what came in only in memory."""
        self.taking: Micros | None = None
        """When what waited longest was received, of what is being taken in: it counts once it is folded."""
        self.working = RLock()
        """Held by whoever changes what is in the stores."""

    @cached_property
    def settings(self) -> Settings:
        return settings.read(self.ops)

    def configure(self, timezone: str, language: str, by: str, now: Micros | None = None) -> None:
        """Change the workspace's time zone and language, from now on and for all that is shown."""
        when = clock.now() if now is None else now
        settings.change(self.ops, self.settings, timezone, language, by, when)
        del self.settings
        self.generation += 1

    @cached_property
    def configured(self) -> Mapping[str, Any]:
        """What stands in the workspace's file of settings."""
        return _read_mark(self.directory)

    @property
    def hosts(self) -> frozenset[str]:
        """The name under which people reach it, besides those of the machine."""
        name = urlsplit(str(self.configured.get("url", ""))).hostname
        return frozenset({name} if name else ())

    @property
    def base(self) -> str | None:
        """Where people reach it: as the file of settings says, or where it is served just now."""
        told = self.configured.get("url") or self.lock.url
        return str(told).rstrip("/") if told else None

    @property
    def demo(self) -> bool:
        """Whether what is in here is made up."""
        return self.settings.demo

    def definitions(self) -> list[Definition]:
        """All live definitions: stage models, saved segments, and what journeys look out for."""
        return [*self.ops.kept("definitions", self._definitions)]

    def _definitions(self) -> list[Definition]:
        made = [m.definition() for m in self.models()] + [s.definition() for s in self.segments()]
        return made + self.watched()

    def watched(self) -> list[Definition]:
        """The rules that journeys under way look out for."""
        found = [one.saved.journey for one in self.running()]
        return watches.definitions(found, watches.kept(self.ops)) if found else []

    def running(self) -> list[Running]:
        """The journeys that are live, and earlier versions that some are still in."""
        return running(self.ops)

    def known(self) -> Known:
        """What compiling a rule needs to know."""
        return known(self.warehouse, self.definitions(), self.settings.digits)

    def models(self) -> list[Model]:
        """The live stage models, oldest first."""
        return versions.live(self.ops)

    def model(self, name: str) -> Model:
        """The live stage model of that id; raises `UserError` that lists those there are."""
        models = {model.id: model for model in self.models()}
        if name not in models:
            known = Words(*(", ".join(map(one, models.values())) for one in map(_titled, LANGUAGES)))
            raise UserError(
                N_("There is no stage model “{name}”. There are: {known}."), name=name, known=known
            )
        return models[name]

    def segments(self) -> list[saved.Segment]:
        """The saved segments."""
        return saved.live(self.ops)

    def catalogue(self) -> Catalogue:
        """The names of events, their properties, traits, scores and consents seen until the last refresh."""
        return self.names.get("", 0, None, self._catalogue, wait=True).value

    def _catalogue(self, _: bool) -> Made[Catalogue]:
        generation = self.generation
        return Made(catalogue(self.warehouse.read), generation, 0)

    def ready(self) -> None:
        """Raise `StoreDown` where the working copy can't be read, or would show less than there is."""
        if not folded(self.warehouse, [model.version for model in self.models()]) and self.log.end():
            raise StoreDown(_MAKING)

    def person(self, key: str | int) -> int:
        """The number of a customer by number, also a former one, or by any key; raises `UserError`."""
        return self.named(key)[0] if isinstance(key, str) else identities.whole(self.warehouse, key)

    def named(self, key: str) -> tuple[int, str]:
        """The number of a customer, and the key by which they were meant; raises `UserError`."""
        found = identities.whose(self.warehouse, spoken(key))
        if found is None:
            raise UserError(N_("There is no customer “{key}”."), key=key)
        return found

    def instant(self, at: When) -> Micros:
        """An instant as asked for: now, µs, or a date or ISO text in the workspace's time zone."""
        if at is None:
            return clock.now()
        if isinstance(at, int):
            return at
        return clock.instant(at.isoformat() if isinstance(at, date) else str(at), self.settings.timezone)

    def close(self) -> None:
        """Close the stores and let go of the directory; whoever asks for them afterwards is told so."""
        if isinstance(self.ops, _Closed):
            return
        self.ahead.close()
        self.warehouse.close()
        self.ops.close()
        self.lock.release()
        self.ops = self.log = self.warehouse = cast(Any, _Closed(self.directory))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _titled(language: Language) -> Callable[[Model], str]:
    """A model's id with its name in a language."""
    return lambda model: f"{model.id} – {model.kind.name.said(language)}"


class _Closed:
    """Stands for each store of a workspace that was closed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getattr__(self, _: str) -> NoReturn:
        raise UserError(
            N_("The workspace {folder} is closed. Open it again with habitue.open."), folder=self._folder
        )


def _operational(place: Path, mark: Mapping[str, Any]) -> Ops:
    """The operational database; raises `UserError` where it holds nothing of a workspace: it was lost."""
    ops = Ops.open(mark.get("database") or place / "ops.sqlite")
    if ops.setting("currency"):
        ops.trust(Keeper(place))
        return ops
    file = ops.engine.url.render_as_string(hide_password=True)
    ops.close()
    raise UserError(
        N_(
            "The operational database {file} is empty: settings, models and segments are gone, the event "
            "log is there. Put back its last copy, or begin new settings with: habitue init {folder}"
        ),
        file=file,
        folder=place,
    )


def _mark(database: str | None) -> str:
    lines = [f"format = {FORMAT}"]
    if database:
        lines.append(f"database = {json.dumps(database)}")
    return "\n".join(lines) + "\n"


def _write_mark(place: Path, database: str | None) -> None:
    fresh = place / f"{MARK}.new"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(_mark(database))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(place / MARK)


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

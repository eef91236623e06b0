"""Files that came by the web, read in the background: first tried, then imported; one after another."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from threading import Lock, Thread
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from habitue.app import imports
from habitue.app.imports import ImportReport
from habitue.app.shop import Shop
from habitue.app.uploads import Upload, Uploads
from habitue.ingest import files
from habitue.ingest.files import Detected, Glance, Source
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import LANGUAGES, N_, Language, translator
from habitue.store import held

State: TypeAlias = Literal["waiting", "running", "done", "failed", "cut"]

OPTIONS: Final = ("sheet", "only", "dates", "decimal")
"""What a mapping says beside fields: of which sheet, which rows, how dates and amounts are written."""

_LOG: Final = logging.getLogger("habitue")
_DEFECT: Final = N_("Something went wrong here, and it is not your file’s fault. The server’s log says what.")


class Wish(Struct, frozen=True):
    """How a file is to be read: what the command line says as --as, --map (with --only) and --rate.

    `query` is the same as the address of the page on which it was said.
    """

    kind: str | None = None
    mapping: dict[str, str] = {}
    rates: tuple[str, ...] = ()
    query: str = ""


class Run(Struct):
    """A file that is being read, or was: `dry` only to see what would become of it.

    `step` is a message, `done` of `total` how far it has come; `reports` and `wrong` are in each language.
    """

    wish: Wish
    dry: bool
    language: Language
    began: Micros
    state: State = "waiting"
    step: str = ""
    done: int = 0
    total: int = 0
    reports: dict[Language, ImportReport] = {}
    wrong: dict[Language, str] = {}

    @property
    def over(self) -> bool:
        return self.state not in ("waiting", "running")


class Seen(Struct, frozen=True):
    """A file before it is read: its columns, how it will be read, or why it can't be yet."""

    source: Source | None
    header: list[str]
    detected: Detected | None
    guessed: Mapping[str, str]
    first: Glance | None
    wrong: UserError | None


class Loads:
    """The uploads of a shop and what is being done with them."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.uploads = Uploads(shop.directory)
        self._runs: dict[str, Run] = {}
        self._threads: dict[str, Thread] = {}
        self._sources: dict[str, Source] = {}
        self._turn = Lock()
        shop.forgetting.append(self.forget)

    def forget(self) -> None:
        """Keep nothing in memory of what came."""
        self._runs = {key: run for key, run in self._runs.items() if not run.over}
        self._threads = {key: thread for key, thread in self._threads.items() if thread.is_alive()}
        self._sources.clear()

    def look(self, upload: Upload, wish: Wish, language: Language, now: Micros) -> Seen:
        """How the file will be read, with its first rows."""
        source: Source | None = None
        header: list[str] = []
        guessed: dict[str, str] = {}
        try:
            source = self._source(upload)
            if source.format != "xlsx":
                header = files.headed(source)[1]
            header, guessed = self._guessed(source, wish)
        except UserError as error:
            if not header:
                return Seen(source, header, None, guessed, None, error)
        try:
            assert source is not None
            detected = imports.seen(self.shop, source, wish.kind, _differing(wish, guessed))
            settings = imports.reading(self.shop, language, dict(map(imports.rate, wish.rates)))
            return Seen(source, header, detected, guessed, files.glance(detected, settings, now), None)
        except UserError as error:
            return Seen(source, header, None, guessed, None, error)

    def start(self, upload: Upload, wish: Wish, dry: bool, language: Language, now: Micros) -> Run:
        """Begin to read it in the background, unless that is under way already."""
        before = self._runs.get(upload.id)
        if before and not before.over:
            return before
        run = self._runs[upload.id] = Run(wish, dry, language, now)
        self._keep(upload, run)
        self._threads[upload.id] = Thread(target=self._work, args=(upload, run), name="import", daemon=True)
        self._threads[upload.id].start()
        return run

    def wait(self, upload: Upload, seconds: float) -> None:
        """Until it is over, or for so long."""
        if thread := self._threads.get(upload.id):
            thread.join(seconds)

    def run(self, upload: Upload) -> Run | None:
        """What is being done with it, or was; one that a stop of the server ended was cut short."""
        if upload.id in self._runs:
            return self._runs[upload.id]
        try:
            kept = msgspec.json.decode(self.uploads.beside(upload, "run.json").read_bytes(), type=Run)
        except (OSError, msgspec.MsgspecError):
            return None
        if not kept.over:
            kept.state = "cut"
        return kept

    def reached(self, upload: Upload, run: Run) -> int:
        """How many events of one that was cut short are put aside already, about; it goes on from there."""
        try:
            source = self._source(upload)
            detected = imports.seen(self.shop, source, run.wish.kind, self._mapping(source, run.wish))
            rates = dict(map(imports.rate, run.wish.rates))
            job = files.job(detected, imports.reading(self.shop, run.language, rates))
            return held.reached(self.shop.ops, job) * files.CHUNK
        except UserError:
            return 0

    def ahead(self, upload: Upload) -> str | None:
        """The file that is being read now, where it is another one."""
        busy = (key for key, run in list(self._runs.items()) if run.state == "running" and key != upload.id)
        found = self.uploads.get(next(busy, ""))
        return found.name if found else None

    def under_way(self) -> list[tuple[Upload, Run]]:
        """What waits or is being read, and what was cut short; the latest first."""
        some = sorted(self.uploads.all(), key=lambda one: -one.at)
        runs = ((one, self.run(one)) for one in some)
        return [(one, run) for one, run in runs if run and run.state in ("waiting", "running", "cut")]

    def _guessed(self, source: Source, wish: Wish) -> tuple[list[str], dict[str, str]]:
        """The columns, and what they would be taken for if nothing were said of them."""
        found = imports.seen(self.shop, source, wish.kind, _options(wish.mapping))
        return found.header, {field: _column(found, field) for field in found.choices}

    def _mapping(self, source: Source, wish: Wish) -> dict[str, str]:
        """What is said otherwise than it would be found, as one would say it to the command line."""
        try:
            return _differing(wish, self._guessed(source, wish)[1])
        except UserError:
            return _differing(wish, {})

    def _source(self, upload: Upload) -> Source:
        """The file, looked through once: it doesn't change."""
        if upload.id not in self._sources:
            if len(self._sources) > 20:
                self._sources.clear()
            self._sources[upload.id] = files.look(self.uploads.file(upload))
        return self._sources[upload.id]

    def _work(self, upload: Upload, run: Run) -> None:
        try:
            with self._turn, self.shop.working:
                run.state = "running"
                self._read(upload, run)
        except UserError as error:
            run.wrong = {one: error.say(translator(one)) for one in LANGUAGES}
        except Exception:  # noqa: BLE001  whoever waits for it must be told that nothing more comes
            _LOG.exception("The import of an uploaded file failed.")
            run.wrong = {one: translator(one)(_DEFECT) for one in LANGUAGES}
        end: State = "failed" if run.wrong else "done"
        self._keep(upload, replace(run, state=end))
        if end == "done" and not run.dry:
            self.uploads.empty(upload)
            self._sources.pop(upload.id, None)
        run.state = end  # last: whoever sees that it is over may begin another

    def _read(self, upload: Upload, run: Run) -> None:
        def told(step: str, done: int, total: int) -> None:
            run.step, run.done, run.total = step, done, total

        source = self._source(upload)
        run.reports = self.shop.imported(
            source,
            run.wish.kind,
            self._mapping(source, run.wish),
            dict(map(imports.rate, run.wish.rates)),
            dry_run=run.dry,
            language=run.language,
            told=told,
            refused=self.uploads.beside(upload, "rejected.csv"),
        )

    def _keep(self, upload: Upload, run: Run) -> None:
        """So that it is known after a stop of the server; an upload that was dropped stays so."""
        path = self.uploads.beside(upload, "run.json")
        if path.parent.is_dir():
            fresh = path.with_suffix(".new")
            fresh.write_bytes(msgspec.json.encode(run))
            fresh.replace(path)


def _differing(wish: Wish, guessed: Mapping[str, str]) -> dict[str, str]:
    said = wish.mapping.items()
    return {name: column for name, column in said if name in OPTIONS or guessed.get(name, "") != column}


def _options(mapping: Mapping[str, str]) -> dict[str, str]:
    """What is no field: of which sheet, which rows, how dates and amounts are written."""
    return {name: said for name, said in mapping.items() if name in OPTIONS}


def _column(detected: Detected, field: str) -> str:
    choice = detected.choices[field]
    return "=" + choice.column if choice.fixed else choice.column

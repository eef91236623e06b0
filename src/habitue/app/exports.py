"""Lists of customers written into files, one after the other, while the pages go on being answered."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from secrets import token_urlsafe
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from habitue.app import lists
from habitue.app.lists import Wish
from habitue.ingest.traces import EXPORTS
from habitue.kernel import clock, money
from habitue.kernel.clock import DAY, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people import roster
from habitue.people.profiles import Choice
from habitue.stages.models import Model
from habitue.store import exports, sheet
from habitue.store.exports import Export

if TYPE_CHECKING:
    from habitue.app.shop import Shop

KEPT: Final = DAY
"""For how long a file can be fetched."""

PORTION: Final = 20_000
_PATIENCE: Final = 20.0
_LOG: Final = logging.getLogger("habitue")


class Headed(Struct, frozen=True):
    """What the reader's file looks like: a head for each column, names of stages, and what parts cells."""

    heads: dict[str, str]
    stages: dict[int, str]
    comma: str = ","


class _Job(Struct):
    export: Export
    model: Model
    choice: Choice
    columns: Sequence[str]
    persons: Sequence[int]
    headed: Headed


class Exporter:
    """Writes lists into files: one at a time, each by a thread and a process."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._turn = Lock()
        self._stopped = Event()
        self._threads: list[Thread] = []
        shop.forgetting.append(self.stop)

    @property
    def folder(self) -> Path:
        return self._shop.directory / EXPORTS

    def start(
        self,
        wish: Wish,
        query: str,
        form: str,
        by: str,
        headed: Headed,
        chosen: Sequence[int] | None = None,
        now: Micros | None = None,
    ) -> Export:
        """Begin to write a list, or those chosen from it; returns at once."""
        if form not in sheet.FORMS:
            raise UserError(
                N_("“{form}” is no form of a file. Choose one of {forms}."),
                form=form[:60],
                forms=", ".join(sheet.FORMS),
            )
        shop, when = self._shop, clock.now() if now is None else now
        model = shop.model(wish.model) if wish.model else shop.models()[0]
        choice = lists.choice(shop, model, wish.question, when)
        persons = lists.everybody(shop, wish, choice) if chosen is None else chosen
        ending = "xlsx" if form == "xlsx" else "csv"
        file = f"{token_urlsafe(16)}.{ending}"
        export = exports.begin(shop.ops, by, form, query, file, len(persons), when)
        self._stopped.clear()
        job = _Job(export, model, choice, wish.columns, persons, headed)
        thread = Thread(target=self._run, args=(job,), name=f"export {export.id}", daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()
        return export

    def path(self, export: Export) -> Path | None:
        """Where the file is; None where it is not, or not any more."""
        path = self.folder / export.file
        return path if export.finished is not None and path.is_file() else None

    def stop(self) -> None:
        """Write no further: somebody in the lists is being erased."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(_PATIENCE)

    def resume(self) -> None:
        """What the process before was writing when it ended is not written any more, and its part goes."""
        for file in exports.interrupt(self._shop.ops):
            (self.folder / file).unlink(missing_ok=True)

    def sweep(self, now: Micros) -> None:
        """Delete the files that were kept long enough."""
        for file in exports.sweep(self._shop.ops, now - KEPT):
            (self.folder / file).unlink(missing_ok=True)

    def wait(self) -> None:
        """Until all that was begun is over."""
        for thread in self._threads:
            thread.join()

    # --- one of them ------------------------------------------------------------------------------

    def _run(self, job: _Job) -> None:
        path, number = self.folder / job.export.file, job.export.id
        try:
            with self._turn:
                self._write(job, path)
            if self._stopped.is_set():
                path.unlink(missing_ok=True)
            else:
                exports.change(self._shop.ops, number, finished=clock.now(), size=path.stat().st_size)
        except Exception as error:  # noqa: BLE001  whoever waits for the file is told
            path.unlink(missing_ok=True)
            if not isinstance(error, UserError):
                _LOG.exception("An export failed.")
            with suppress(UserError):  # the workspace may be closed by now
                exports.change(self._shop.ops, number, failed=str(error)[:500])

    def _write(self, job: _Job, path: Path) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        words = [sys.executable, "-m", "habitue.store.sheet", job.export.form, str(path)]
        env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as child:
            try:
                self._send(job, child)
            except BrokenPipeError:
                pass  # it says below why it left
            except BaseException:
                child.kill()
                raise
            said = child.communicate()[1]
        if child.returncode and not self._stopped.is_set():
            raise UserError(N_("The file could not be written: {reason}"), reason=said.decode()[-300:])

    def _send(self, job: _Job, child: subprocess.Popen[bytes]) -> None:
        shop, schema = self._shop, None
        sums = lists.sums(shop, job.choice, clock.now())
        writer = None
        for start in range(0, max(len(job.persons), 1), PORTION):
            if self._stopped.is_set():
                child.kill()
                return
            part = job.persons[start : start + PORTION]
            table = rows(shop, job.model, job.choice, part, job.columns, sums, job.headed)
            if writer is None:
                schema = table.schema
                writer = pa.ipc.new_stream(child.stdin, schema)
            writer.write_table(table.cast(schema))
            exports.change(shop.ops, job.export.id, done=start + len(part))
        if writer is not None:
            writer.close()


def rows(
    shop: Shop,
    model: Model,
    choice: Choice,
    persons: Sequence[int],
    columns: Sequence[str],
    sums: pa.Table,
    headed: Headed,
) -> pa.Table:
    """What a file holds of these customers, each column with its kind."""
    found = roster.rows(shop.warehouse, choice, persons, lists.names(columns), sums)
    digits = money.digits(shop.settings.currency)
    stages = pa.array([headed.stages.get(n, "") for n in range(len(model.stages))], pa.string())
    made: list[tuple[str, pa.Array, str]] = []
    for column in ("key", "name", "email", *(one for one in columns if one != "email")):
        if column == "stage":
            made.append((column, stages.take(found["value"].combine_chunks()), "text"))
        elif column == "next":
            made.append((column, stages.take(found["next"].combine_chunks()), "text"))
            made.append(("until", found["until"], "date"))
        elif column == "revenue":
            made.append((column, _major(found["revenue"], digits), "money"))
        else:
            made.append((column, found[_UNDER.get(column, column)], _KINDS.get(column, "text")))
    fields = [
        pa.field(headed.heads.get(name, name), data.type, metadata={"kind": kind})
        for name, data, kind in made
    ]
    about = {"zone": shop.settings.timezone, "comma": headed.comma}
    return pa.table([data for _, data, _ in made], schema=pa.schema(fields, metadata=about))


_UNDER: Final = {"email": "trait.email", "phone": "trait.phone"}
_KINDS: Final = {
    "since": "date",
    "first": "date",
    "last": "date",
    "life": "number",
    "orders": "number",
}


def _major(units: pa.ChunkedArray, digits: int) -> pa.Array:
    """Amounts in major units, exact."""
    one = pa.scalar(Decimal(1).scaleb(-digits))
    return pc.multiply(units.cast(pa.decimal128(19, 0)), one)

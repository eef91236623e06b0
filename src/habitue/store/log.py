"""The event log: one Delta table, append-only, the record that everything else is rebuilt from.

Each append carries application transactions: `inbox:<store>`, the last inbox id it holds; `seq`, the next
free sequence number; `person` and `account`, the next free ids; `retracted`, up to where imports were taken
back. So the log itself says how far it has come, in the same commit as the rows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction
from pyarrow import parquet

from habitue.kernel import machine
from habitue.kernel.i18n import N_
from habitue.store.failure import DiskFull, StoreDown, full

MOMENT: Final = pa.timestamp("us", "UTC")

PARCEL: Final = pa.schema(
    [
        pa.field("id", pa.binary(16), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("account", pa.string()),
        pa.field("ts", MOMENT, nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("revenue", pa.int64()),
        pa.field("props", pa.string(), nullable=False),
        pa.field("also", pa.list_(pa.string())),
    ]
)
"""An event as it comes in: message id, person and account key, instant, name, minor units, JSON object.

`key` is the strongest by which its sender knows the person, `also` are the others.
"""

LOG: Final = pa.schema(
    [
        pa.field("seq", pa.int64()),
        pa.field("person", pa.int64()),
        pa.field("key", pa.string()),
        pa.field("account", pa.int64()),
        pa.field("account_key", pa.string()),
        pa.field("id", pa.binary()),
        pa.field("ts", MOMENT),
        pa.field("name", pa.string()),
        pa.field("revenue", pa.int64()),
        pa.field("props", pa.string()),
        pa.field("received", MOMENT),
        pa.field("source", pa.string()),
        pa.field("history", pa.bool_()),
        pa.field("also", pa.list_(pa.string())),
        pa.field("nodes", pa.list_(pa.int64())),
        pa.field("job", pa.string()),
    ]
)
"""An event as it is kept: with its global sequence number and the ids of its person and account.

`person` is the number of `key`, `nodes` are those of `also`, for ever: which of them are one human is
worked out from all that was said. `job` is the mark of the import that it came with, null for all else.
"""

RETRACT: Final = "$retract"
"""The event of nobody's that takes an import back: the rows before it that bear its `job` count no more."""

_GROUP: Final = min(1 << 17, machine.memory() >> 14)
"""Rows of a row group: who writes one, or reads one, holds it whole."""

_WRITING: Final = WriterProperties(compression="ZSTD", compression_level=1, max_row_group_size=_GROUP)
_FILE: Final = min(128 << 20, machine.memory() >> 4)
"""About the bytes of a file; one as large is not written anew any more."""

_ROWS: Final = 1 << 17
_SMALL_FILES: Final = 64
_COUNTED: Final = ("seq", "ts", "person")
"""The columns whose least and greatest are noted beside each file: in no other file than its own may a text
of somebody's stand."""

_NOTING: Final = {"delta.dataSkippingStatsColumns": ",".join(_COUNTED)}


class Retracted(NamedTuple):
    """That an import was taken back: the number of the event that says so, when, and by whom."""

    seq: int
    at: int
    by: str


class Change(Protocol):
    """From rows of the log to as many that take their place."""

    @property
    def columns(self) -> Sequence[str]:
        """What `touches` looks at."""

    def touches(self, rows: pa.Table) -> bool:
        """Whether any of these rows is to be changed."""

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The rows with those changed that are to be."""


class EventLog:
    """The log in one folder, made when it is missing; one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._notes: tuple[int, dict[str, int]] = (-1, {})
        self._retracted: tuple[int, dict[str, Retracted]] = (0, {})
        with self._guarded():
            try:
                self._table = DeltaTable(folder)
            except TableNotFoundError:
                self._table = DeltaTable.create(folder, LOG, mode="ignore", configuration=_NOTING)
            self._widen()
            self._note_less()

    def identity(self) -> str:
        """The table's own id: another log in the same place has another."""
        return str(self._table.metadata().id)

    def version(self) -> int:
        """The table's version; compaction raises it too."""
        return int(self._table.version())

    def end(self) -> int:
        """The next free sequence number, which is also how many events there are."""
        return self._noted("seq")

    def ids(self, subject: str) -> int:
        """The next free id of the persons or the accounts, as far as the log knows."""
        return self._noted(subject)

    def offset(self, store: str) -> int:
        """The last inbox id of that operational store whose events are here; 0 before any."""
        return self._noted(f"inbox:{store}")

    def append(self, rows: pa.Table, store: str, inbox_id: int) -> None:
        """Append `LOG` rows, numbered from `end()` on, with the inbox id they reach; durable on return.

        Raises `DiskFull` or `StoreDown`; then nothing of the rows is in the log.
        """
        noted = {f"inbox:{store}": inbox_id, "seq": self.end() + rows.num_rows}
        for subject, *columns in (
            ("person", rows["person"], pc.list_flatten(rows["nodes"])),
            ("account", rows["account"]),
        ):
            highest = [pc.max(column).as_py() for column in columns]
            noted[subject] = max(self.ids(subject), *(0 if n is None else n + 1 for n in highest))
        self._write(rows, noted)

    def retract(self, job: str, by: str, now: int) -> None:
        """Take back an import, for good: what bears its mark counts no more. Durable on return."""
        seq, at = self.end(), pa.array([now], MOMENT)
        said: dict[str, Any] = {"seq": seq, "key": "", "name": RETRACT, "source": "habitue", "history": True}
        said |= {"props": json.dumps({"by": by}), "job": job}
        row = pa.Table.from_pylist([said], schema=LOG)
        for name in ("ts", "received"):
            row = row.set_column(row.column_names.index(name), LOG.field(name), at)
        self._write(row, {"seq": seq + 1, "retracted": seq + 1})

    def retracted(self) -> Mapping[str, Retracted]:
        """The imports that were taken back, by their marks."""
        last = self._noted("retracted")
        if last != self._retracted[0]:
            with self._guarded():
                rows = self._table.to_pyarrow_dataset().to_table(
                    columns=["job", "seq", "ts", "props"], filter=pc.field("name") == RETRACT
                )
            columns = (rows["job"], rows["seq"], rows["ts"].cast(pa.int64()), rows["props"])
            told = zip(*(one.to_pylist() for one in columns), strict=True)
            found = {job: Retracted(seq, at, json.loads(said)["by"]) for job, seq, at, said in told}
            self._retracted = last, found
        return self._retracted[1]

    def _write(self, rows: pa.Table, noted: dict[str, int]) -> None:
        with self._guarded():
            write_deltalake(
                self._table,
                rows,
                mode="append",
                target_file_size=_FILE,
                writer_properties=_WRITING,
                commit_properties=CommitProperties(
                    app_transactions=[Transaction(k, v) for k, v in noted.items()]
                ),
            )
            self._settle()

    def read(
        self,
        start: int = 0,
        rows: int = 1 << 19,
        people: Sequence[int] | None = None,
        jobs: Sequence[str] | None = None,
    ) -> Iterator[pa.Table]:
        """The events from sequence number `start` on, in tables of about `rows`; other files are not read.

        With `people` only those under these numbers, with `jobs` those that came with these imports. What was
        taken back is among them.
        """
        wanted = pc.field("seq") >= start
        if people is not None:
            wanted &= pc.field("person").isin(list(people))
        if jobs is not None:
            wanted &= pc.field("job").isin(list(jobs))
        with self._guarded():
            dataset = self._table.to_pyarrow_dataset()
            held: list[pa.RecordBatch] = []
            for batch in dataset.to_batches(filter=wanted):
                held.append(batch)
                if sum(b.num_rows for b in held) >= rows:
                    yield pa.Table.from_batches(held)
                    held = []
            if held:
                yield pa.Table.from_batches(held)

    def count(self) -> int:
        """How many events the files hold by their own statistics."""
        with self._guarded():
            return int(self._table.count())

    def files(self) -> list[tuple[Path, int]]:
        """Path and size of each live file."""
        rows = pa.table(self._table.get_add_actions())
        pairs = zip(rows["path"].to_pylist(), rows["size_bytes"].to_pylist(), strict=True)
        return [(self.folder / path, size) for path, size in pairs]

    def compact(self) -> bool:
        """Merge small files once there are many, delete those replaced a week ago; whether it was needed."""
        if sum(size < _FILE // 4 for _, size in self.files()) < _SMALL_FILES:
            return False
        with self._guarded():
            self._table.optimize.compact(
                target_size=_FILE,
                max_concurrent_tasks=1 if machine.small() else None,
                writer_properties=_WRITING,
            )
            self._settle()
            self._table.vacuum(dry_run=False)
        return True

    def rewrite(self, change: Change, told: Callable[[int, int], None] | None = None) -> int:
        """Put other rows in the place of some, all in one commit; returns how many files that took.

        Only files that it touches are written anew. What they held stays in the old ones until `purge`.
        """
        actions: list[AddAction | RemoveAction] = []
        files = self.files()
        with self._guarded():
            for n, (path, size) in enumerate(files):
                made = self._rewritten(path, change)
                if made is not None:
                    actions += [
                        made,
                        RemoveAction(path.name, True, made.modification_time, size=size, partition_values={}),
                    ]
                if told:
                    told(n + 1, len(files))
            if actions:
                self._table.create_write_transaction(actions, "append", self._table.schema())
                self._table = DeltaTable(self.folder)  # the one at hand is not told
                self._settle()
        return len(actions) // 2

    def purge(self) -> None:
        """Delete all that an earlier state of the log had and this one has not, its notes included."""
        with self._guarded():
            self._table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
            self._table.create_checkpoint()
            notes = self.folder / "_delta_log"
            for path in (
                notes / f"{self.version():020d}.checkpoint.parquet",
                notes / "_last_checkpoint",
                notes,
            ):
                _sync(path)
            for path in notes.iterdir():
                number = path.name.partition(".")[0]
                if number.isdigit() and int(number) < self.version():
                    path.unlink()
            _sync(notes)
            self._table = DeltaTable(self.folder)

    def _rewritten(self, path: Path, change: Change) -> AddAction | None:
        """The file that takes this one's place; None where nothing in it changes."""
        if not any(change.touches(rows) for rows in _portions(path, change.columns)):
            return None
        made = self.folder / f"part-{uuid4()}.zstd.parquet"
        with parquet.ParquetWriter(made, LOG, compression="zstd", compression_level=1) as writer:
            for rows in _portions(path, LOG.names):
                writer.write_table(change(rows).cast(LOG))
        _sync(made)
        status = made.stat()
        return AddAction(
            made.name, status.st_size, {}, status.st_mtime_ns // 1_000_000, True, _statistics(made)
        )

    def _note_less(self) -> None:
        """Have a log of an earlier version note no more than is needed of what comes."""
        held = self._table.metadata().configuration
        if any(held.get(name) != value for name, value in _NOTING.items()):
            self._table.alter.set_table_properties(_NOTING)
            self._settle()

    def _noted(self, name: str) -> int:
        """What stands beside the rows under this name, asked once a version: a load wants it often."""
        version = self.version()
        if self._notes[0] != version:
            self._notes = version, {}
        notes = self._notes[1]
        if name not in notes:
            notes[name] = int(self._table.transaction_version(name) or 0)
        return notes[name]

    def _widen(self) -> None:
        """Add the columns that a log of an earlier version lacks; they are null in its rows."""
        held = {field.name for field in self._table.schema().fields}
        missing = [field for field in LOG if field.name not in held]
        if missing:
            self._table.alter.add_columns(Schema.from_arrow(pa.schema(missing)).fields)
            self._settle()

    def _settle(self) -> None:
        """Force the last commit and its files to the disk: the inbox rows are deleted after this."""
        commit = self.folder / "_delta_log" / f"{self.version():020d}.json"
        added = [
            json.loads(line)["add"]["path"]
            for line in commit.read_text("utf-8").splitlines()
            if '"add"' in line[:8]
        ]
        for path in (*(self.folder / name for name in added), commit, commit.parent, self.folder):
            _sync(path)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (DeltaError, OSError, pa.ArrowException) as error:
            if full(error):
                raise DiskFull(str(self.folder)) from error
            raise StoreDown(
                N_("The event log in {folder} failed: {reason}"),
                folder=self.folder,
                reason=_first_line(error),
            ) from error


def _portions(path: Path, names: Sequence[str]) -> Iterator[pa.Table]:
    """These columns of a file; null where it was written before there were such."""
    file = parquet.ParquetFile(path)
    held = set(file.schema_arrow.names)
    for batch in file.iter_batches(_ROWS, columns=[name for name in names if name in held]):
        yield pa.table(
            {
                name: batch[name] if name in held else pa.nulls(len(batch), LOG.field(name).type)
                for name in names
            }
        )


def _statistics(path: Path) -> str:
    """What the table notes of a file: how many rows, and the range of a few columns."""
    rows = parquet.read_table(path, columns=["seq", "person"])
    ranges = {name: pc.min_max(rows[name]).as_py() for name in rows.column_names}
    return json.dumps(
        {
            "numRecords": len(rows),
            "minValues": {name: found["min"] for name, found in ranges.items()},
            "maxValues": {name: found["max"] for name, found in ranges.items()},
            "nullCount": {name: rows[name].null_count for name in ranges},
        }
    )


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _first_line(error: BaseException) -> Any:
    return (str(error).splitlines() or [type(error).__name__])[0]

"""The event log: one Delta table, append-only, the record that everything else is rebuilt from.

Each append carries application transactions: `inbox:<store>`, the last inbox id it holds; `seq`, the next
free sequence number; `person` and `account`, the next free ids. So the log itself says how far it has come,
in the same commit as the rows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

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
    ]
)
"""An event as it is kept: with its global sequence number and the ids of its person and account.

`person` is the number of `key`, `nodes` are those of `also`, for ever: which of them are one human is
worked out from all that was said.
"""

_WRITING: Final = WriterProperties(compression="ZSTD", compression_level=1)
_FILE: Final = 128 << 20
_SMALL_FILES: Final = 64


class EventLog:
    """The log in one folder, made when it is missing; one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with self._guarded():
            try:
                self._table = DeltaTable(folder)
            except TableNotFoundError:
                self._table = DeltaTable.create(folder, LOG, mode="ignore")
            self._widen()

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

    def read(self, start: int = 0, rows: int = 1 << 19) -> Iterator[pa.Table]:
        """The events from sequence number `start` on, in tables of about `rows`; other files are not read."""
        with self._guarded():
            dataset = self._table.to_pyarrow_dataset()
            held: list[pa.RecordBatch] = []
            for batch in dataset.to_batches(filter=pc.field("seq") >= start):
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
            self._table.optimize.compact(target_size=_FILE, writer_properties=_WRITING)
            self._settle()
            self._table.vacuum(dry_run=False)
        return True

    def _noted(self, name: str) -> int:
        return int(self._table.transaction_version(name) or 0)

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


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _first_line(error: BaseException) -> Any:
    return (str(error).splitlines() or [type(error).__name__])[0]

"""A file as parcels: read, converted, counted, its rejected rows put aside; in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.files import lines, optin, people, seen
from habitue.ingest.files import orders as purchases
from habitue.ingest.files.detect import Detected, Kind, Settings
from habitue.ingest.files.emit import Memory, emit
from habitue.ingest.files.faults import Faults
from habitue.ingest.files.report import Rejects, Report, Withheld
from habitue.ingest.files.rows import Rows, unguarded
from habitue.ingest.files.source import Source
from habitue.ingest.files.text import Batch
from habitue.ingest.inbox import Parcel
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

CHUNK: Final = 50_000
PACKED: Final = 10
"""How much larger than its XLSX or Parquet file a table is, about."""

Progress = Callable[[int, int, int], None]
"""Called with rows done, bytes done and bytes in all."""


def parcels(
    detected: Detected,
    settings: Settings,
    now: int,
    *,
    report: Report,
    rejects: Path | None = None,
    withheld: Withheld | None = None,
    first: int = 0,
    progress: Progress | None = None,
) -> Iterator[Parcel]:
    """The file's events, at most 50,000 to a parcel, as history; `report` is filled in while they are taken.

    The same file read the same way gives the same parcels under the same keys, `import:<job>:<number>`.
    An interrupted import goes on by passing as `first` how many parcels are done: the file is read again from
    its start, since ids and counts rest on what came before, but only the parcels from there on are given.
    Rows of a header and cells that are `withheld` are not among the rejects.
    Raises `UserError` where a binary file turns out to be damaged, or rejected rows can't be written.
    """
    report.currency, report.zone = settings.currency, settings.zone
    source = f"import:{detected.source.name}"
    with (
        _readable(detected.source),
        Rejects(rejects, detected.header, settings.language, withheld) as refused,
    ):
        for table in _tables(detected, settings, now, report, refused, progress):
            for start in range(0, table.num_rows, CHUNK):
                if report.chunks >= first:
                    key = f"import:{job(detected, settings)}:{report.chunks}"
                    yield Parcel(key, source, True, table.slice(start, CHUNK))
                report.chunks += 1


@contextmanager
def _readable(source: Source) -> Iterator[None]:
    """Files may go, disks may fill up while the import runs."""
    try:
        yield
    except OSError as error:
        text = N_("The import of {path} stopped: {reason}. Mend that and import the file again.")
        raise UserError(text, path=repr(source.name), reason=error.strerror or str(error)) from error


def job(detected: Detected, settings: Settings) -> str:
    """Of the bytes, the mapping and the settings that the events depend on: names the import job."""
    rates = sorted((code, str(rate)) for code, rate in settings.rates.items())
    said = pa.array([f"{detected.fingerprint} {settings.currency} {settings.zone} {rates}"])
    return bytes(seen.digests(said)[0]).hex()


def _tables(
    detected: Detected,
    settings: Settings,
    now: int,
    report: Report,
    refused: Rejects,
    progress: Progress | None,
) -> Iterator[pa.Table]:
    memory = Memory(report)
    for batch in _batches(detected, report):
        report.reject(batch.rejects)
        refused.write(batch.rejects)
        report.rows += len(batch.lines) + len(batch.rejects)
        step = len(batch.lines) if detected.grouped else CHUNK
        for start in range(0, len(batch.lines), step or 1):
            part, numbers = unguarded(batch.table.slice(start, step)), batch.lines[start : start + step]
            yield _events(Rows(part, numbers, detected, settings, now, Faults(len(numbers))), memory, refused)
        if progress:
            progress(report.rows, batch.done or detected.source.size, detected.source.size)


def _chosen(detected: Detected, report: Report) -> Iterator[Batch]:
    """The rows that are to be read; the others are counted."""
    for batch in detected.rows():
        kept = detected.only.keeps(batch.table) if detected.only else np.ones(len(batch.lines), np.bool_)
        report.rows += int((~kept).sum())
        report.left += int((~kept).sum())
        yield (
            batch
            if kept.all()
            else batch._replace(table=batch.table.filter(pa.array(kept)), lines=batch.lines[kept])
        )


def _batches(detected: Detected, report: Report) -> Iterable[Batch]:
    if not detected.grouped:
        return _chosen(detected, report)
    unpacked = detected.source.size * (1 if detected.dialect else PACKED)
    return lines.parted(_chosen(detected, report), detected.choices["order_id"].column, unpacked)


def _orders(rows: Rows, memory: Memory) -> pa.Table:
    made = purchases.read(rows)
    made = lines.merge(made, rows) if rows.detected.grouped else made.only(np.flatnonzero(rows.faults.good))
    memory.count(rows.written(made.row), made.key)
    memory.report.free += int((made.sums & (made.amount == 0) & ~made.cancelled).sum())
    return emit(made, rows, memory)


READERS: Final[dict[Kind, Callable[[Rows, Memory], pa.Table]]] = {
    "orders": _orders,
    "order-lines": _orders,
    "customers": people.customers,
    "events": people.events,
}


def _events(rows: Rows, memory: Memory, refused: Rejects) -> pa.Table:
    table = READERS[rows.detected.kind](rows, memory)
    _refuse(rows, memory.report, refused)
    _tally(table, memory.report)
    told = optin.answers(rows) if rows.detected.kind == "customers" else None
    return table if told is None else pa.concat_tables([table, told])


def _refuse(rows: Rows, report: Report, refused: Rejects) -> None:
    rejects = rows.faults.rejects(rows.table, rows.lines)
    report.reject(rejects)
    report.omit(rows.faults.omitted)
    refused.write(rejects)


def _tally(table: pa.Table, report: Report) -> None:
    if not table.num_rows:
        return
    for count in pc.value_counts(table["name"]).to_pylist():
        report.events[count["values"]] += count["counts"]
    span = pc.min_max(table["ts"].cast(pa.int64())).as_py()
    report.period(span["min"], span["max"])
    report.money += pc.sum(table["revenue"]).as_py() or 0

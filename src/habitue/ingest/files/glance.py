"""The first rows of a file as they will be read: the events that they become, or why they don't."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Struct

from habitue.ingest.files.detect import Detected, Settings
from habitue.ingest.files.emit import Memory
from habitue.ingest.files.faults import Faults
from habitue.ingest.files.parcels import READERS
from habitue.ingest.files.report import Reject, Report
from habitue.ingest.files.rows import Rows, unguarded
from habitue.ingest.files.text import Batch

LOOKED: Final = 400
"""So many rows are read: the lines of an order should be among them."""


class Glance(Struct, frozen=True):
    """The first events (`key`, `name`, `ts` in µs, `revenue` in minor units, `props`) and refused rows."""

    events: list[dict[str, Any]]
    rejects: list[Reject]


def glance(detected: Detected, settings: Settings, now: int, most: int = 8) -> Glance:
    """What becomes of the first rows, as `parcels` would make it of the whole file."""
    batch = next((one for one in detected.rows() if one.table.num_rows), None)
    if batch is None:
        return Glance([], [])
    some = _kept(batch, detected)
    rows = Rows(some.table, some.lines, detected, settings, now, Faults(len(some.lines)))
    made = READERS[detected.kind](rows, Memory(Report(currency=settings.currency, zone=settings.zone)))
    refused = sorted([*batch.rejects, *rows.faults.rejects(some.table, some.lines)], key=lambda one: one.line)
    return Glance(_told(made, detected, most), refused[:most])


def _kept(batch: Batch, detected: Detected) -> Batch:
    """The first rows that are to be read."""
    kept = detected.only.keeps(batch.table) if detected.only else np.ones(len(batch.lines), np.bool_)
    rows = np.flatnonzero(kept)[:LOOKED]
    return batch._replace(table=unguarded(batch.table.take(pa.array(rows))), lines=batch.lines[rows])


def _told(made: pa.Table, detected: Detected, most: int) -> list[dict[str, Any]]:
    """The events in words' reach; who people are is told of customers only, of others what they did."""
    moments = made.set_column(made.column_names.index("ts"), "ts", made["ts"].cast(pa.int64()))
    told = moments.select(["key", "name", "ts", "revenue", "props"]).to_pylist()
    wanted = [one for one in told if detected.kind == "customers" or one["name"] != "$identify"]
    return [one | {"props": msgspec.json.decode(one["props"])} for one in wanted[:most]]

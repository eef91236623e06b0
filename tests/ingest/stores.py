"""The three stores in a folder, and parcels to put into them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa

from habitue.ingest.inbox import Parcel
from habitue.ingest.loader import Loaded, load
from habitue.store.log import PARCEL, EventLog
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse


@dataclass
class Stores:
    ops: Ops
    log: EventLog
    warehouse: Warehouse

    def load(self) -> Loaded:
        return load(self.ops, self.log, self.warehouse)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return [tuple(row.values()) for row in self.warehouse.read(sql).to_pylist()]


@contextmanager
def opened(place: Path, url: str | None = None) -> Iterator[Stores]:
    ops = Ops.open(url or place / "ops.sqlite")
    warehouse = Warehouse.open(place / "work.duckdb", log=place / "log", threads=1, memory="500MB")
    try:
        yield Stores(ops, EventLog(place / "log"), warehouse)
    finally:
        warehouse.close()
        ops.close()


def message(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def parcel(key: str, *events: dict[str, object], history: bool = True) -> Parcel:
    """Each event has an `id` text; what else it doesn't say is an order of 12.34 by user:a at 0."""
    rows = [
        {
            "id": message(str(event.get("id", (key, n)))),
            "key": event.get("key", "user:a"),
            "account": event.get("account"),
            "ts": event.get("ts", 0),
            "name": event.get("name", "Order Completed"),
            "revenue": event.get("revenue", 1234),
            "props": event.get("props", '{"revenue": 12.34}'),
            "also": event.get("also"),
        }
        for n, event in enumerate(events)
    ]
    columns = {name: pa.array([row[name] for row in rows], PARCEL.field(name).type) for name in PARCEL.names}
    return Parcel(key, f"import:{key}", history, pa.table(columns, schema=PARCEL))

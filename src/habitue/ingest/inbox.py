"""The inbox: what is acknowledged and not yet in the log. A parcel is safe once `put` has returned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, Final
from zlib import crc32

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.calls import protocol, rows, sources
from habitue.ingest.calls.intake import bury
from habitue.ingest.calls.protocol import Fault
from habitue.ingest.calls.rows import EURO, Dead, Origin, Row, Terms
from habitue.ingest.calls.sources import Source
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store.log import PARCEL
from habitue.store.ops import Ops, take
from habitue.store.tables import counter, inbox

CHUNK: Final = 50_000
"""The most rows in one inbox row; longer parcels are cut."""

FEW: Final = 16
"""Rows read at once: thousands of small ones are not asked for singly, and of 4 MB each they still fit."""

_IPC: Final = pa.ipc.IpcWriteOptions(compression="zstd")


@dataclass(frozen=True)
class Parcel:
    """Events on their way in, in the `PARCEL` schema; a `key` is taken once, `history` triggers nothing."""

    key: str
    source: str
    history: bool
    table: pa.Table


@dataclass(frozen=True)
class Waiting:
    """One inbox row of `size` bytes, read back and found intact: a parcel, or the events of a request with
    their `places` in it.

    A request's columns are made when they are asked for; of many requests `together` makes them at once.
    """

    id: int
    source: str
    history: bool
    received: int
    told: pa.Table | list[Row]
    size: int
    places: list[int] | None = None

    def __len__(self) -> int:
        return len(self.told)

    @cached_property
    def table(self) -> pa.Table:
        return rows.laid(self.told) if isinstance(self.told, list) else self.told


def together(batch: Iterable[Waiting]) -> pa.Table:
    """All their events, in order."""
    parts = []
    for called, some in groupby(batch, lambda one: isinstance(one.told, list)):
        run = list(some)
        parts += [rows.laid([row for one in run for row in one.told])] if called else [o.table for o in run]
    return pa.concat_tables(parts)


def put(ops: Ops, parcels: Iterable[Parcel], now: int) -> int:
    """Store parcels durably, each chunk in its own transaction; returns how many parcels were new.

    A parcel whose key is waiting already is ignored; one that was loaded meanwhile is taken again, and the
    loader drops its events by their message ids. Raises `ValueError` for a table of another schema.
    """
    return sum(_put(ops, parcel, now) for parcel in parcels)


def waiting(ops: Ops, terms: Terms = EURO, after: int = 0) -> Iterator[Waiting]:
    """The rows with an id above `after` that are there now, in order, a few in memory at a time.

    What comes meanwhile waits for the next time: a stream without end would keep its reader from ever being
    done. What can't be taken after all goes to the dead on the way.
    """
    known: dict[str, Source] = {}
    for found in _read(ops, after):
        if crc32(found.body) != found.crc:
            raise UserError(
                N_(
                    "Row {id} of the inbox ({source}) is damaged on disk. "
                    "Put back the last copy of the operational database, then import again."
                ),
                id=found.id,
                source=found.source,
            )
        told: pa.Table | list[Row]
        if found.form == "calls":
            known = known if found.source in known else sources.all_(ops)
            told, places = _called(ops, found, terms, known[found.source].verified)
        else:
            told, places = _whole(unpacked(found.body)), None
        size, received = len(found.body), int(found.received)
        yield Waiting(found.id, found.source, bool(found.history), received, told, size, places)


def _read(ops: Ops, after: int) -> Iterator[Any]:
    more = inbox.select().where(inbox.c.id <= issued(ops)).order_by(inbox.c.id).limit(FEW)
    while True:
        with ops.read() as tx:
            found = tx.execute(more.where(inbox.c.id > after)).all()
        yield from found
        if len(found) < FEW:
            return
        after = found[-1].id


def _called(ops: Ops, found: Any, terms: Terms, verified: bool) -> tuple[list[Row], list[int]]:
    origin = Origin(int(found.id), found.source, int(found.received), verified, terms)
    try:
        told, places, dead = rows.read(protocol.kept(found.body), origin)
    except msgspec.DecodeError as error:  # kept by an earlier version, or a defect: the others go on
        told, places, dead = [], [], [Dead(0, found.body, Fault("unread", {"reason": str(error)}))]
    bury(ops, origin, dead)
    return told, places


def contradicted(ops: Ops, row: Waiting, which: Iterable[int]) -> None:
    """Keep, to be looked at, the events of a request that say other things than the first with their id."""
    if row.places is None or not (places := [row.places[n] for n in which]):
        return
    with ops.read() as tx:
        body = tx.execute(
            inbox.select().with_only_columns(inbox.c.body).where(inbox.c.id == row.id)
        ).scalar_one()
    batch = protocol.kept(body).batch
    origin = Origin(row.id, row.source, row.received, True, EURO)
    bury(ops, origin, [Dead(place, bytes(batch[place]), Fault("differs", {})) for place in places])


def done(ops: Ops, upto: int) -> None:
    """Forget the rows whose events are in the log and in the working copy."""
    with ops.begin() as tx:
        tx.execute(inbox.delete().where(inbox.c.id <= upto))


def follow(ops: Ops, offset: int) -> None:
    """Number what waits, and what comes, above the log's offset.

    Only a database put back from an older copy is behind it; its rows are then new again to the loader, which
    drops by message id what the log has.
    """
    with ops.begin() as tx:
        behind = offset + 1 - take(tx, "inbox", 0)
        if behind > 0:
            take(tx, "inbox", behind)
            for row in tx.execute(inbox.select().with_only_columns(inbox.c.id).order_by(inbox.c.id)).all():
                fresh = take(tx, "inbox", 1)
                tx.execute(inbox.update().where(inbox.c.id == row.id).values(id=fresh))


def count(ops: Ops) -> int:
    """How many events wait."""
    with ops.read() as tx:
        return sum(row.rows for row in tx.execute(inbox.select().with_only_columns(inbox.c.rows)))


def oldest(ops: Ops) -> int | None:
    """When what waits longest was received; None when nothing waits."""
    with ops.read() as tx:
        found = tx.execute(inbox.select().with_only_columns(inbox.c.received).order_by(inbox.c.id).limit(1))
        first = found.first()
    return int(first.received) if first else None


def issued(ops: Ops) -> int:
    """The highest id ever given to a row."""
    with ops.read() as tx:
        return int(tx.execute(counter.select().where(counter.c.name == "inbox")).one().next) - 1


def _put(ops: Ops, parcel: Parcel, now: int) -> int:
    table = checked(parcel.table)
    new = False
    for start in range(0, table.num_rows, CHUNK):
        key = f"{parcel.key}#{start}" if start else parcel.key
        new |= _put_chunk(ops, key, parcel, table.slice(start, CHUNK), now)
    return int(new)


def _put_chunk(ops: Ops, key: str, parcel: Parcel, table: pa.Table, now: int) -> bool:
    body = packed(table)
    with ops.begin() as tx:
        number = take(tx, "inbox", 1)
        if tx.execute(inbox.select().with_only_columns(inbox.c.id).where(inbox.c.key == key)).first():
            return False
        row = {"id": number, "key": key, "source": parcel.source, "history": parcel.history}
        tx.execute(
            inbox.insert().values(**row, rows=table.num_rows, crc=crc32(body), body=body, received=now)
        )
    return True


def checked(table: pa.Table) -> pa.Table:
    """The table as a parcel's, without `also` where it has none; raises `ValueError` for one that is none."""
    table = _whole(table)
    if not table.schema.equals(PARCEL):
        raise ValueError(f"not a parcel: {table.schema}")
    for name in ("id", "key", "ts", "name", "props"):
        if table[name].null_count:
            raise ValueError(f"a parcel without {name}")
    also = pc.list_flatten(table["also"])
    if also.null_count:
        raise ValueError("a parcel with a null among also")
    if any(pc.any(pc.match_substring(keys, "\0")).as_py() for keys in (table["key"], table["account"], also)):
        raise ValueError("a parcel with a NUL in a key")
    return table


def _whole(table: pa.Table) -> pa.Table:
    """The table with `also`, which is left out where every event has one key only."""
    if "also" in table.column_names:
        return table
    field = PARCEL.field("also")
    return table.append_column(field, pa.nulls(len(table), field.type))


def packed(table: pa.Table) -> bytes:
    """The table as compressed Arrow."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_IPC) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


def unpacked(body: bytes) -> pa.Table:
    """The table that `packed` gave."""
    with pa.ipc.open_stream(body) as stream:
        return stream.read_all()

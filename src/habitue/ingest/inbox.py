"""The inbox: what is acknowledged and not yet in the log. A parcel is safe once `put` has returned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple, TypeAlias
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.calls import protocol, sources
from habitue.ingest.calls.intake import bury
from habitue.ingest.calls.protocol import Fault
from habitue.ingest.calls.rows import EURO, Asked, Dead, Origin, Taken, Terms, read
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store.log import PARCEL
from habitue.store.ops import Ops, Tx, take
from habitue.store.tables import inbox, inbox_events, inbox_size

CHUNK: Final = 50_000
"""The most rows in one inbox row; longer parcels are cut."""

MANY: Final = 10_000
"""Rows whose sizes are looked at at once."""

GROUP: Final = 4 << 20
"""And about how many bytes of them are read at once: a few large ones, or thousands of small ones."""

Reader: TypeAlias = Callable[[Sequence[Asked]], Taken]

_IPC: Final = pa.ipc.IpcWriteOptions(compression="zstd")


@dataclass(frozen=True)
class Parcel:
    """Events on their way in, in the `PARCEL` schema; a `key` is taken once, `history` triggers nothing.

    `job` is the mark of the import that they come with.
    """

    key: str
    source: str
    history: bool
    table: pa.Table
    job: str | None = None


@dataclass(frozen=True)
class Waiting:
    """One inbox row of `size` bytes, read back and found intact: a parcel, or the events of a request with
    their `places` in it; `job` is the mark of the import that it came with.
    """

    id: int
    source: str
    history: bool
    received: int
    crc: int
    table: pa.Table
    size: int
    places: list[int] | None = None
    dead: list[Dead] = field(default_factory=list)
    job: str | None = None

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def origin(self) -> Origin:
        """Where it came from."""
        return Origin(self.id, self.source, self.received, True, EURO)


class Listed(NamedTuple):
    """A row that is there: which, what its body must add up to, and its bytes."""

    id: int
    crc: int
    size: int


def together(batch: Iterable[Waiting]) -> pa.Table:
    """All their events, in order."""
    return pa.concat_tables(one.table for one in batch).combine_chunks()


def put(ops: Ops, parcels: Iterable[Parcel], now: int) -> int:
    """Store parcels durably, each chunk in its own transaction; returns how many parcels were new.

    A parcel whose key is waiting already is ignored; one that was loaded meanwhile is taken again, and the
    loader drops its events by their message ids. Raises `ValueError` for a table of another schema.
    """
    return sum(_put(ops, parcel, now) for parcel in parcels)


def waiting(ops: Ops, terms: Terms = EURO, after: int = 0, reader: Reader = read) -> Iterator[Waiting]:
    """The rows with an id above `after` that are there now, in order, a few MB in memory at a time.

    What comes meanwhile waits for the next time: a stream without end would keep its reader from ever being
    done. What can't be taken after all goes to the dead on the way. `reader` reads the requests.
    """
    for group in grouped(listed(ops, after, issued(ops))):
        for row in opened(ops, terms, reader, group):
            yield taken(ops, row)


def listed(ops: Ops, after: int, last: int, most: int | None = None) -> Iterator[Listed]:
    """The rows with these ids that are there, in order, or the first so many."""
    columns = inbox.select().with_only_columns(inbox.c.id, inbox.c.crc, inbox_size).order_by(inbox.c.id)
    many = most or MANY
    while True:
        with ops.read() as tx:
            found = tx.execute(columns.where(inbox.c.id > after, inbox.c.id <= last).limit(many)).all()
        yield from (Listed(*row) for row in found)
        if len(found) < many or most:
            return
        after = found[-1].id


def grouped(rows: Iterable[Listed]) -> Iterator[list[Listed]]:
    """Rows to be read at once."""
    group: list[Listed] = []
    held = 0
    for row in rows:
        if group and held + row.size > GROUP:
            yield group
            group, held = [], 0
        group.append(row)
        held += row.size
    if group:
        yield group


def opened(ops: Ops, terms: Terms, reader: Reader, group: Sequence[Listed]) -> list[Waiting]:
    """These rows, between which there are no others, read; those that are gone are left out."""
    with ops.read() as tx:
        found = tx.execute(
            inbox.select().where(inbox.c.id.between(group[0].id, group[-1].id)).order_by(inbox.c.id)
        ).all()
    for row in found:
        if crc32(row.body) != row.crc:
            raise UserError(
                N_(
                    "Row {id} of the inbox ({source}) is damaged on disk. "
                    "Put back the last copy of the operational database, then import again."
                ),
                id=row.id,
                source=row.source,
            )
    called = _called(ops, [row for row in found if row.form == "calls"], terms, reader)
    return [
        replace(Waiting(*origin, *next(called) if row.form == "calls" else _parcel(row.body)), job=row.job)
        for row in found
        for origin in [(row.id, row.source, bool(row.history), int(row.received), row.crc)]
    ]


def _parcel(body: bytes) -> tuple[pa.Table, int]:
    return _whole(unpacked(body)), len(body)


def taken(ops: Ops, row: Waiting) -> Waiting:
    """The row, once what can't be taken of it is among the dead."""
    bury(ops, row.origin, row.dead)
    return row


def _called(
    ops: Ops, found: Sequence[Any], terms: Terms, reader: Reader
) -> Iterator[tuple[pa.Table, int, list[int], list[Dead]]]:
    """The events of each of these requests, its size, their places in it, and what can't be taken."""
    if not found:
        return
    known = sources.all_(ops)
    origins = [
        Origin(int(row.id), row.source, int(row.received), known[row.source].verified, terms) for row in found
    ]
    read = reader([Asked(row.body, origin) for row, origin in zip(found, origins, strict=True)])
    start = 0
    for row, places, dead in zip(found, read.places, read.dead, strict=True):
        yield read.table.slice(start, len(places)), len(row.body), places, dead
        start += len(places)


def contradicted(ops: Ops, row: Waiting, which: Iterable[int]) -> None:
    """Keep, to be looked at, the events of a request that say other things than the first with their id."""
    if row.places is None or not (places := [row.places[n] for n in which]):
        return
    with ops.read() as tx:
        body = tx.execute(
            inbox.select().with_only_columns(inbox.c.body).where(inbox.c.id == row.id)
        ).scalar_one()
    batch = protocol.kept(body).batch
    bury(ops, row.origin, [Dead(place, bytes(batch[place]), Fault("differs", {})) for place in places])


def done(ops: Ops, upto: int) -> None:
    """Forget the rows whose events are in the log and in the working copy."""
    first = _first(ops)
    if first and first[0] <= upto:
        with ops.begin() as tx:
            tx.execute(inbox.delete().where(inbox.c.id <= upto))


def follow(ops: Ops, offset: int) -> None:
    """Number what waits, and what comes, above the log's offset.

    Only a database put back from an older copy is behind it; its rows are then new again to the loader, which
    drops by message id what the log has.
    """
    if issued(ops) >= offset:
        return
    with ops.begin() as tx:
        behind = offset + 1 - take(tx, "inbox", 0)
        if behind > 0:
            take(tx, "inbox", behind)
            for row in tx.execute(inbox.select().with_only_columns(inbox.c.id).order_by(inbox.c.id)).all():
                fresh = take(tx, "inbox", 1)
                tx.execute(inbox.update().where(inbox.c.id == row.id).values(id=fresh))


def count(ops: Ops) -> int:
    """How many events wait."""
    return ops.kept(count, lambda: _count(ops))


def _count(ops: Ops) -> int:
    with ops.read() as tx:
        return int(tx.execute(inbox.select().with_only_columns(inbox_events)).scalar_one())


def oldest(ops: Ops) -> int | None:
    """When what waits longest was received; None when nothing waits."""
    first = _first(ops)
    return first[1] if first else None


def _first(ops: Ops) -> tuple[int, int] | None:
    """The first row's id, and when it was received."""

    def read() -> tuple[int, int] | None:
        columns = inbox.select().with_only_columns(inbox.c.id, inbox.c.received)
        with ops.read() as tx:
            first = tx.execute(columns.order_by(inbox.c.id).limit(1)).first()
        return (int(first.id), int(first.received)) if first else None

    return ops.kept(_first, read)


def issued(ops: Ops) -> int:
    """The highest id ever given to a row."""
    return ops.counted("inbox") - 1


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
        return _put_body(tx, key, parcel, table.num_rows, body, now)


def put_with(tx: Tx, parcel: Parcel, now: int) -> None:
    """Store a parcel together with what else the caller's transaction writes."""
    table = checked(parcel.table)
    for start in range(0, table.num_rows, CHUNK):
        part = table.slice(start, CHUNK)
        key = f"{parcel.key}#{start}" if start else parcel.key
        _put_body(tx, key, parcel, part.num_rows, packed(part), now)


def _put_body(tx: Tx, key: str, parcel: Parcel, rows: int, body: bytes, now: int) -> bool:
    number = take(tx, "inbox", 1)
    if tx.execute(inbox.select().with_only_columns(inbox.c.id).where(inbox.c.key == key)).first():
        return False
    row = {"id": number, "key": key, "source": parcel.source, "history": parcel.history, "job": parcel.job}
    tx.execute(inbox.insert().values(**row, rows=rows, crc=crc32(body), body=body, received=now))
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

"""From the inbox to the log and the working copy, exactly once, whatever is interrupted where.

Each batch: drop what is known → who is it → append to the log, with the inbox offset in the same commit →
apply to the working copy → forget the inbox rows. Whoever starts again first applies what the log has and the
working copy lacks, and forgets inbox rows up to the log's offset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest import inbox, twice, unchanged, whole
from habitue.ingest.again import again
from habitue.ingest.apply import Progress, apply, catch_up
from habitue.ingest.calls.rows import EURO, Terms
from habitue.ingest.inbox import Waiting
from habitue.ingest.returned import Returned
from habitue.kernel import machine
from habitue.people import identity, traits
from habitue.store.failure import Damaged, StoreDown
from habitue.store.log import LOG, MOMENT, EventLog
from habitue.store.ops import Ops
from habitue.store.tidy import tidy
from habitue.store.warehouse import Warehouse

Fold = Callable[[Warehouse], object]

BATCH: Final = min(100_000, machine.memory() >> 15)
"""About how many events are taken to the log in one commit: fewer where memory is short."""

LARGE: Final = min(64 << 20, machine.memory() >> 5)
"""And about how many bytes of them."""

BUSY: Final = 10_000
"""Where more came in at once, more is coming: what can wait then waits."""


@dataclass(frozen=True)
class Loaded:
    """Events new and dropped as known, ids of the persons touched, and whether all of it was history.

    `differing`: how many that are stored came again with another instant, revenue or properties.
    `returned`: how many old files told of people who are erased.
    """

    events: int
    duplicates: int
    persons: np.ndarray[tuple[int], np.dtype[np.int64]]
    history: bool
    differing: int = 0
    returned: int = 0


def load(
    ops: Ops,
    log: EventLog,
    warehouse: Warehouse,
    progress: Progress | None = None,
    terms: Terms = EURO,
    waiting: Callable[[Ops, Terms], Iterable[Waiting]] = inbox.waiting,
) -> Loaded:
    """Take the whole inbox in; restartable at any point. `StoreDown` where a store fails: call again.

    A working copy that turns out to be damaged on disk is set aside and made again from the log. `waiting`
    tells what waits.
    """
    try:
        return _load(ops, log, warehouse, progress, terms, waiting)
    except Damaged:
        return _load(ops, log, warehouse, progress, terms, waiting)


def _load(
    ops: Ops,
    log: EventLog,
    warehouse: Warehouse,
    progress: Progress | None,
    terms: Terms,
    waiting: Callable[[Ops, Terms], Iterable[Waiting]],
) -> Loaded:
    recover(ops, log, warehouse)
    total, read, history, differing = inbox.count(ops) if progress else 0, 0, True, 0
    returned = Returned(ops)
    events, persons = 0, np.empty(0, np.int64)
    for parcels in _batches(returned.kept(waiting(ops, terms))):
        batch = again(warehouse, unchanged.without(warehouse, parcels))
        fresh = _numbered(ops, log, warehouse, batch)
        if fresh.num_rows < sum(map(len, batch)):
            differing += _contradicted(ops, warehouse, batch)
        if fresh.num_rows:
            log.append(fresh, ops.name, batch[-1].id)
            apply(warehouse, log, fresh)
            whole.note(ops, log)
        inbox.done(ops, batch[-1].id)
        read += sum(map(len, batch))
        events += fresh.num_rows
        persons = np.union1d(persons, fresh["person"].to_numpy())
        history &= all(row.history for row in batch)
        if progress:
            progress(read, total)
    traits.settle(ops, warehouse)
    tidy(warehouse, busy=read > BUSY)
    log.compact()
    return Loaded(events, read - events, persons, history, differing, returned.events)


@dataclass(frozen=True)
class Rebuilt:
    """Whether the old copy could be read to compare, which tables differed, and where it is kept if so."""

    events: int
    compared: bool
    differing: tuple[str, ...]
    kept: str | None


_PROOF: Final = {
    "event": "person, account, ts, name, revenue, props, seq, id, node",
    "trait": "person, name, value, ts, seq, node, source",
    "consent": "node, channel, purpose, status, history, ts, seq, source, via",
    "person": "person, key, birth",
    "node": "node, key, birth",
    "claim": "one, other, source, ts, seq",
    "ruling": "seq, act, one, other, who, why, ts",
    "merged": "node, person",
    "account": "account, key, birth",
    "account_trait": "account, name, value, ts, seq, node, source",
    "search": "word, node, kind",
    "tally": "name, source, hour, n, first, last",
}

_ROWS: Final = {
    "event": "event JOIN event_name USING (code)",
    "search": "(SELECT DISTINCT * FROM search)",
    "tally": "tally JOIN event_name USING (code)",
}


def rebuild(
    log: EventLog,
    warehouse: Warehouse,
    progress: Progress | None = None,
    fold: Fold | None = None,
) -> Rebuilt:
    """Make the working copy again from the log, compare it with the old one and put it in its place.

    Meanwhile the old one is read, also while `fold` makes the new one's intervals; without it everybody in
    the new one is touched. An old one that differs is set aside.
    """
    fresh = _beside(log, warehouse, progress, fold)
    made, old = _proof(fresh), _old_proof(log, warehouse)
    differing = tuple(name for name in made if old and made[name] != old[name])
    kept = warehouse.replace(fresh, keep=old is None or bool(differing))
    return Rebuilt(made["event"][0], old is not None, differing, kept)


def remake(log: EventLog, warehouse: Warehouse, progress: Progress | None, fold: Fold) -> None:
    """The same without comparing: what the log has since taken back goes out of the working copy."""
    warehouse.replace(_beside(log, warehouse, progress, fold), keep=False)


def _beside(log: EventLog, warehouse: Warehouse, progress: Progress | None, fold: Fold | None) -> Warehouse:
    fresh = warehouse.beside()
    catch_up(log, fresh, progress)
    if fold:
        fold(fresh)
    fresh.compact()
    return fresh


def _old_proof(log: EventLog, warehouse: Warehouse) -> dict[str, tuple[int, int]] | None:
    try:
        catch_up(log, warehouse)
        return _proof(warehouse)
    except StoreDown:
        return None


def _proof(warehouse: Warehouse) -> dict[str, tuple[int, int]]:
    """Of each table the row count and a hash that doesn't depend on the order of rows."""
    proof = {}
    for name, columns in _PROOF.items():
        rows = _ROWS.get(name, name)
        found = warehouse.read(f"SELECT count(*) AS n, sum(hash({columns}))::VARCHAR AS proof FROM {rows}")
        proof[name] = (int(found["n"][0].as_py()), int(found["proof"][0].as_py() or 0))
    return proof


def recover(ops: Ops, log: EventLog, warehouse: Warehouse) -> None:
    """Make the three stores agree after whatever happened; nothing to do, and quick, when nothing did.

    Raises `LogLost`, before anything is changed, where the log lacks what it had.
    """
    whole.check(ops, log, warehouse)
    catch_up(log, warehouse)
    whole.note(ops, log)
    for space, column in ((identity.PERSON, "node"), (identity.ACCOUNT, "account")):
        if identity.made(ops, space) < log.ids(space):
            rows = warehouse.read(f"SELECT key, {column} AS id FROM {column}")
            identity.recover(ops, space, rows["key"].to_pylist(), rows["id"].to_pylist())
    offset = log.offset(ops.name)
    inbox.follow(ops, offset)
    inbox.done(ops, offset)


def _batches(rows: Iterable[Waiting]) -> Iterator[list[Waiting]]:
    batch: list[Waiting] = []
    events = size = 0
    for row in rows:
        batch.append(row)
        events, size = events + len(row), size + row.size
        if events >= BATCH or size >= LARGE:
            yield batch
            batch, events, size = [], 0, 0
    if batch:
        yield batch


def _numbered(ops: Ops, log: EventLog, warehouse: Warehouse, batch: list[Waiting]) -> pa.Table:
    """The events of a batch that the log lacks, as `LOG` rows; of two with one id the first counts."""
    every = _labelled(batch)
    known = twice.known(warehouse, every["id"])
    kept = every.take(np.delete(np.arange(every.num_rows), known)) if len(known) else every
    columns = {name: kept[name] for name in kept.column_names} | {
        "seq": pa.array(np.arange(log.end(), log.end() + kept.num_rows)),
        **_people(ops, warehouse, kept["key"], kept["also"].combine_chunks()),
        "account": identity.resolve(ops, kept["account_key"], identity.ACCOUNT, warehouse),
    }
    return pa.table({name: columns[name] for name in LOG.names}).cast(LOG)


def _people(ops: Ops, warehouse: Warehouse, key: pa.ChunkedArray, also: pa.ListArray) -> dict[str, pa.Array]:
    """The numbers of each event's keys."""
    others = also.flatten()
    numbers = identity.resolve(ops, pa.chunked_array([*key.chunks, others]), warehouse=warehouse)
    return {"person": numbers[: len(key)], "nodes": _lists(also, numbers[len(key) :])}


def _lists(shape: pa.ListArray, values: pa.Array) -> pa.ListArray:
    """Lists as long as those of `shape`, and null where they are."""
    lengths = pc.fill_null(pc.list_value_length(shape), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=shape.is_null())


def _contradicted(ops: Ops, warehouse: Warehouse, batch: list[Waiting]) -> int:
    """How many come again with other contents; of those that were called in, each is kept to be looked at."""
    every = pa.concat_tables(
        row.table.append_column("called", pa.repeat(row.places is not None, row.table.num_rows))
        for row in batch
    )
    found = twice.differing(warehouse, every)
    start = 0
    for row in batch:
        end = start + row.table.num_rows
        if row.places is not None:
            inbox.contradicted(ops, row, found[(start <= found) & (found < end)] - start)
        start = end
    return len(found)


def _labelled(batch: list[Waiting]) -> pa.Table:
    """The events of a batch, each with what is known of its parcel."""
    many = [len(row) for row in batch]
    table = inbox.together(batch)
    table = table.rename_columns([{"account": "account_key"}.get(name, name) for name in table.column_names])
    of = pa.array(np.repeat(np.arange(len(batch)), many))
    for name, told in (
        ("received", pa.array([row.received for row in batch], MOMENT)),
        ("source", pa.array([row.source for row in batch])),
        ("history", pa.array([row.history for row in batch])),
        ("job", pa.array([row.job for row in batch], pa.string())),
    ):
        table = table.append_column(name, told.take(of))
    return table

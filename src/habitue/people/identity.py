"""Who a key is: each person and each account has one small number, dense from 0, which never changes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from habitue.store.ops import Ops, enrol, take
from habitue.store.tables import identity
from habitue.store.warehouse import Warehouse

PERSON = "person"
ACCOUNT = "account"


def resolve(
    ops: Ops, keys: pa.Array | pa.ChunkedArray, space: str = PERSON, warehouse: Warehouse | None = None
) -> pa.Int64Array:
    """The id of each key, in its order; null stays null.

    Unknown keys get the next free ids in the order of their text: they don't depend on the order of rows.
    Kept on return; the same keys give the same ids again. A working copy that is up to date with the log
    tells most of them in a fraction of the time.
    """
    whole = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
    coded = whole.dictionary_encode()
    ids = _told(warehouse, coded.dictionary, space)
    missing = np.flatnonzero(ids < 0)
    texts = coded.dictionary.take(pa.array(missing)).to_pylist()
    known = _known(ops, texts, space)
    ids[missing] = [known[key] for key in texts]
    return pa.array(ids).take(coded.indices)


def _told(warehouse: Warehouse | None, keys: pa.Array, space: str) -> NDArray[np.int64]:
    """The ids that the working copy knows, -1 for the others."""
    ids = np.full(len(keys), -1, np.int64)
    if warehouse is not None and len(keys):
        table = {PERSON: "node", ACCOUNT: "account"}[space]
        asked = pa.table({"place": np.arange(len(keys)), "key": keys})
        found = warehouse.read(
            f"SELECT place, {table} AS id FROM asked JOIN {table} USING (key)", asked=asked
        )
        ids[found["place"].to_numpy()] = found["id"].to_numpy()
    return ids


def _known(ops: Ops, keys: list[str], space: str) -> dict[str, int]:
    """The ids of the keys, making those that are missing; one caller at a time: `take` holds the counter."""
    if not keys:
        return {}
    with ops.begin() as tx:
        take(tx, space, 0)
        given = ops.texts(keys)
        held = identity.c.value.in_(given.select().with_only_columns(given.c.value))
        mine = identity.select().where(identity.c.space == space, held)
        pairs = tx.execute(mine.with_only_columns(identity.c.value, identity.c.subject))
        known = {value: int(subject) for value, subject in pairs}
        missing = sorted(key for key in keys if key not in known)
        if missing:
            first = take(tx, space, len(missing))
            enrol(tx, ops.texts(missing), space, first)
            known.update({key: first + n for n, key in enumerate(missing)})
    return known


def known(ops: Ops, keys: list[str], space: str = PERSON) -> dict[str, int]:
    """The ids of those of the keys that have one."""
    with ops.read() as tx:
        given = ops.texts(keys)
        held = identity.c.value.in_(given.select().with_only_columns(given.c.value))
        mine = identity.select().where(identity.c.space == space, held)
        rows = tx.execute(mine.with_only_columns(identity.c.value, identity.c.subject))
        return {value: int(subject) for value, subject in rows}


def recover(ops: Ops, space: str, keys: list[str], ids: list[int]) -> None:
    """Learn ids that the log knows and this database doesn't: it was lost, or put back from an older copy."""
    with ops.begin() as tx:
        held = {row.value for row in tx.execute(identity.select().where(identity.c.space == space))}
        rows = [
            {"space": space, "value": key, "subject": n}
            for key, n in zip(keys, ids, strict=True)
            if key not in held
        ]
        if rows:
            tx.execute(identity.insert(), rows)
        take(tx, space, max(0, max(ids, default=-1) + 1 - take(tx, space, 0)))


def made(ops: Ops, space: str) -> int:
    """How many ids there are in a space."""
    return ops.counted(space)

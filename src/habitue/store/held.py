"""Files on their way in: each chunk is kept once it is read, and all reach the inbox together at the end.

So nothing is half imported, and an import that was cut short goes on after the last chunk it kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import sqlalchemy as sa

from habitue.store.ops import Ops, take
from habitue.store.tables import held, inbox


def hold(ops: Ops, job: str, chunk: int, source: str, rows: int, body: bytes) -> None:
    """Keep a chunk, as compressed Arrow; durable on return."""
    values = {"source": source, "rows": rows, "crc": crc32(body), "body": body}
    with ops.begin() as tx:
        tx.execute(held.insert().values(job=job, chunk=chunk, **values))


def reached(ops: Ops, job: str) -> int:
    """The first chunk of the job that is not kept yet."""
    with ops.read() as tx:
        last = tx.scalar(held.select().where(held.c.job == job).with_only_columns(sa.func.max(held.c.chunk)))
    return 0 if last is None else int(last) + 1


def kept(ops: Ops, job: str) -> Iterator[bytes]:
    """The chunks of the job that are kept, in order, one in memory at a time."""
    for chunk in range(reached(ops, job)):
        with ops.read() as tx:
            mine = (held.c.job == job) & (held.c.chunk == chunk)
            yield bytes(tx.execute(held.select().where(mine)).one().body)


def release(ops: Ops, job: str, mark: str | None, now: int) -> None:
    """Hand all that is kept of the job to the inbox, as history and with its mark, in one transaction."""
    mine = held.c.job == job
    with ops.begin() as tx:
        count = tx.scalar(held.select().where(mine).with_only_columns(sa.func.count()))
        first = take(tx, "inbox", int(count or 0))
        rows = (
            held.select()
            .where(mine)
            .with_only_columns(
                held.c.chunk + first,
                sa.literal(f"import:{job}:") + sa.cast(held.c.chunk, sa.Text),
                held.c.source,
                sa.true(),
                held.c.rows,
                held.c.crc,
                held.c.body,
                sa.literal(now),
                sa.literal(mark, sa.Text),
            )
        )
        names = ["id", "key", "source", "history", "rows", "crc", "body", "received", "job"]
        tx.execute(inbox.insert().from_select(names, rows))
        tx.execute(held.delete().where(mine))


def drop(ops: Ops, job: str) -> None:
    """Forget what is kept of the job."""
    with ops.begin() as tx:
        tx.execute(held.delete().where(held.c.job == job))

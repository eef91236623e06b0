"""Events that could not be taken: looked at, mended and sent again, or dropped."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from habitue.ingest.calls import protocol
from habitue.ingest.calls.intake import Arrival, keep
from habitue.ingest.calls.protocol import FAULTS, Limits, Refused
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store.ops import Ops, dead


class Dead(Struct, frozen=True):
    """One of them: when it came and from where, why it was refused (a message and its fields), and itself."""

    id: int
    received: Micros
    source: str
    code: str
    reason: str
    fields: dict[str, object]
    body: bytes


def count(ops: Ops) -> dict[str, int]:
    """How many wait to be looked at, by reason."""
    counted = (
        sa.select(dead.c.reason, sa.func.count()).where(dead.c.settled.is_(None)).group_by(dead.c.reason)
    )
    with ops.read() as tx:
        return {code: int(n) for code, n in tx.execute(counted.order_by(dead.c.reason))}


def latest(ops: Ops, most: int = 100) -> list[Dead]:
    """Those that wait to be looked at, the newest first."""
    waiting = dead.select().where(dead.c.settled.is_(None)).order_by(dead.c.id.desc()).limit(most)
    with ops.read() as tx:
        return [_dead(row) for row in tx.execute(waiting)]


def one(ops: Ops, number: int) -> Dead:
    """One that waits; raises `UserError` where there is no such one."""
    with ops.read() as tx:
        return _one(tx, number)


def replay(ops: Ops, number: int, now: Micros, mended: bytes | None = None) -> int:
    """Take it again, as it is or `mended`; how many events that gave. Raises `UserError` if still wrong."""
    with ops.begin() as tx:
        lost = _one(tx, number)
        body = lost.body if mended is None else mended
        try:
            sending = protocol.read(body, Limits(), "event")
        except Refused as refused:
            raise UserError(FAULTS[refused.fault.code], **refused.fault.fields) from refused
        good, bad = protocol.sort(sending, Limits())
        for _, _, fault in bad[:1]:
            raise UserError(FAULTS[fault.code], **fault.fields)
        kept = protocol.stored(good, sending, None)
        keep(tx, [Arrival(lost.source, False, lost.received, len(good), kept, [])])
        _settle(tx, number, now, "replayed")
    return len(good)


def drop(ops: Ops, number: int, now: Micros) -> None:
    """Look no more at it; it stays noted. Raises `UserError` where there is no such one."""
    with ops.begin() as tx:
        _one(tx, number)
        _settle(tx, number, now, "dropped")


def _one(tx: sa.Connection, number: int) -> Dead:
    found = tx.execute(dead.select().where(dead.c.id == number, dead.c.settled.is_(None))).first()
    if found is None:
        raise UserError(N_("There is no refused event {number} that waits."), number=number)
    return _dead(found)


def _dead(row: sa.Row[tuple[object, ...]]) -> Dead:
    return Dead(row.id, row.received, row.source, row.reason, FAULTS[row.reason], row.detail, row.body)


def _settle(tx: sa.Connection, number: int, now: Micros, outcome: str) -> None:
    tx.execute(dead.update().where(dead.c.id == number).values(settled=now, outcome=outcome))

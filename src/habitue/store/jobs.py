"""What is remembered of imports: jobs begun and finished, and how each kind of file was read."""

from __future__ import annotations

from collections.abc import Collection
from secrets import token_hex
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from habitue.store.ops import Ops, Tx
from habitue.store.tables import import_job, mapping


class Job(Struct, frozen=True):
    """An import: which file and kind, begun and finished (None: cut short), and its report.

    `fingerprint` is of the file and of how it was read. Its events bear `mark` in the log, those of an import
    by an earlier version bear none; `undone` is when it was taken back.
    """

    id: int
    fingerprint: str
    file: str
    kind: str
    started: int
    finished: int | None
    report: dict[str, Any]
    mark: str | None
    undone: int | None


def latest(ops: Ops, most: int) -> list[Job]:
    """The last imports, the latest first."""
    rows = import_job.select().order_by(import_job.c.id.desc()).limit(most)
    with ops.read() as tx:
        return [_job(row) for row in tx.execute(rows)]


def numbered(ops: Ops, number: int) -> Job | None:
    """The import of that number; None where there is none."""
    with ops.read() as tx:
        row = tx.execute(import_job.select().where(import_job.c.id == number)).first()
    return None if row is None else _job(row)


def marked(ops: Ops, marks: Collection[str]) -> list[Job]:
    """The imports with these marks that are not noted as undone, the oldest first."""
    open_ = import_job.c.mark.in_(marks) & import_job.c.undone.is_(None)
    with ops.read() as tx:
        return [_job(row) for row in tx.execute(import_job.select().where(open_).order_by(import_job.c.id))]


def undo(tx: Tx, job: Job, now: int) -> bool:
    """Note that it was taken back; whether that was not noted yet."""
    mine = (import_job.c.id == job.id) & import_job.c.undone.is_(None)
    return tx.execute(import_job.update().where(mine).values(undone=now)).rowcount == 1


def _job(row: Any) -> Job:
    return Job(**{**row._mapping, "report": row.report or {}})


def begin(ops: Ops, fingerprint: str, file: str, kind: str, now: int) -> tuple[int, str | None]:
    """Note that a file is being imported; since when, and its mark. One cut short goes on as it was begun."""
    with ops.begin() as tx:
        begun = tx.execute(import_job.select().where(*_running(fingerprint))).first()
        if begun is not None:
            return int(begun.started), begun.mark
        values = {"file": file, "fingerprint": fingerprint, "kind": kind, "report": {}, "started": now}
        mark = token_hex(8)
        tx.execute(import_job.insert().values(**values, mark=mark))
    return now, mark


def finish(ops: Ops, fingerprint: str, report: Any, now: int) -> None:
    """Note that it is in, with its report (JSON)."""
    with ops.begin() as tx:
        tx.execute(import_job.update().where(*_running(fingerprint)).values(report=report, finished=now))


def forget(ops: Ops, fingerprint: str) -> None:
    """Note that it came to nothing; what the file did before stays noted."""
    with ops.begin() as tx:
        tx.execute(import_job.delete().where(*_running(fingerprint)))


def _running(fingerprint: str) -> tuple[sa.ColumnElement[bool], ...]:
    return import_job.c.fingerprint == fingerprint, import_job.c.finished.is_(None)


def unfinished(ops: Ops) -> list[str]:
    """The files whose import was cut short."""
    with ops.read() as tx:
        return [row.file for row in tx.execute(import_job.select().where(import_job.c.finished.is_(None)))]


def remembered(ops: Ops, header: str) -> str | None:
    """How a file with this header was read the last time."""
    with ops.read() as tx:
        row = tx.execute(mapping.select().where(mapping.c.header == header)).first()
    return None if row is None else str(row.columns)


def remember(ops: Ops, header: str, kind: str, columns: str, now: int) -> None:
    """Keep how a file with this header is read."""
    with ops.begin() as tx:
        tx.execute(mapping.delete().where(mapping.c.header == header))
        tx.execute(mapping.insert().values(header=header, kind=kind, columns=columns, saved=now))

"""What is remembered of imports: jobs begun and finished, and how each kind of file was read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from habitue.store.ops import Ops
from habitue.store.tables import import_job, mapping


class Job(Struct, frozen=True):
    """An import: which file and kind, begun and finished (None: cut short), and its report.

    `fingerprint` is of the file and of how it was read.
    """

    fingerprint: str
    file: str
    kind: str
    started: int
    finished: int | None
    report: dict[str, Any]


def latest(ops: Ops, most: int) -> list[Job]:
    """The last imports, the latest first."""
    rows = import_job.select().order_by(import_job.c.id.desc()).limit(most)
    with ops.read() as tx:
        return [
            Job(row.fingerprint, row.file, row.kind, row.started, row.finished, row.report or {})
            for row in tx.execute(rows)
        ]


def begin(ops: Ops, fingerprint: str, file: str, kind: str, now: int) -> int:
    """Note that a file is being imported, and return since when: one that was cut short goes on as begun."""
    with ops.begin() as tx:
        begun = tx.execute(import_job.select().where(*_running(fingerprint))).first()
        if begun is not None:
            return int(begun.started)
        values = {"file": file, "fingerprint": fingerprint, "kind": kind, "report": {}, "started": now}
        tx.execute(import_job.insert().values(values))
    return now


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

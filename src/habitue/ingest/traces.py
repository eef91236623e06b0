"""Where else somebody is named: in what waits, was refused or noted; found, and forgotten.

Nobody has worked out whom these texts are about, so they are looked through for keys, addresses and names.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import Any, Final
from urllib.parse import unquote_plus
from zlib import crc32

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.erasing import Plan
from habitue.ingest.inbox import packed
from habitue.people.identity import ACCOUNT, PERSON
from habitue.people.privacy import Marks
from habitue.store import acts, coupons, erasures, messages, notes, pairs, runs, views
from habitue.store.erasures import Request
from habitue.store.ops import Ops, Tx
from habitue.store.scratch import SPILL
from habitue.store.tables import (
    audit,
    dead,
    erasure,
    export_job,
    held,
    identity,
    import_job,
    inbox,
    message,
    note,
    saved_view,
    suppression,
)
from habitue.store.travels import run

CLEARED: Final = (
    *(identity, inbox, held, dead, import_job, audit, erasure, suppression),
    *(note, saved_view, export_job, message, run),
)
"""The tables that hold what is personal at times."""

REJECTS: Final = "rejects"
UPLOADS: Final = "uploads"
"""The folder of files that came by the web and wait to be imported."""
EXPORTS: Final = "exports"
"""The folder of files that lists of customers were written into."""

_LONGEST: Final = 1 << 30
"""Characters in a cell: whatever we wrote we read."""

NUMBERS: Final = (
    *("file", "kind", "dry_run", "rows", "events", "customers", "known", "rejected", "first", "last"),
    *("revenue", "currency", "differing", "conflicts", "stored", "stored_revenue"),
)
"""What is kept of the report of an import: in its sentences there are examples, and nobody knows whose."""


# --- found ----------------------------------------------------------------------------------------


def refused(ops: Ops, marks: Marks) -> list[dict[str, Any]]:
    """The refused calls that name them."""
    return [
        {
            "received": row.received,
            "source": row.source,
            "reason": row.reason,
            "call": row.body.decode("utf-8", "replace"),
        }
        for row in _calls(ops, marks)
    ]


def audited(ops: Ops, marks: Marks) -> list[dict[str, Any]]:
    """The acts noted that name them."""
    return [
        {"at": row.at, "by": row.by, "act": row.act, "about": row.about, "detail": row.detail}
        for row in _notes(ops, marks)
    ]


def rejected(folder: Path, marks: Marks) -> list[dict[str, str]]:
    """The rows of files that could not be imported and name them."""
    return [
        dict(zip(header, row, strict=False))
        for path in sorted((folder / REJECTS).glob("*.csv"))
        for header, row in _rows(path)
        if _about(header, row, marks)
    ]


# --- forgotten ------------------------------------------------------------------------------------


def forget_files(folder: Path, marks: Marks) -> None:
    """Take them out of the files of refused rows, and delete reports of defects that name them.

    What a calculation that was killed left on the disk goes too, and files with lists of customers.
    """
    rmtree(folder / SPILL, ignore_errors=True)
    for name in (EXPORTS, UPLOADS):
        rmtree(folder / name, ignore_errors=True)  # anybody may be in them
    for path in sorted((folder / REJECTS).glob("*.csv")):
        rows = list(_rows(path))
        left = [row for header, row in rows if not _about(header, row, marks)]
        if not left:
            path.unlink()
        elif len(left) < len(rows):
            _write(path, [rows[0][0], *left])
    for path in Path(tempfile.gettempdir()).glob("habitue-defect-*.txt"):
        if path.stat().st_uid == os.getuid() and marks.spoken(path.read_text("utf-8", "replace")):
            path.unlink()


def forget(ops: Ops, request: Request, plan: Plan, marks: Marks) -> None:
    """Take them out of the operational database, and keep keyed hashes of their keys; all or nothing."""
    secret = erasures.secret(ops)
    calls, audits = (
        _calls(ops, marks),
        _notes(ops, marks),
    )  # read before, so that nobody waits for it to write
    nodes = {one.node for one in plan.gone}
    naming = [
        one.id for one in notes.every(ops) if one.node not in nodes and _told(marks, one.text, one.assignee)
    ]
    along = [
        number
        for number, *texts in messages.told(ops, nodes)
        if any(_named(text.encode(), marks) for text in texts)
    ]
    called = [one.id for one in views.every(ops) if _told(marks, one.name, unquote_plus(one.query))]
    with ops.begin() as tx:
        for space, keys in ((PERSON, plan.keys), (ACCOUNT, plan.accounts)):
            given = ops.texts(keys)
            theirs = identity.c.value.in_(given.select().with_only_columns(given.c.value))
            tx.execute(identity.delete().where(identity.c.space == space, theirs))
        _forget_held(tx, set(plan.keys))
        for row in calls:
            tx.execute(dead.delete().where(dead.c.id == row.id))
        for row in tx.execute(import_job.select()).all():
            numbers = {name: row.report[name] for name in NUMBERS if name in row.report}
            tx.execute(import_job.update().where(import_job.c.id == row.id).values(report=numbers))
        for row in audits:
            acts.forget(tx, row.id, request.id)
        pairs.forget(tx, nodes)
        notes.forget(tx, nodes)
        messages.forget(tx, nodes)
        runs.forget(tx, nodes)
        coupons.forget(tx, nodes)
        messages.blank(tx, along)
        notes.blank(tx, naming, request.asked)
        views.delete(tx, called)
        tx.execute(export_job.delete())
        erasures.forget(tx, request, plan.keys, secret)


def _calls(ops: Ops, marks: Marks) -> list[Any]:
    with ops.read() as tx:
        rows = tx.execute(dead.select().order_by(dead.c.id))
        return [row for row in rows if _named(row.body, marks) or marks.within(row.detail)]


def _notes(ops: Ops, marks: Marks) -> list[Any]:
    with ops.read() as tx:
        rows = tx.execute(audit.select().order_by(audit.c.id))
        return [row for row in rows if marks.within([row.about, row.detail])]


def _told(marks: Marks, *texts: str | None) -> bool:
    return any(marks.names(text) or marks.spoken(text) for text in texts if text)


def _forget_held(tx: Tx, keys: set[str]) -> None:
    """Chunks of files that are still being read, without their rows."""
    gone = pa.array(sorted(keys))
    for row in tx.execute(held.select()).all():
        with pa.ipc.open_stream(row.body) as stream:
            table = stream.read_all()
        left = table.filter(pc.invert(pc.is_in(table["key"], gone)))
        if len(left) < len(table):
            body = packed(left)
            mine = held.c.job == row.job, held.c.chunk == row.chunk
            tx.execute(held.update().where(*mine).values(rows=len(left), crc=crc32(body), body=body))


def _named(body: bytes, marks: Marks) -> bool:
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return marks.spoken(body.decode("utf-8", "replace"))
    return marks.within(told)


def _rows(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Header and row, for each row of a file of refused ones."""
    csv.field_size_limit(_LONGEST)
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        for row in rows:
            yield header, row


def _about(header: list[str], row: list[str], marks: Marks) -> bool:
    names = [*header, *[""] * len(row)]
    return any(marks.within(cell.removeprefix("'"), name) for name, cell in zip(names, row, strict=False))


def _write(path: Path, rows: list[list[str]]) -> None:
    """In the file's place at once, so that a crash leaves the one or the other."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    fresh.replace(path)

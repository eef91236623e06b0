"""Is everything in order: one finding for each thing looked at, with what to do where something is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from habitue.ingest import inbox, retract, whole
from habitue.ingest.apply import reached
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store import acts, erasures
from habitue.store import ops as database
from habitue.store.lock import Busy, Lock
from habitue.store.log import EventLog
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse

LEAST_FREE: Final = 500 << 20
SPARE: Final = 2
"""So many working copies that were set aside are no matter yet."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it is, and how to mend it; both are gettext messages with the same fields."""

    state: Literal["ok", "warn", "bad"]
    what: str
    mend: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Patient:
    """What is examined: the directory, how to get at each of its stores, the versions that are live, and what
    its file of settings says.
    """

    directory: Path
    ops: Callable[[], Ops]
    log: Callable[[], EventLog]
    warehouse: Callable[[], Warehouse]
    live: Sequence[int] = ()
    configured: Mapping[str, Any] = field(default_factory=dict)


def examine(patient: Patient) -> list[Finding]:
    """Look at everything; a store that can't be opened is a finding, and what depends on it is left out."""
    findings: list[Finding] = []
    ops: Ops | None = None
    with _told(findings, _ALLOW):
        findings += _directory(patient.directory)
        findings.append(_sqlite())
        findings += unproxied(patient.configured)
    with _told(findings, _PUT_BACK):
        ops = patient.ops()
        findings += _operational(ops)
    with _told(findings, _COPY_LOG):
        log = patient.log()
        findings += _log(log)
        if ops is not None:
            findings.append(_agreed(log, ops))
        with _told(findings, _REBUILD):
            warehouse = patient.warehouse()
            findings += [*_working_copy(warehouse, log, ops), *_folded(warehouse, patient.live)]
            findings += _set_aside(patient.directory)
    return findings


_ALLOW: Final = N_("Give this user the right to read and write it, such as with chmod u+rwx.")
_PUT_BACK: Final = N_(
    "If it is a server, start it. If it is a file, put back its last copy; without one, move it away and "
    "run habitue init on the directory: settings and models begin anew, the events stay."
)
_COPY_LOG: Final = N_("Put back the folder “log” from a copy: nothing else holds all of the events.")
_REBUILD: Final = N_("Run habitue rebuild: it makes the working copy again from the log.")


@contextmanager
def _told(findings: list[Finding], mend: str) -> Iterator[None]:
    """What stops an examination is a finding itself."""
    try:
        yield
    except UserError as error:
        findings.append(Finding("bad", error.text, mend, dict(error.fields)))
    except OSError as error:
        fields = {"file": error.filename, "reason": error.strerror}
        findings.append(Finding("bad", N_("{file} can't be read: {reason}"), mend, fields))


def _directory(place: Path) -> Iterator[Finding]:
    fields: dict[str, Any] = {"folder": str(place)}
    if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("bad", N_("The directory {folder} can't be written."), _ALLOW, fields)
        return
    yield Finding("ok", N_("The directory {folder} can be written."), fields=fields)
    disk = shutil.disk_usage(place)
    fields = {"free": disk.free >> 20, "percent": round(100 * disk.free / disk.total)}
    if disk.free < max(LEAST_FREE, disk.total // 20):
        mend = N_("Free some space, or move the directory to a larger disk.")
        yield Finding("warn", N_("The disk is almost full: {free} MB are free ({percent}%)."), mend, fields)
    else:
        yield Finding("ok", N_("{free} MB of the disk are free ({percent}%)."), fields=fields)
    yield _owner(place)


def _owner(place: Path) -> Finding:
    """The lock goes with its process, so whoever holds it lives; on some network disks that is not kept."""
    try:
        Lock.take(place).release()
    except Busy as busy:
        fields = {"pid": busy.owner.pid}
        if _alive(busy.owner.pid):
            return Finding("ok", N_("The directory is open in process {pid}."), fields=fields)
        mend = N_("If the directory is on a network disk, move it to a local one.")
        return Finding(
            "warn", N_("The directory is locked by process {pid}, which is not here."), mend, fields
        )
    return Finding("ok", N_("No other process has the directory open."))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sqlite() -> Finding:
    version = database.sqlite_version(database.driver())
    fields = {"version": ".".join(map(str, version))}
    if database.sound(version):
        return Finding("ok", N_("SQLite {version} keeps its write-ahead log safe."), fields=fields)
    mend = N_("Install the pysqlite3 package, or a Python with SQLite 3.51.3 or newer.")
    return Finding("bad", N_("SQLite {version} can corrupt its write-ahead log."), mend, fields)


def unproxied(configured: Mapping[str, Any]) -> list[Finding]:
    """Behind a proxy that nobody has named, all who come seem to be one: so they are counted as one, too."""
    if "url" not in configured or "proxies" in configured:
        return []
    what = N_(
        "People reach this at {url}, and habitue.toml names no proxy before it: if there is one, all seem to "
        "come from its address, and one stranger’s wrong passwords keep everybody out for a while."
    )
    mend = N_(
        'Write the addresses of the proxies there, such as proxies = ["127.0.0.1"]; without any, '
        "proxies = []."
    )
    return [Finding("warn", what, mend, {"url": str(configured["url"])})]


def _operational(ops: Ops) -> Iterator[Finding]:
    damage = ops.damage()
    if damage:
        mend = N_("Put back the last copy of the operational database; the event log fills in what is newer.")
        yield Finding("bad", N_("The operational database is damaged: {damage}"), mend, {"damage": damage})
        return
    fields = {"revision": ops.revision()}
    yield Finding("ok", N_("The operational database is sound, its tables are at {revision}."), fields=fields)
    yield from _erasures(ops)
    yield _record(ops)
    waiting = sum(map(len, inbox.waiting(ops)))
    if waiting:
        mend = N_("Run habitue refresh to load them.")
        yield Finding(
            "warn", N_("Events that wait in the inbox, all intact: {waiting}."), mend, {"waiting": waiting}
        )
    else:
        yield Finding("ok", N_("The inbox is empty."))


def _record(ops: Ops) -> Finding:
    broken = acts.broken(ops)
    if broken is None:
        return Finding("ok", N_("The record of acts is as it was written."))
    mend = N_(
        "Find out who may write to the database. If you have put back an older copy of it yourself, stop the "
        "server and delete the file acts.head: the record goes on from there."
    )
    what = N_("The record of acts is not as it was written, from line {number} on.")
    return Finding("bad", what, mend, {"number": broken})


def _erasures(ops: Ops) -> Iterator[Finding]:
    if left := erasures.undone(ops):
        fields = {"n": len(left), "people": sum(one.people for one in left)}
        mend = N_("Open the workspace again, such as with habitue refresh: it goes on with them.")
        yield Finding("warn", N_("Erasures asked for and not done: {n}, of {people} people."), mend, fields)


def _log(log: EventLog) -> Iterator[Finding]:
    torn = [str(path) for path, size in log.files() if not path.is_file() or path.stat().st_size != size]
    fields: dict[str, Any] = {"events": log.end(), "counted": log.count(), "file": torn[0] if torn else ""}
    if torn:
        mend = N_("Put back that file from a copy of the log; without it, its events are gone.")
        yield Finding("bad", N_("The event log misses a file or a part of it: {file}"), mend, fields)
    elif log.count() != log.end():
        mend = N_("Put back a copy of the log: somebody else has written to it.")
        yield Finding(
            "bad", N_("Events in the files of the log: {counted}; by its own count: {events}."), mend, fields
        )
    else:
        yield Finding("ok", N_("Events in the log: {events}; all its files are there."), fields=fields)


def _agreed(log: EventLog, ops: Ops) -> Finding:
    if inbox.issued(ops) < log.offset(ops.name):
        mend = N_("Nothing to do: the next refresh makes them agree.")
        return Finding("warn", N_("The operational database is older than the event log."), mend)
    return Finding("ok", N_("The inbox and the event log agree."))


def _working_copy(warehouse: Warehouse, log: EventLog, ops: Ops | None) -> Iterator[Finding]:
    for notice in warehouse.notices:
        mend = N_("Nothing to do; the file that was set aside can be deleted.")
        yield Finding("warn", notice.text, mend, dict(notice.fields))
    lost = whole.lost(ops, log, warehouse) if ops else None
    if lost:
        yield Finding("bad", whole.LOST, whole.MEND, lost)
        return
    fields = {"here": reached(warehouse), "there": log.end()}
    if reached(warehouse) != log.end() or warehouse.meta("log") not in {None, log.identity()}:
        mend = N_("Run habitue refresh to catch up.")
        yield Finding("warn", N_("The working copy has {here} of {there} events."), mend, fields)
        return
    fields["here"] = warehouse.read("SELECT count(*) AS n FROM event")["n"][0].as_py()
    fields["there"] -= retract.left_out(log)
    if fields["here"] != fields["there"]:
        what = N_("Events in the working copy: {here}; in the log: {there}.")
        yield Finding("bad", what, _REBUILD, fields)
    else:
        yield Finding("ok", N_("Events in the working copy, the same as in the log: {here}."), fields=fields)


def _set_aside(place: Path) -> Iterator[Finding]:
    """Old working copies pile up where a disk fails again and again."""
    old = sorted(place.glob("work.duckdb.*-*"))
    if len(old) > SPARE:
        fields = {"n": len(old), "size": sum(file.stat().st_size for file in old) >> 20}
        what = N_("Working copies set aside, work.duckdb.*: {n}, {size} MB.")
        yield Finding("warn", what, N_("Delete them once you know why they were set aside."), fields)


def _folded(warehouse: Warehouse, live: Sequence[int]) -> Iterator[Finding]:
    touched = warehouse.read("SELECT count(DISTINCT person) AS n FROM touched")["n"][0].as_py()
    missing = [version for version in live if warehouse.meta(f"told:{version}") is None]
    mend = N_("Run habitue refresh.")
    if missing or touched:
        fields = {"missing": len(missing), "touched": touched}
        what = N_("Still to be folded: {missing} of the live definitions, {touched} of the customers.")
        yield Finding("warn", what, mend, fields)
    else:
        yield Finding("ok", N_("Every live definition is folded."))

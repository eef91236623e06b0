"""Keep every definition's intervals fresh: fold what is new, note what changed, leave the rest alone.

A subject's intervals hold its whole future as far as it is known: the day on which a stage will end
if nothing happens is the start of the next one. So as time passes nothing is computed again. Only
subjects with new events are folded, and only for them and for those whose due time has come is a
`transition` written.

Each definition is brought forward in one transaction of its own, with the instant up to which its
changes are told. Whatever stops the work, the next refresh finds each definition wholly done or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa

from habitue.engine.compile import Known, Lifted, Long, Program, compile
from habitue.engine.fold import Progress, everybody, fold, joined, rows, some
from habitue.engine.gather import Ids
from habitue.engine.plan import Book, Definition, Subject, in_order
from habitue.kernel.clock import Micros
from habitue.store.warehouse import Warehouse, Writer


@dataclass
class Refreshed:
    """What a refresh did: subjects folded, definitions folded whole, changes told, changes of the past noted."""

    subjects: int = 0
    whole: int = 0
    transitions: int = 0
    restated: int = 0
    versions: list[int] = field(default_factory=list)


def known(warehouse: Warehouse, definitions: Sequence[Definition], digits: int) -> Known:
    """What compiling needs to know, as it stands now."""
    names = warehouse.read("SELECT name, code FROM event_name").to_pydict()
    return Known(dict(zip(names["name"], names["code"], strict=True)), Book.of(definitions), digits)


def refresh(
    warehouse: Warehouse,
    definitions: Sequence[Definition],
    now: Micros,
    digits: int = 2,
    since: Micros | None = None,
    progress: Progress | None = None,
) -> Refreshed:
    """Bring the intervals of all live definitions up to `now`.

    `since` is up to when changes were told before, where the working copy does not know any more:
    a definition folded whole then tells the changes from there on. Without it, a definition that is
    folded for the first time tells nothing: its past is history.
    """
    done = Refreshed()
    names = known(warehouse, definitions, digits)
    touched = _touched(warehouse)
    for definition in in_order(definitions):
        program = compile(definition, names)
        told = _told(warehouse, definition.version)
        if told is None:
            _whole(warehouse, definition, program, since, now, progress, done)
        else:
            _forward(warehouse, definition, program, touched, told, max(told, now), progress, done)
        done.versions.append(definition.version)
    with warehouse.write() as writer:
        writer.run("DELETE FROM touched")
    done.subjects = len(touched.people)
    return done


# --- the whole history of one definition ----------------------------------------------------------


def _whole(
    warehouse: Warehouse,
    definition: Definition,
    program: Program,
    since: Micros | None,
    now: Micros,
    progress: Progress | None,
    done: Refreshed,
) -> None:
    version = definition.version
    with warehouse.write() as writer:
        for table in ("interval_base", "interval_tail", "refolded", "due"):
            writer.run(f"DELETE FROM {table} WHERE version = {version}")
        batches = everybody(definition.subject, warehouse.read)
        for found in fold(program, batches, warehouse.read, progress):
            writer.append("interval_base", rows(version, found))
        _expect(writer, f"FROM interval_base WHERE version = {version}", now)
        if since is not None:
            writer.run(f"CREATE TEMP TABLE due_now AS SELECT subject FROM interval_base WHERE version = {version} {_MOVED_IN}", (since, now, since, now))
            writer.run(_told_changes("interval_base SEMI JOIN due_now USING (subject)", version), (since, now))
            writer.run("DROP TABLE due_now")
        _note(writer, version, now)
    done.whole += 1


def _expect(writer: Writer, intervals: str, now: Micros) -> None:
    """Note when each of these subjects changes next if nothing happens."""
    writer.run(
        "INSERT INTO due SELECT ts, version, subject FROM ("
        f"SELECT start AS ts, version, subject {intervals} UNION SELECT stop, version, subject {intervals}"
        ") WHERE ts > make_timestamp(?) ORDER BY ts",
        (now,),
    )


def _note(writer: Writer, version: int, now: Micros) -> None:
    writer.run("DELETE FROM meta WHERE key = ?", (f"told:{version}",))
    writer.run("INSERT INTO meta VALUES (?, ?)", (f"told:{version}", str(now)))


def _told(warehouse: Warehouse, version: int) -> Micros | None:
    told = warehouse.meta(f"told:{version}")
    return None if told is None else int(told)


# --- what changed ---------------------------------------------------------------------------------

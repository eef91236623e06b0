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
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa

from habitue.engine.change import tell
from habitue.engine.compile import Known, Program, lifts, program
from habitue.engine.fold import Batch, Progress, everybody, fold, joined, rows, some
from habitue.engine.gather import FEW, Ids, Who, ids, those
from habitue.engine.plan import Book, Definition, Subject, in_order
from habitue.kernel.clock import Micros
from habitue.store.warehouse import Warehouse, Writer

NOBODY: Final = pa.table({"subject": pa.array([], pa.int32())})
QUIET: Final = pa.table({"subject": pa.array([], pa.int32()), "history": pa.array([], pa.bool_())})


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did: how many subjects had news, and how many definitions were folded whole."""

    subjects: int
    whole: int


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

    A definition folded for the first time tells no changes: its past is history. `since` says up to
    when changes were told, where a working copy made anew does not know: then they are told from there.
    """
    whole = 0
    names = known(warehouse, definitions, digits)
    touched = _Touched(warehouse)
    for definition in in_order(definitions):
        compiled = program(definition, names)
        told = warehouse.meta(f"told:{definition.version}")
        if told is None:
            _whole(warehouse, definition, compiled, since, now, progress)
            whole += 1
        else:
            _forward(warehouse, definition, compiled, touched, int(told), now, progress)
    with warehouse.write() as writer:
        writer.run("DELETE FROM touched")
    return Refreshed(len(touched.people), whole)


def forget(warehouse: Warehouse, version: int) -> None:
    """Drop a version's intervals; what was told of it stays."""
    with warehouse.write() as writer:
        _drop(writer, version)
        writer.run("DELETE FROM meta WHERE key = ?", (f"told:{version}",))


class _Touched:
    """Subjects with events that no definition has folded yet, and whether those came in as history only."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.read = warehouse.read
        rows = self.read(
            "SELECT person AS subject, bool_and(history) AS history FROM touched GROUP BY ALL ORDER BY 1"
        )
        self.people = ids(rows)
        self.quiet = rows
        self._kept: dict[tuple[Subject, bytes], Who] = {}

    @cached_property
    def accounts(self) -> Ids:
        """The accounts of the touched people."""
        return ids(
            self.read(
                "SELECT DISTINCT account FROM event SEMI JOIN wanted USING (person) WHERE account IS NOT NULL ORDER BY 1",
                wanted=pa.table({"person": self.people}),
            )
        )

    @cached_property
    def colleagues(self) -> Ids:
        """The touched people and everybody of their accounts."""
        found = ids(
            self.read(
                "SELECT DISTINCT person FROM event SEMI JOIN wanted USING (account) ORDER BY 1",
                wanted=pa.table({"account": self.accounts}),
            )
        )
        return np.union1d(self.people, found).astype(np.int32)

    def of(self, program: Program) -> Ids:
        """Whom the program must fold."""
        if program.subject == "account":
            return self.accounts
        return self.colleagues if lifts(program) else self.people

    def batches(self, program: Program) -> list[Batch]:
        """They in batches; where one is enough, all definitions share what was fetched for it."""
        wanted = self.of(program)
        if 0 < len(wanted) <= FEW:
            return [lambda: self._few(program.subject, wanted.tobytes())]
        return some(program.subject, wanted, self.read)

    def _few(self, subject: Subject, wanted: bytes) -> Who:
        if (subject, wanted) not in self._kept:
            self._kept[subject, wanted] = those(subject, np.frombuffer(wanted, np.int32), self.read)
        return self._kept[subject, wanted]


def _whole(
    warehouse: Warehouse,
    definition: Definition,
    program: Program,
    since: Micros | None,
    now: Micros,
    progress: Progress | None,
) -> None:
    """Fold everybody: the whole history of one definition."""
    version = definition.version
    with warehouse.write() as writer:
        _drop(writer, version)
        for found in fold(program, everybody(definition.subject, warehouse.read), warehouse.read, progress):
            writer.append("interval_base", rows(version, found))
        _expect(writer, f"interval_base WHERE version = {version}", now)
        if since is not None:
            _tell_due(writer, definition, NOBODY, since, now)
        _note(writer, version, now)


def _forward(
    warehouse: Warehouse,
    definition: Definition,
    program: Program,
    touched: _Touched,
    told: Micros,
    now: Micros,
    progress: Progress | None,
) -> None:
    """Fold the touched, and tell the changes of theirs and of those whose time has come."""
    version, wanted, now = definition.version, touched.of(program), max(told, now)
    found = joined(list(fold(program, touched.batches(program), warehouse.read, progress)))
    after, subjects = rows(version, found), pa.table({"subject": wanted})
    with warehouse.write() as writer:
        _tell_due(writer, definition, subjects, told, now)
        if len(wanted):
            before = _stored(writer, version, subjects)
            tell(writer, version, definition.subject, before, after, touched.quiet, told, now)
            _replace(writer, version, subjects, after)
            _expect(writer, "after", now, after=after)
        _note(writer, version, now)


def _tell_due(writer: Writer, definition: Definition, others: pa.Table, told: Micros, now: Micros) -> None:
    """Tell what time alone has brought about since `told`, leaving `others` out."""
    version = definition.version
    due = writer.run(
        f"SELECT DISTINCT subject FROM due ANTI JOIN others USING (subject) WHERE version = {version} "
        "AND ts > make_timestamp(?) AND ts <= make_timestamp(?)",
        (told, now),
        others=others,
    )
    if due.num_rows:
        intervals = _stored(writer, version, due)
        tell(writer, version, definition.subject, intervals, intervals, QUIET, told, now)


def _stored(writer: Writer, version: int, subjects: pa.Table) -> pa.Table:
    """These subjects' intervals: the view would read everybody's to leave out the refolded."""
    mine = f"WHERE version = {version} AND subject IN (SELECT subject FROM subjects)"
    return writer.run(
        f"SELECT * FROM (SELECT * FROM interval_base {mine}) ANTI JOIN refolded USING (version, subject) "
        f"UNION ALL SELECT * FROM interval_tail {mine}",
        subjects=subjects,
    )


def _replace(writer: Writer, version: int, subjects: pa.Table, after: pa.Table) -> None:
    writer.run(
        f"DELETE FROM interval_tail WHERE version = {version} AND subject IN (SELECT subject FROM subjects)",
        subjects=subjects,
    )
    writer.run(
        f"INSERT INTO refolded SELECT {version}, subject FROM subjects "
        f"ANTI JOIN (SELECT subject FROM refolded WHERE version = {version}) USING (subject)",
        subjects=subjects,
    )
    writer.append("interval_tail", after)


def _expect(writer: Writer, intervals: str, now: Micros, **tables: pa.Table) -> None:
    """Note when these subjects change next if nothing happens."""
    writer.run(
        "INSERT INTO due SELECT ts, version, subject FROM "
        f"(SELECT version, subject, unnest([start, stop]) AS ts FROM {intervals}) "
        "WHERE ts > make_timestamp(?) GROUP BY ALL ORDER BY ts",
        (now,),
        **tables,
    )


def _drop(writer: Writer, version: int) -> None:
    for table in ("interval_base", "interval_tail", "refolded", "due"):
        writer.run(f"DELETE FROM {table} WHERE version = {version}")


def _note(writer: Writer, version: int, now: Micros) -> None:
    writer.run("DELETE FROM meta WHERE key = ?", (f"told:{version}",))
    writer.run("INSERT INTO meta VALUES (?, ?)", (f"told:{version}", str(now)))

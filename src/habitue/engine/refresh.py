"""Keep every definition's intervals fresh: fold what is new, note what changed, leave the rest alone.

A subject's intervals hold its whole future as far as it is known: the day on which a stage will end
if nothing happens is the start of the next one. So as time passes nothing is computed again. Only
subjects with new events are folded, and only for them and for those whose due time has come is a
`transition` written. A definition is folded whole when it is new, and again when one that it refers
to has another version.

Each definition is brought forward in one transaction of its own, with the instant up to which its
changes are told. Whatever stops the work, the next refresh finds each definition wholly done or not.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.engine.change import affected, tell
from habitue.engine.compile import Program, program, reads
from habitue.engine.fold import Progress, everybody, fold, joined, rows
from habitue.engine.gather import ids
from habitue.engine.plan import Book, Definition, in_order
from habitue.engine.source import Known
from habitue.engine.standing import standing
from habitue.engine.touched import Touched
from habitue.kernel.clock import Micros
from habitue.store.warehouse import Warehouse
from habitue.store.writer import BASE, Writer

NOBODY: Final = pa.table({"subject": pa.array([], pa.int32())})


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did: how many people had news, and how many definitions were folded whole."""

    subjects: int
    whole: int


def known(warehouse: Warehouse, definitions: Sequence[Definition], digits: int) -> Known:
    """What compiling needs to know, as it stands now."""
    names = warehouse.read("SELECT name, code FROM event_name").to_pydict()
    codes = dict(zip(names["name"], names["code"], strict=True))
    return Known(codes, Book.of(definitions), digits, standing(warehouse.read))


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
    news = _News(warehouse)
    # The names are read last, so that no new event is of a name that is not among them.
    names = known(warehouse, definitions, digits)
    uses: dict[int, set[int]] = {}
    noted = warehouse.noted()
    due = _due(warehouse, now)
    whole = 0
    for definition in in_order(definitions):
        version, compiled = definition.version, program(definition, names)
        uses[version] = reads(compiled).union(*(uses[other] for other in reads(compiled)))
        turn = _Turn(warehouse, definition, compiled, str(sorted(uses[version])), now, progress)
        told, used = (noted.get(f"{word}:{version}") for word in ("told", "uses"))
        wanted, quiet = news.of(version, compiled)
        if told is not None and used == turn.uses:
            turn.forward(news.touched, wanted, quiet, int(told), version in due)
        else:
            turn.whole(since if told is None else int(told), again=told is not None)
            whole += 1
    news.forget()
    return Refreshed(len(news.touched.people), whole)


def folded(warehouse: Warehouse, versions: Collection[int]) -> bool:
    """Whether each of these versions has its intervals: in a working copy made anew they come last."""
    return all(warehouse.meta(f"told:{version}") is not None for version in versions)


def forget(warehouse: Warehouse, version: int) -> None:
    """Drop a version's intervals; what was told of it stays."""
    with warehouse.write() as writer:
        _drop(writer, version)
        writer.run("DELETE FROM meta WHERE key IN (?, ?)", (f"told:{version}", f"uses:{version}"))


def _due(warehouse: Warehouse, now: Micros) -> set[int]:
    """The versions of which something has fallen due: of most there is nothing, and nothing to look for."""
    found = warehouse.read("SELECT DISTINCT version FROM due WHERE ts <= make_timestamp(?)", (now,))
    return set(found.column(0).to_pylist())


class _News:
    """The people whose new events no definition has folded yet, as they are now: more may come meanwhile."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.last: int = warehouse.read("SELECT coalesce(max(rowid), -1) FROM touched").column(0)[0].as_py()
        people = warehouse.read(
            "SELECT person, bool_and(history) AS quiet FROM touched WHERE rowid <= ? GROUP BY ALL ORDER BY 1",
            (self.last,),
        )
        self.touched = Touched(ids(people), warehouse.read)
        live = people.filter(pc.invert(people["quiet"]))
        self.live = self.touched if len(live) == len(people) else Touched(ids(live), warehouse.read)

    def of(self, version: int, program: Program) -> tuple[pa.Table, pa.Table]:
        """Whom a definition must fold, and those of them whose news came in as history only."""
        wanted = self.touched.by(version, program)
        quiet = np.setdiff1d(wanted, self.live.by(version, program))
        return pa.table({"subject": wanted}), pa.table({"subject": quiet})

    def forget(self) -> None:
        with self.warehouse.write() as writer:
            writer.run("DELETE FROM touched WHERE rowid <= ?", (self.last,))


@dataclass(frozen=True)
class _Turn:
    """One definition's turn; `uses` names the versions that it refers to, at any remove."""

    warehouse: Warehouse
    definition: Definition
    program: Program
    uses: str
    now: Micros
    progress: Progress | None

    def whole(self, told: Micros | None, again: bool) -> None:
        """Fold everybody. Where changes were told up to `told`, the later ones are told now.

        If they were told from intervals that this version had before, what now reads differently is restated.
        """
        with self.warehouse.write() as writer:
            before = writer.read(f"SELECT * FROM intervals WHERE {self._mine}") if again else None
            self._fold_all(writer)
            if told is not None:
                after = writer.read(f"SELECT * FROM interval_base WHERE {self._mine}")
                before = after if before is None else before
                subjects = pa.concat_tables([before, after]).select(["subject"])
                self._tell(writer, before, after, subjects.group_by("subject").aggregate([]), told)
            self._note(writer, max(told or self.now, self.now))

    def forward(self, touched: Touched, wanted: pa.Table, quiet: pa.Table, told: Micros, due: bool) -> None:
        """Fold these, and tell the changes of theirs and, if any are `due`, of those whose time has come."""
        batches = touched.batches(self.definition.subject, ids(wanted))
        found = joined(list(fold(self.program, batches, self.warehouse.read, self.progress)))
        after = rows(self.definition.version, found)
        with self.warehouse.write() as writer:
            if due:
                self._tell_due(writer, wanted, told)
            if len(wanted):
                self._rewrite(writer, self._stored(writer, wanted), after, quiet, told)
            self._note(writer, max(told, self.now), due or told > self.now)

    def _rewrite(
        self, writer: Writer, before: pa.Table, after: pa.Table, quiet: pa.Table, told: Micros
    ) -> None:
        """Put one set of intervals in another's place, but for those of whom nothing changes: most visits
        move nobody.
        """
        moved = affected(before, after, told, max(told, self.now))
        if not len(moved):
            return
        theirs = pa.array(moved)
        before, after = (each.filter(pc.is_in(each["subject"], theirs)) for each in (before, after))
        self._tell(writer, before, after, quiet, told)
        self._replace(writer, pa.table({"subject": theirs}), after)
        self._expect(writer, "after", after=after)

    @property
    def _mine(self) -> str:
        return f"version = {self.definition.version}"

    def _fold_all(self, writer: Writer) -> None:
        _drop(writer, self.definition.version)
        read = self.warehouse.read
        for found in fold(self.program, everybody(self.definition.subject, read), read, self.progress):
            writer.append("interval_base", rows(self.definition.version, found))
        self._expect(writer, f"interval_base WHERE {self._mine}")

    def _tell_due(self, writer: Writer, others: pa.Table, told: Micros) -> None:
        """Tell what time alone has brought about, leaving `others` out."""
        due = writer.read(
            f"SELECT DISTINCT subject FROM due ANTI JOIN others USING (subject) WHERE {self._mine} "
            "AND ts > make_timestamp(?) AND ts <= make_timestamp(?)",
            (told, self.now),
            others=others,
        )
        if len(due):
            intervals = self._stored(writer, due)
            self._tell(writer, intervals, intervals, NOBODY, told)

    def _tell(self, writer: Writer, before: pa.Table, after: pa.Table, quiet: pa.Table, told: Micros) -> None:
        version, subject = self.definition.version, self.definition.subject
        tell(writer, version, subject, before, after, quiet, told, max(told, self.now))

    def _stored(self, writer: Writer, subjects: pa.Table) -> pa.Table:
        """These subjects' intervals: the view would read everybody's to leave out the refolded."""
        theirs = f"WHERE {self._mine} AND subject IN (SELECT subject FROM subjects)"
        return writer.read(
            f"SELECT * FROM (SELECT * FROM interval_base {theirs}) "
            "ANTI JOIN refolded USING (version, subject) "
            f"UNION ALL SELECT * FROM interval_tail {theirs}",
            subjects=subjects,
        )

    def _replace(self, writer: Writer, subjects: pa.Table, after: pa.Table) -> None:
        writer.run(
            f"DELETE FROM interval_tail WHERE {self._mine} AND subject IN (SELECT subject FROM subjects)",
            subjects=subjects,
        )
        writer.run(
            f"INSERT INTO refolded SELECT {self.definition.version}, subject FROM subjects "
            f"ANTI JOIN (SELECT subject FROM refolded WHERE {self._mine}) USING (subject)",
            subjects=subjects,
        )
        writer.append("interval_tail", after)

    def _expect(self, writer: Writer, intervals: str, **tables: pa.Table) -> None:
        """Note when these subjects change next if nothing happens."""
        writer.run(
            "INSERT INTO due SELECT ts, version, subject FROM "
            f"(SELECT version, subject, unnest([start, stop]) AS ts FROM {intervals}) "
            "WHERE ts > make_timestamp(?) GROUP BY ALL ORDER BY ts",
            (self.now,),
            **tables,
        )

    def _note(self, writer: Writer, told: Micros, due: bool = True) -> None:
        """How far this definition is; what fell `due` by then, if anything did, is told."""
        version = self.definition.version
        if due:
            writer.run(f"DELETE FROM due WHERE {self._mine} AND ts <= make_timestamp(?)", (told,))
        writer.note({f"told:{version}": str(told), f"uses:{version}": self.uses})


def _drop(writer: Writer, version: int) -> None:
    for table in ("interval_base", "interval_tail", "refolded", "due"):
        writer.run(f"DELETE FROM {table} WHERE version = {version}")
    writer.note({f"{BASE}:{version}": token_hex(8)})

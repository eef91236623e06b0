"""The working copy: one DuckDB file, disposable, locked down, fast to read.

Tables are in `warehouse.sql`. Readers run on a cursor per thread, beside one writer at a time. A file that
can't be opened is set aside under another name, never deleted, and an empty one takes its place: the loader
fills it again from the log.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, overload
from weakref import WeakSet

import duckdb
import pyarrow as pa

from habitue.kernel.i18n import N_
from habitue.store.aside import set_aside, wal
from habitue.store.failure import (
    Damaged,
    DiskFull,
    Notice,
    StatementFailed,
    StoreDown,
    damaged,
    full,
    refused,
)
from habitue.store.lately import Lately, question
from habitue.store.leave import leave
from habitue.store.limits import limits
from habitue.store.merge import SORTED, merge
from habitue.store.statement import Array, Statements
from habitue.store.writer import Writer

SCHEMA: Final = "4"
"""Raised with every change of `warehouse.sql`: a file of another schema is set aside and rebuilt."""

_SIZES: Final = "(BLOCK_SIZE 65536, ROW_GROUP_SIZE 40960)"
"""Smaller than DuckDB's own: a refresh reads a thousand customers scattered over the file, and what it reads
of each is a row group's blocks. Whole scans take as long as with large ones."""

_PORTION: Final = 1 << 20
"""So many rows at once are in memory when a file is written anew."""

_DOWN: Final = N_(
    "The working copy failed and was closed: {reason}. Try again; if it stays so, run habitue rebuild."
)
_DAMAGED: Final = N_(
    "The working copy {path} is damaged on disk. "
    "Nothing is lost: run habitue rebuild to make it again from the log."
)
_CUT: Final = (duckdb.ConnectionException, duckdb.InterruptException)
_BROKEN: Final = (duckdb.FatalException, duckdb.InternalException, duckdb.IOException, *_CUT)
_NOTED: Final = "SELECT value FROM meta WHERE key = 'schema'"
_SET_ASIDE: Final = N_(
    "The working copy could not be opened ({reason}). It was set aside as {kept} and is rebuilt from the log."
)
_BUSY: Final = N_("The working copy {path} can't be opened: {reason}")


class Warehouse:
    """The working copy of one data directory; opened once per process."""

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        log: Path | None = None,
        threads: int | None = None,
        memory: str | None = None,
    ) -> Warehouse:
        """Open or create the file (None: in memory); SQL may read files below `log` and nowhere else.

        `memory` is DuckDB's limit, such as "2GB" (see `limits`). Raises `StoreDown` where
        another process holds the file, it may not be read or the disk is full; a damaged one is set aside.
        """
        return cls(path, log, limits(threads, memory))

    def __init__(self, path: Path | None, log: Path | None, limits: dict[str, Any]) -> None:
        self.path = path
        self.notices: list[Notice] = []
        self.damaged = False
        """Whether a block was found that can't be read: the next load makes the working copy again."""
        self._log = log
        self._limits = limits
        self._local = threading.local()
        self._writing = threading.Lock()
        self._opening = threading.RLock()
        self._turn = 0
        """Counts what was written, and how often another file took this one's place."""
        self._noted: tuple[int, dict[str, str]] | None = None
        self._lately = Lately()
        self._cursors: WeakSet[duckdb.DuckDBPyConnection] = WeakSet()
        self._root: duckdb.DuckDBPyConnection | None = self._recovered()

    @overload
    def read(
        self, sql: str, params: Sequence[Any] = (), /, *, large: bool = False, **tables: pa.Table
    ) -> pa.Table: ...

    @overload
    def read(
        self, sql: str, params: Sequence[Any] = (), /, *, arrays: Literal[True], **tables: pa.Table
    ) -> list[Array]: ...

    def read(
        self,
        sql: str,
        params: Sequence[Any] = (),
        /,
        *,
        large: bool = False,
        arrays: bool = False,
        **tables: pa.Table,
    ) -> pa.Table | list[Array]:
        """The rows of one query, from any thread; `tables` are readable in it by their names.

        `large`: they may be millions. `arrays`: they are few, and their columns will do: a third quicker.
        A table that is lent as `own_…` stays lent to this thread: the next query may well name it again, and
        nothing of the file's is called so.
        """
        turn = self._turn
        asked = None if large or arrays or self._moving else question(sql, params, tables)
        if asked is not None and (known := self._lately.find(turn, asked)) is not None:
            return known
        with self._guarded():
            statements = self._statements()
            try:
                if arrays:
                    return statements.arrays(sql, params, tables)
                told = statements.rows(sql, params, tables, large)
            finally:
                statements.take_back(but="own_")
        if asked is not None and turn == self._turn:
            self._lately.keep(turn, asked, told)
        return told

    @property
    def _moving(self) -> bool:
        """Whether it is being written, or this thread looks at what may be an earlier moment."""
        return self._writing.locked() or getattr(self._local, "still", False)

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """The one writer: commits when the block ends, rolls back when it raises. Not to be nested."""
        with self._writing, self._guarded():
            statements = self._statements()
            statements.cursor.execute("BEGIN")
            try:
                yield Writer(statements)
                statements.cursor.execute("COMMIT")
            except BaseException:
                _rollback(statements.cursor)
                raise
            finally:
                self._turn += 1
                statements.take_back()

    def meta(self, key: str) -> str | None:
        """What is noted under a key, such as `log_version`."""
        return self.noted().get(key)

    def noted(self) -> Mapping[str, str]:
        """All that is noted, by its key; read anew when anything was written since."""
        turn, moving = self._turn, self._moving
        known = self._noted
        if moving or known is None or known[0] != turn:
            read = self.read("SELECT key, value FROM meta", arrays=True)
            known = turn, dict(zip(*read, strict=True))
            self._noted = None if moving else known
        return known[1]

    @contextmanager
    def still(self) -> Iterator[None]:
        """What this thread reads in the block is of one moment; be short: no checkpoint runs meanwhile."""
        with self._guarded():
            cursor = self._statements().cursor
            cursor.execute("BEGIN")
            self._local.still = True
            try:
                yield
            finally:
                self._local.still = False
                _rollback(cursor)

    def compact(self, least: int = 1, share: float = 0.0, names: Collection[str] = tuple(SORTED)) -> None:
        """Merge tails of at least `least` rows and `share` of their base into it, each in one transaction."""
        tails = self.lengths([f"{name}_tail" for name in names])
        for name, tail in zip(names, tails, strict=True):
            if tail >= least and tail >= share * self.lengths([f"{name}_base"])[0]:
                with self.write() as writer:
                    merge(writer, name)

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file."""
        with self._writing, self._guarded():
            self._statements().cursor.execute("CHECKPOINT")

    def renew(self, notice: Notice) -> None:
        """Set the file aside and begin an empty one, telling why."""
        with self._writing, self._opening:
            self.close()
            if self.path:
                set_aside(self.path)
            self._root = self._recovered()
            self.damaged = False
            self.notices.append(notice)

    def beside(self) -> Warehouse:
        """A new, empty working copy in a file beside this one, to be filled and then put in its place."""
        if self.path is None:
            raise ValueError("in memory there is no beside")
        path = self.path.with_name(f"{self.path.name}.new")
        for left in (path, wal(path)):
            left.unlink(missing_ok=True)
        return Warehouse(path, self._log, self._limits)

    def cleanse(self) -> None:
        """Write all rows into a new file, which takes this one's place: what was deleted is nowhere any more.

        Working copies that were set aside go too. No transaction may be under way.
        """
        if self.path is None:
            return
        made = self.beside()
        with made.write() as writer:
            writer.run("DELETE FROM meta")
            for name in self.tables():
                for rows in self._portions(name):
                    writer.append(name, rows)
        self.replace(made, keep=False)
        for left in self.path.parent.glob(f"{self.path.name}*.corrupt-*"):
            left.unlink()

    def tables(self, *columns: str) -> list[str]:
        """The names of the tables; with `columns` of those that have them all."""
        found = self.read(
            "SELECT table_name AS name FROM duckdb_columns() WHERE table_name IN (SELECT table_name FROM "
            "duckdb_tables() WHERE NOT temporary) GROUP BY ALL "
            "HAVING list_has_all(list(column_name), ?) ORDER BY ALL",
            (list(columns),),
        )
        return list(found["name"].to_pylist())

    def _portions(self, table: str) -> Iterator[pa.Table]:
        """A table's rows in their order, some at a time."""
        last = int(self.read(f"SELECT coalesce(max(rowid), -1) AS n FROM {table}")["n"][0].as_py())
        for first in range(0, last + 1, _PORTION):
            yield self.read(
                f"FROM {table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid", (first, first + _PORTION - 1)
            )

    def replace(self, made: Warehouse, keep: bool) -> str | None:
        """Put the file of another working copy in this one's place; this one is set aside or goes.

        A crash on the way leaves one of the two, or none, which is as good as an empty one.
        """
        made.checkpoint()
        made.close()
        kept = None
        with self._writing, self._opening:
            self.close()
            if made.path and self.path:
                if keep:
                    kept = set_aside(self.path)
                wal(self.path).unlink(missing_ok=True)
                made.path.replace(self.path)
            self.damaged = False
        return kept

    def close(self) -> None:
        """Close every cursor, when its call is over; the next call opens the file again."""
        with self._opening:
            for cursor in [*self._cursors, self._root]:
                if cursor is not None:
                    leave(cursor)
            self._cursors = WeakSet()
            self._root = None
            self._turn += 1

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn a failure of DuckDB itself into `StoreDown`; the next call opens a broken instance again."""
        try:
            yield
        except (StatementFailed, duckdb.Error) as error:
            cause = error.__cause__ or error
            if not (isinstance(cause, _BROKEN) or damaged(cause) or full(cause)):
                raise
            self.damaged |= damaged(cause)
            if not isinstance(cause, _CUT):  # that one was closed by another thread
                self.close()
            raise self._down(cause) from error

    def _statements(self) -> Statements:
        """This thread's own."""
        with self._opening:
            if self._root is None:
                self._root = self._recovered()
            found: Statements | None = getattr(self._local, "statements", None)
            if found is None or found.cursor not in self._cursors:
                self._local.statements = found = Statements(self._root.cursor())
                found.cursor.execute("USE work")
                self._cursors.add(found.cursor)
            return found

    def _recovered(self) -> duckdb.DuckDBPyConnection:
        try:
            return self._opened()
        except duckdb.Error as error:
            if self.path is None or full(error) or refused(error):
                raise self._down(error) from error
            fields = {"reason": str(error).splitlines()[0], "kept": set_aside(self.path)}
            self.notices.append(Notice(_SET_ASIDE, fields))
        try:
            return self._opened()
        except duckdb.Error as error:
            raise self._down(error) from error

    def _opened(self) -> duckdb.DuckDBPyConnection:
        root = duckdb.connect()
        try:
            self._attach(root)
            self._lock_down(root)
            _prepare(root)
        except BaseException:
            root.close()
            raise
        return root

    def _attach(self, root: duckdb.DuckDBPyConnection) -> None:
        """Attached and not opened: only so can the sizes of a new file's blocks and row groups be said."""
        place = str(self.path or ":memory:").replace("'", "''")
        sizes = _SIZES if self.path else ""
        root.execute(f"ATTACH '{place}' AS work {sizes}")
        root.execute("USE work")
        if self.path:
            root.execute(f"SET temp_directory = '{place}.tmp'")

    def _lock_down(self, root: duckdb.DuckDBPyConnection) -> None:
        for name, value in self._limits.items():
            root.execute(f"SET {name} = '{value}'")
        folder = str(self._log).replace("'", "''")
        allowed = f"['{folder}']" if self._log else "[]"
        for setting in (
            f"allowed_directories = {allowed}",
            "GLOBAL TimeZone = 'UTC'",
            "python_enable_replacements = false",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            "allow_community_extensions = false",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            root.execute(f"SET {setting}")

    def lengths(self, tables: Sequence[str]) -> list[int]:
        """How many rows each of these tables has."""
        counts = [f"SELECT {n} AS n, count(*) AS rows FROM {table}" for n, table in enumerate(tables)]
        _, found = self.read(" UNION ALL ".join(counts) + " ORDER BY n", arrays=True)
        return [int(rows) for rows in found]

    def _down(self, error: BaseException) -> StoreDown:
        if full(error):
            return DiskFull(str(self.path))
        if damaged(error):
            return Damaged(_DAMAGED, path=self.path)
        reason = str(error).splitlines()[0]
        if refused(error):
            return StoreDown(_BUSY, path=self.path, reason=reason)
        return StoreDown(_DOWN, reason=reason)


def _prepare(root: duckdb.DuckDBPyConnection) -> None:
    """Create the tables in a new file; a file of another schema is as good as damaged.

    Results are read to their end: one left open holds its transaction open, and no checkpoint could run.
    """
    try:
        found = root.execute(_NOTED).fetchall()
    except duckdb.CatalogException:  # asking for a list of the tables would take as long as all of opening
        root.execute("BEGIN")
        root.execute(files("habitue.store").joinpath("warehouse.sql").read_text("utf-8"))
        root.execute("INSERT INTO meta VALUES ('schema', ?)", [SCHEMA])
        root.execute("COMMIT")
        found = root.execute(_NOTED).fetchall()
    if found != [(SCHEMA,)]:
        raise duckdb.IOException("its tables are those of another version")


def _rollback(cursor: duckdb.DuckDBPyConnection) -> None:
    """Undo what can be undone: a connection that failed has nothing open any more."""
    with suppress(duckdb.Error):
        cursor.execute("ROLLBACK")

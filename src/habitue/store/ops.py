"""The operational database: what people edit and what must be transactional; SQLite, or PostgreSQL by URL.

The tables (`store.tables`) are plain SQLAlchemy Core, used by the rooms above:
`with ops.begin() as tx: tx.execute(setting.select())`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any, Final, TypeAlias, TypeVar
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import (
    JSON,
    Table,
    Text,
)
from sqlalchemy.dialects import postgresql, sqlite

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store.failure import Collided, DiskFull, StoreDown, full
from habitue.store.keeper import LAST, OPTION, Keeper
from habitue.store.recall import Recall
from habitue.store.tables import counter, identity, setting

HEAD: Final = "0021"
"""The revision of the newest migration; they are numbered in order."""

Value = TypeVar("Value")

Tx: TypeAlias = sa.Connection
"""A transaction under way."""


class Ops:
    """One operational database, migrated to `HEAD`; safe to use from any thread."""

    @classmethod
    def open(cls, place: str | Path) -> Ops:
        """Open or create it: a path is SQLite, a text is a URL. Raises `UserError` or `StoreDown`."""
        # As text, a %20 in a path would be read as a space.
        url = sa.URL.create("sqlite", database=str(place)) if isinstance(place, Path) else sa.make_url(place)
        if url.get_backend_name() == "sqlite":
            engine = _sqlite(url)
        else:
            engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        try:
            return cls(engine)
        except BaseException:
            engine.dispose()
            raise

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.keeper: Keeper | None = None
        # SQLite lets one write at a time, and who finds it taken sleeps: here they wait in line instead.
        self._turn = RLock() if engine.dialect.name == "sqlite" else nullcontext()
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        self._recall = Recall(Path(file) if file else None, driver())
        self._migrate()
        if not self.setting("store"):
            with self.begin() as tx:
                exchange(tx, "store", None, uuid4().hex)
        self.name: str = self.setting("store") or ""

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One write transaction: committed when the block ends, undone when it raises."""
        last: tuple[int, str] | None = None
        with self._turn, self._guarded(), self.engine.connect() as tx:
            tx.info.pop(LAST, None)  # of one that was undone: the connection is used again
            with tx.begin():
                yield tx
            last = tx.info.pop(LAST, None)
        if last and self.keeper:
            self.keeper.keep(*last)

    def trust(self, keeper: Keeper) -> None:
        """Let that vouch for the record of acts from now on."""
        self.keeper = keeper
        self.engine.update_execution_options(**{OPTION: keeper})

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One read transaction, which sees a single state and blocks nobody."""
        with (
            self._guarded(),
            self.engine.connect() as tx,
            tx.execution_options(habitue_begin="BEGIN").begin(),
        ):
            yield tx

    def kept(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What `make` reads here, or read when it was last asked for by this key and nothing has changed.

        Nobody may change it: the next to ask is given the same.
        """
        return self._recall.get(key, make)

    def setting(self, key: str) -> str | None:
        """A setting's value, None where it was never set."""
        if self.shared:
            with self.read() as tx:
                return told(tx, key)
        return self.kept(setting, self._settings).get(key)

    def _settings(self) -> dict[str, str]:
        with self.read() as tx:
            return {row.key: row.value for row in tx.execute(setting.select())}

    def put_setting(self, key: str, value: str) -> None:
        """Set a setting."""
        with self.begin() as tx:
            tell(tx, key, value)

    def counted(self, name: str) -> int:
        """The number that `take` would give next."""
        return self.kept(counter, self._counters)[name]

    def _counters(self) -> dict[str, int]:
        with self.read() as tx:
            return {row.name: int(row.next) for row in tx.execute(counter.select())}

    def texts(self, values: Sequence[str]) -> sa.Subquery:
        """The texts as a relation of `value` and `n`, their place from 0: one parameter, however many."""
        return given(self.engine.dialect.name, values)

    def damage(self) -> str | None:
        """What the database itself finds wrong with its file; None when all is well."""
        if self.engine.dialect.name != "sqlite":
            return None
        with self.read() as tx:
            said = str(tx.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        return None if said == "ok" else said

    def purge(self, *cleared: Table) -> None:
        """Leave nothing on the disk of what was deleted: the database's free pages, its write-ahead log.

        Of PostgreSQL only these tables are written anew; its own log and copies are its keeper's.
        Raises `StoreDown` where somebody else holds the database too long.
        """
        alone = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        with self._guarded(), alone.connect() as tx:
            if self.engine.dialect.name != "sqlite":
                for table in cleared:
                    tx.exec_driver_sql(f"VACUUM FULL {table.name}")
                return
            raw: Any = tx.connection.driver_connection
            raw.execute("VACUUM")
            if raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise StoreDown(
                    N_("The operational database {place} can't be used: {reason}"),
                    place=self.engine.url.render_as_string(hide_password=True),
                    reason="database is locked",
                )

    @property
    def shared(self) -> bool:
        """Whether several processes may write at the same time."""
        return self.engine.dialect.name != "sqlite"

    def revision(self) -> str | None:
        """The migration the tables are at; None for an empty database."""
        with self.read() as tx:
            if not sa.inspect(tx).has_table("alembic_version"):
                return None
            return str(tx.scalar(sa.text("SELECT version_num FROM alembic_version")))

    def close(self) -> None:
        self._recall.close()
        self.engine.dispose()

    def _migrate(self) -> None:
        at = self.revision()
        if at is not None and at > HEAD:
            raise UserError(
                N_(
                    "This data was written by a newer Habitué (tables {found}, this one knows {known}). "
                    "Update Habitué."
                ),
                found=at,
                known=HEAD,
            )
        if at != HEAD:
            self._upgrade()

    def _upgrade(self) -> None:
        from alembic import command  # noqa: PLC0415  a tenth of a second that only new tables need
        from alembic.config import Config  # noqa: PLC0415  as above

        config = Config()
        config.set_main_option("script_location", "habitue.store:migrations")
        with self.begin() as tx:
            config.attributes["connection"] = tx
            command.upgrade(config, HEAD)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            place = self.engine.url.render_as_string(hide_password=True)
            if full(error):
                raise DiskFull(place) from error
            if not isinstance(error, sa.exc.OperationalError | sa.exc.DatabaseError) or isinstance(
                error, _OURS
            ):
                raise
            kind = Collided if getattr(error.orig, "sqlstate", None) in _COLLISIONS else StoreDown
            raise kind(
                N_("The operational database {place} can't be used: {reason}"),
                place=place,
                reason=str(error.orig),
            ) from error


_COLLISIONS: Final = ("40001", "40P01")
"""PostgreSQL undid a transaction because of another: a serialization failure, a deadlock."""

_OURS: Final = (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError)


def given(dialect: str, values: Sequence[str]) -> sa.Subquery:
    """`Ops.texts` for a dialect, such as a transaction's: `tx.dialect.name`."""
    whole = sa.bindparam(None, json.dumps(list(values)), type_=Text)
    if dialect == "sqlite":
        each = sa.func.json_each(whole).table_valued("key", "value")
        return sa.select(each.c.value, each.c.key.label("n")).subquery()
    every = sa.func.json_array_elements_text(sa.cast(whole, JSON))
    rows = every.table_valued("value", with_ordinality="n").render_derived()
    return sa.select(rows.c.value, (rows.c.n - 1).label("n")).subquery()


def told(tx: sa.Connection, key: str) -> str | None:
    """A setting's value as this transaction sees it, None where it was never set."""
    return tx.scalar(sa.select(setting.c.value).where(setting.c.key == key))


def tell(tx: sa.Connection, key: str, value: str) -> None:
    """Set a setting together with what else this transaction does."""
    tx.execute(setting.delete().where(setting.c.key == key))
    tx.execute(setting.insert().values(key=key, value=value))


def exchange(tx: sa.Connection, key: str, seen: str | None, value: str) -> bool:
    """Set a setting where it is still as it was seen; whoever else tries waits for this transaction."""
    if seen is None:
        inserted = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(setting)
        return tx.execute(inserted.values(key=key, value=value).on_conflict_do_nothing()).rowcount == 1
    mine = setting.c.key == key, setting.c.value == seen
    return tx.execute(setting.update().where(*mine).values(value=value)).rowcount == 1


def take(tx: sa.Connection, name: str, n: int) -> int:
    """Take `n` numbers and return the first; whoever else takes some waits until this transaction ends."""
    after = counter.c.next + n
    taken = tx.execute(
        counter.update().where(counter.c.name == name).values(next=after).returning(counter.c.next)
    )
    return int(taken.scalar_one()) - n


def many(
    tx: sa.Connection,
    what: sa.UpdateBase,
    rows: Sequence[Mapping[str, Any]],
    same: Mapping[str, Any],
    columns: tuple[str, ...] | None = None,
) -> int:
    """Do it once for each of these rows, which name the same plain numbers and texts; the `same` in all
    is said once. How many rows of the table that changed, or added where `columns` are to be put in.

    `what` is made once, not anew for each call: what it is in SQL is remembered. A row costs what the driver
    takes, a third of what it costs to let SQLAlchemy look at each value.
    """
    if not rows:
        return 0
    told = _compiled(what, tx.dialect, columns)
    whole = told.construct_params({**same, **rows[0]})
    params: list[Any]
    if told.positional:
        names = told.positiontup
        first, own = [whole[name] for name in names], [n for n, name in enumerate(names) if name in rows[0]]
        params = [_laid(first, own, names, row) for row in rows]
    else:
        params = [whole | row for row in rows]
    return tx.exec_driver_sql(told.string, params).rowcount


def _laid(first: list[Any], own: list[int], names: Sequence[str], row: Mapping[str, Any]) -> tuple[Any, ...]:
    made = first.copy()
    for place in own:
        made[place] = row[names[place]]
    return tuple(made)


@lru_cache(64)
def _compiled(what: sa.UpdateBase, dialect: sa.Dialect, columns: tuple[str, ...] | None) -> Any:
    return what.compile(dialect=dialect, column_keys=columns)


def enrol(tx: sa.Connection, given: sa.Subquery, space: str, first: int) -> None:
    """Give the texts of `Ops.texts` the ids `first`, `first + 1` … in their space."""
    rows = sa.select(sa.literal(space), given.c.value, given.c.n + first)
    tx.execute(identity.insert().from_select(["space", "value", "subject"], rows))


def sqlite_version(driver: ModuleType) -> tuple[int, ...]:
    """The version of SQLite that a driver links."""
    return tuple(int(part) for part in driver.sqlite_version.split("."))


def sound(found: tuple[int, ...]) -> bool:
    """Whether it is outside the range that can corrupt a WAL with two connections (3.7.0 to 3.51.2)."""
    return found >= (3, 51, 3) or (3, 50, 7) <= found < (3, 51) or (3, 44, 6) <= found < (3, 45)


def driver() -> ModuleType:
    """The SQLite driver: the bundled one where there is a wheel of it, else Python's own."""
    if find_spec("pysqlite3"):
        from pysqlite3 import dbapi2  # noqa: PLC0415 (there is no wheel for ARM Linux)

        return dbapi2  # type: ignore[no-any-return]  # a module without types
    return sqlite3


def _sqlite(url: sa.URL) -> sa.Engine:
    module = driver()
    if not sound(sqlite_version(module)):
        raise UserError(
            N_(
                "SQLite {version} can corrupt a database that two connections write. "
                "Install the pysqlite3 package, or a Python with SQLite 3.51.3 or newer."
            ),
            version=module.sqlite_version,
        )
    engine = sa.create_engine(url, module=module)
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(raw: Any, _record: object) -> None:
    raw.isolation_level = None  # the driver opens no transactions of its own: `_begin` does
    for pragma in ("busy_timeout = 20000", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        raw.execute(f"PRAGMA {pragma}")


def _begin(tx: sa.Connection) -> None:
    """Writers ask for the lock at once: one that asks late, after reading, can be refused without waiting."""
    tx.exec_driver_sql(tx.get_execution_options().get("habitue_begin", "BEGIN IMMEDIATE"))

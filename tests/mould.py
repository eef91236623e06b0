"""New stores as copies of ones made before: a thousand tests want some, and making them takes longer."""

from __future__ import annotations

import sqlite3
from atexit import register
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from secrets import token_hex
from shutil import copyfile, copytree, rmtree
from tempfile import mkdtemp
from typing import Any, Final, LiteralString, TypeAlias, TypeVar

import psycopg
import pytest

from habitue.app import Shop
from habitue.app.workspace import MARK
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse
from tests import postgres

MOULD: Final = "mould"

Store = TypeVar("Store", Ops, Warehouse)

Make: TypeAlias = Callable[[Path, str | None], Shop]
"""A function of a module: it makes a shop in a directory, with the database at that URL if one is said."""


@contextmanager
def cast(place: Path) -> Iterator[None]:
    """Inside, a file that a store would make is a copy of one in this folder."""
    ops, work = place / "ops.sqlite", place / "work.duckdb"
    Ops.open(ops).close()
    Warehouse.open(work, threads=1).close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ops, "_migrate", _filled(Ops._migrate, _database, ops, _told_apart))
        patch.setattr(Warehouse, "_opened", _filled(Warehouse._opened, _path, work))
        yield


def _filled(
    make: Callable[[Store], Any],
    where: Callable[[Store], Path | None],
    mould: Path,
    finish: Callable[[Path], None] = lambda _: None,
) -> Callable[[Store], Any]:
    def made(store: Store) -> Any:
        file = where(store)
        if file and file.parent.is_dir() and not file.exists():
            try:
                copyfile(mould, file)
                finish(file)
            except OSError:  # the disk is full, say: the store itself has to find out
                file.unlink(missing_ok=True)
        return make(store)

    return made


def _told_apart(file: Path) -> None:
    with closing(sqlite3.connect(file)) as made:
        for statement in _own():
            made.execute(statement)
        made.commit()


def _own() -> list[LiteralString]:
    """Its name and its secret are each database's own."""
    return [
        "DELETE FROM setting WHERE key = 'store'",
        f"UPDATE setting SET value = '{token_hex(32)}' WHERE key = 'suppression_secret'",
    ]


def migrated(server: postgres.Server, name: str) -> str:
    """The URL of a new database on PostgreSQL that has its tables already."""
    if not server.moulded:
        Ops.open(server.database(MOULD)).close()
        server.moulded = True
    url = server.database(name, like=MOULD)
    with psycopg.connect(url.replace("+psycopg", "")) as made:
        for statement in _own():
            made.execute(statement)
    return url


def shop(make: Make, place: Path, server: postgres.Server | None = None) -> Shop:
    """A shop in that directory as `make` makes it, on PostgreSQL where a server is given.

    It is a copy of one that was made once.
    """
    folder, database = _made(make, server)
    copytree(folder, place)
    if server and database:
        copy = server.database(f"shop_{token_hex(16)}", like=database.partition("@/")[2].partition("?")[0])
        mark = place / MARK
        mark.write_text(mark.read_text("utf-8").replace(database, copy), "utf-8")
    return Shop.open(place)


@cache
def _made(make: Make, server: postgres.Server | None) -> tuple[Path, str | None]:
    folder = Path(mkdtemp())
    register(rmtree, folder)
    database = migrated(server, f"like_{token_hex(16)}") if server else None
    make(folder / "shop", database).close()
    return folder / "shop", database


def _database(ops: Ops) -> Path | None:
    url = ops.engine.url
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _path(warehouse: Warehouse) -> Path | None:
    return warehouse.path

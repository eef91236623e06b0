"""New stores as copies of ones made before: a thousand tests want some, and making them takes longer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from secrets import token_hex
from shutil import copyfile
from typing import Any, Final, LiteralString, TypeVar

import psycopg
import pytest

from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse
from tests import postgres

MOULD: Final = "mould"

Store = TypeVar("Store", Ops, Warehouse)


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


def _database(ops: Ops) -> Path | None:
    url = ops.engine.url
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _path(warehouse: Warehouse) -> Path | None:
    return warehouse.path

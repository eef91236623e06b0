from __future__ import annotations

from contextlib import closing
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from habitue.kernel.errors import UserError
from habitue.store import ops as room
from habitue.store.failure import StoreDown
from habitue.store.ops import Ops, sound, take
from habitue.store.tables import identity, inbox, setting, tables


@pytest.fixture
def bare_url(ops_url: str, tmp_path: Path) -> str:
    """The same without tables."""
    if ops_url.startswith("sqlite"):
        (tmp_path / "ops.sqlite").touch()  # no copy of one that was migrated takes its place
    else:
        with psycopg.connect(ops_url.replace("+psycopg", "")) as made:
            made.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return ops_url


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(bare_url: str) -> None:
    for module in iter_modules([str(Path(room.__file__).parent)]):
        import_module(f"habitue.store.{module.name}")
    ops = Ops.open(bare_url)
    with ops.read() as tx:
        assert compare_metadata(MigrationContext.configure(tx), tables) == []
    ops.close()


def test_head_is_the_newest_migration_in_the_folder() -> None:
    scripts = ScriptDirectory(str(Path(room.__file__).parent / "migrations"))
    assert scripts.get_heads() == [room.HEAD]


def test_opening_again_keeps_what_is_there_and_the_name(ops_url: str) -> None:
    first = Ops.open(ops_url)
    first.put_setting("currency", "EUR")
    first.put_setting("currency", "TND")
    first.close()
    again = Ops.open(ops_url)
    assert (again.setting("currency"), again.name) == ("TND", first.name)
    again.close()


def test_tables_of_a_newer_version_are_refused_with_a_hint(ops_url: str) -> None:
    ops = Ops.open(ops_url)
    with ops.begin() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    ops.close()
    with pytest.raises(UserError, match="Update Habitué"):
        Ops.open(ops_url)


def test_a_migration_that_fails_leaves_nothing(bare_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(tx: sa.Connection) -> None:
        tx.execute(sa.text("CREATE TABLE half (a INTEGER)"))
        raise RuntimeError("power cut")

    monkeypatch.setattr(command, "upgrade", lambda config, _: half(config.attributes["connection"]))
    with pytest.raises(RuntimeError, match="power cut"):
        Ops.open(bare_url)
    monkeypatch.undo()
    ops = Ops.open(bare_url)
    with ops.read() as tx:
        assert not sa.inspect(tx).has_table("half")
    ops.close()


def test_a_block_that_raises_changes_nothing(ops_url: str) -> None:
    ops = Ops.open(ops_url)
    with pytest.raises(sa.exc.IntegrityError), ops.begin() as tx:
        tx.execute(setting.insert(), [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}])
    assert ops.setting("a") is None
    ops.close()


def test_numbers_are_taken_without_gaps_whatever_is_undone(ops_url: str) -> None:
    ops = Ops.open(ops_url)
    with ops.begin() as tx:
        first = take(tx, "inbox", 3)
    with ops.engine.connect() as tx, tx.begin() as undone:
        take(tx, "inbox", 5)
        undone.rollback()
    with ops.begin() as tx:
        assert take(tx, "inbox", 1) == first + 3
    ops.close()


def test_texts_keep_their_place_and_every_character(ops_url: str) -> None:
    ops = Ops.open(ops_url)
    words = ["", "é", "it's", '"', "\\", "a\nb", "𝄞", "null", "1"]
    with ops.read() as tx:
        given = ops.texts(words)
        rows = tx.execute(given.select()).all()
    assert sorted((row.n, row.value) for row in rows) == list(enumerate(words))
    ops.close()


def test_a_short_key_may_stand_once_in_the_inbox_and_once_in_a_space(ops_url: str) -> None:
    ops = Ops.open(ops_url)
    row = {"key": "k", "source": "s", "history": True, "rows": 1, "crc": 0, "body": b"", "received": 0}
    for table, values in (
        (inbox, {"id": 1, **row}),
        (identity, {"space": "person", "value": "k", "subject": 0}),
    ):
        with ops.begin() as tx:
            tx.execute(table.insert().values(values))
        with pytest.raises(sa.exc.IntegrityError), ops.begin() as tx:
            tx.execute(table.insert().values({**values, "id": 2} if table is inbox else values))
    ops.close()


def test_what_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "ops.sqlite").write_bytes(b"x" * 5000)
    with pytest.raises(StoreDown, match=r"ops\.sqlite"):
        Ops.open(tmp_path / "ops.sqlite")


def test_a_server_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreDown, match="can't be used"):
        Ops.open(f"postgresql://nobody@/none?host={tmp_path}")


@pytest.mark.parametrize(
    ("version", "is_sound"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 0), True),
    ],
)
def test_versions_of_sqlite_that_can_corrupt_are_known(version: tuple[int, ...], is_sound: bool) -> None:
    assert sound(version) is is_sound


def test_a_path_is_taken_as_it_is_written(tmp_path: Path) -> None:
    Ops.open(tmp_path / "a%20b").close()
    assert (tmp_path / "a%20b").is_file()
    assert not (tmp_path / "a b").exists()


def test_each_workspace_has_a_secret_of_its_own_for_the_addresses_it_must_not_keep(tmp_path: Path) -> None:
    secrets = set()
    for name in ("one", "two"):
        with closing(Ops.open(tmp_path / f"{name}.sqlite")) as ops:
            secrets.add(ops.setting("suppression_secret"))
        with closing(Ops.open(tmp_path / f"{name}.sqlite")) as ops:
            secrets.add(ops.setting("suppression_secret"))
    assert len(secrets) == 2
    assert all(len(secret or "") == 64 for secret in secrets)


def test_what_was_deleted_is_nowhere_in_the_database_once_it_is_purged(tmp_path: Path) -> None:
    with closing(Ops.open(tmp_path / "ops.sqlite")) as ops:
        with ops.begin() as tx:
            tx.execute(
                identity.insert(),
                [{"space": "person", "value": f"user:canary{n}", "subject": n} for n in range(500)],
            )
        with ops.begin() as tx:
            tx.execute(identity.delete().where(identity.c.subject > 0))
        ops.purge(identity)
        said = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert b"canary1" not in said
        assert b"canary0" in said


def test_tables_are_purged_on_every_database(ops_url: str) -> None:
    with closing(Ops.open(ops_url)) as ops:
        ops.put_setting("currency", "EUR")
        ops.purge(identity, setting)
        assert ops.setting("currency") == "EUR"

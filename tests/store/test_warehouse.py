from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from habitue.store.failure import StatementFailed, StoreDown
from habitue.store.warehouse import Warehouse


def events(*persons: int) -> pa.Table:
    n = len(persons)
    return pa.table(
        {
            "person": pa.array(persons, pa.int32()),
            "ts": pa.array(range(n, 0, -1), pa.timestamp("us")),
            "seq": pa.array(range(n), pa.int64()),
        }
    )


def rows(warehouse: Warehouse, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in warehouse.read(sql).to_pylist()]


def test_what_a_write_block_did_is_readable_from_every_thread(tmp_path: Path) -> None:
    warehouse = Warehouse.open(tmp_path / "work.duckdb")
    with warehouse.write() as writer:
        writer.append("event_tail", events(2, 1, 2))
    seen: list[list[tuple[object, ...]]] = []
    threads = [
        threading.Thread(target=lambda: seen.append(rows(warehouse, "SELECT count(*) FROM event")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [[(3,)]] * 4


def test_another_file_takes_its_place_while_everybody_reads(tmp_path: Path) -> None:
    warehouse = Warehouse.open(tmp_path / "work.duckdb")
    over, seen, wrong = threading.Event(), set[object](), list[BaseException]()

    def look() -> None:
        while not over.is_set():
            try:
                seen.update(rows(warehouse, "SELECT count(*) FROM event, range(2_000)"))
            except StoreDown:
                continue  # its cursor was closed: who asks again is answered
            except BaseException as error:
                wrong.append(error)
                raise

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(1, 9):
        made = warehouse.beside()
        with made.write() as writer:
            writer.append("event_tail", events(*range(n)))
        warehouse.replace(made, keep=False)
        assert rows(warehouse, "SELECT count(*) FROM event") == [(n,)]
    over.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(seen) > 1


def test_a_write_block_that_raises_leaves_nothing(tmp_path: Path) -> None:
    warehouse = Warehouse.open(tmp_path / "work.duckdb")

    def half() -> None:
        with warehouse.write() as writer:
            writer.append("event_tail", events(1))
            writer.append("no_such_table", events(1))

    with pytest.raises(StatementFailed, match="no_such_table"):
        half()
    assert rows(warehouse, "SELECT count(*) FROM event") == [(0,)]


def test_compacting_sorts_and_empties_the_tails_and_changes_no_row() -> None:
    warehouse = Warehouse.open(None)
    with warehouse.write() as writer:
        writer.append("event_tail", events(3, 1, 2))
        writer.run(
            "INSERT INTO interval_base VALUES (7, 1, 'epoch', NULL, 0, 1), (7, 2, 'epoch', NULL, 0, 1)"
        )
        writer.run("INSERT INTO interval_tail VALUES (7, 2, 'epoch', NULL, 5, 1)")
        writer.run("INSERT INTO refolded VALUES (7, 2)")
    before = rows(warehouse, "FROM intervals ORDER BY ALL")
    warehouse.compact()
    assert rows(warehouse, "SELECT person FROM event_base") == [(1,), (2,), (3,)]
    assert rows(warehouse, "FROM intervals ORDER BY ALL") == before
    assert rows(warehouse, "SELECT value FROM interval_base ORDER BY subject") == [(0,), (5,)]
    for emptied in ("event_tail", "interval_tail", "refolded"):
        assert rows(warehouse, f"SELECT count(*) FROM {emptied}") == [(0,)]


@pytest.mark.parametrize(
    "sql",
    [
        "FROM read_csv('/etc/hostname')",
        "COPY (SELECT 1) TO '/tmp/habitue-should-not-be'",
        "ATTACH '/tmp/habitue-should-not-be'",
        "SET enable_external_access = true",
        "SET threads = 7",
        "INSTALL httpfs",
        "LOAD httpfs",
        "FROM pa",
    ],
)
def test_sql_reaches_no_file_no_network_no_setting_and_no_variable(tmp_path: Path, sql: str) -> None:
    warehouse = Warehouse.open(tmp_path / "work.duckdb", log=tmp_path / "log")
    with pytest.raises(StatementFailed):
        warehouse.read(sql)


def test_a_file_that_cannot_be_opened_is_set_aside_and_told(tmp_path: Path) -> None:
    for n in (1, 2):
        (tmp_path / "work.duckdb").write_bytes(b"no database")
        warehouse = Warehouse.open(tmp_path / "work.duckdb")
        assert rows(warehouse, "SELECT count(*) FROM event") == [(0,)]
        assert warehouse.notices[0].fields["kept"] == f"work.duckdb.corrupt-{n}"
        assert (tmp_path / f"work.duckdb.corrupt-{n}").read_bytes() == b"no database"
        warehouse.close()


def test_a_directory_may_have_any_name(tmp_path: Path) -> None:
    place = tmp_path / 'l\'été "100 %" [a]; DROP'
    place.mkdir()
    warehouse = Warehouse.open(place / "work.duckdb", log=place / "log")
    assert rows(warehouse, "SELECT current_setting('allowed_directories')[1]") == [(f"{place}/log/",)]
    warehouse.close()


def test_a_file_that_another_process_has_open_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "work.duckdb"
    Warehouse.open(path).close()
    holding = f"import duckdb; held = duckdb.connect({str(path)!r}); print('held', flush=True); input()"
    command = [sys.executable, "-c", holding]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreDown, match="can't be opened"):
            Warehouse.open(path)
        other.communicate("\n")
    assert rows(Warehouse.open(path), "SELECT count(*) FROM event") == [(0,)]
    assert not list(tmp_path.glob("*.corrupt-*"))


def test_what_was_deleted_is_in_no_file_once_it_is_written_anew(tmp_path: Path) -> None:
    warehouse = Warehouse.open(tmp_path / "work.duckdb")
    with warehouse.write() as writer:
        for number in range(3000):
            writer.run("INSERT INTO node VALUES (?, ?, NULL)", (number, f"user:canary-{number}"))
    warehouse.checkpoint()
    (tmp_path / "work.duckdb.corrupt-1").write_text("user:canary-1")
    with warehouse.write() as writer:
        writer.run("DELETE FROM node WHERE node < 2999")
        writer.note({"log_end": "7"})
    warehouse.cleanse()
    said = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"canary-1" not in said
    assert b"canary-2999" in said
    assert rows(warehouse, "FROM node") == [(2999, "user:canary-2999", None)]
    assert warehouse.meta("log_end") == "7"
    assert warehouse.meta("schema") is not None
    warehouse.close()
    assert Warehouse.open(tmp_path / "work.duckdb").notices == []


def test_what_was_lent_hides_nothing_from_the_next_query(tmp_path: Path) -> None:
    with closing(Warehouse.open(tmp_path / "work.duckdb", threads=1)) as warehouse:
        lent = pa.table({"n": [1, 2]})
        assert len(warehouse.read("FROM standing", standing=lent)) == 2
        assert len(warehouse.read("FROM standing")) == 0
        assert len(warehouse.read("FROM own_rows", own_rows=lent)) == 2
        assert len(warehouse.read("FROM own_rows", own_rows=lent.slice(1))) == 1
        with warehouse.write() as writer:
            writer.append("declared", pa.table({"trait": ["x"]}))
        with pytest.raises(StatementFailed):
            warehouse.read("FROM own_rows")


def test_no_table_has_a_name_that_is_kept_for_what_is_lent() -> None:
    with closing(Warehouse.open(None, threads=1)) as warehouse:
        named = "SELECT table_name AS n FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views()"
        assert [name for name in warehouse.read(named)["n"].to_pylist() if name.startswith("own_")] == []

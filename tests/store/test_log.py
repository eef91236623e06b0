from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyarrow import parquet

from habitue.store.failure import StoreDown
from habitue.store.log import LOG, EventLog


def rows(*seqs: int, person: int = 0) -> pa.Table:
    columns = {name: pa.nulls(len(seqs), LOG.field(name).type) for name in LOG.names}
    columns |= {"seq": pa.array(seqs, pa.int64()), "person": pa.array([person] * len(seqs), pa.int64())}
    return pa.table(columns, schema=LOG)


def seqs(log: EventLog, start: int = 0) -> list[int]:
    return sorted(seq for table in log.read(start) for seq in table["seq"].to_pylist())


def test_a_new_log_is_empty(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    assert (log.end(), log.offset("s"), log.ids("person"), log.count(), seqs(log)) == (0, 0, 0, 0, [])


def test_rows_and_how_far_it_has_come_are_one_commit(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    log.append(rows(0, 1, 2, person=7), "s", 41)
    log.append(rows(3, person=2), "s", 45)
    log.append(rows(4), "other", 3)
    for seen in (log, EventLog(tmp_path / "log")):
        assert (seen.end(), seen.offset("s"), seen.offset("other"), seen.ids("person")) == (5, 45, 3, 8)
        assert seqs(seen) == [0, 1, 2, 3, 4]
        assert seen.identity() == log.identity()


def test_what_came_since_is_read_before_and_after_compaction(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    for seq in range(10):
        log.append(rows(seq), "s", seq)
    assert not log.compact()
    assert [seqs(log, start) for start in (0, 3, 9, 10)] == [
        list(range(start, 10)) for start in (0, 3, 9, 10)
    ]
    for seq in range(10, 70):
        log.append(rows(seq), "s", seq)
    assert log.compact()
    assert len(log.files()) == 1
    assert [seqs(log, start) for start in (0, 3, 69, 70)] == [
        list(range(start, 70)) for start in (0, 3, 69, 70)
    ]
    assert (log.end(), log.offset("s"), log.count()) == (70, 69, 70)


def test_a_log_of_an_earlier_version_is_read_and_appended_to(tmp_path: Path) -> None:
    old = pa.schema([field for field in LOG if field.name not in {"also", "nodes"}])
    DeltaTable.create(tmp_path / "log", old)
    write_deltalake(tmp_path / "log", rows(0, 1).select(old.names), mode="append")
    log = EventLog(tmp_path / "log")
    one = pa.table(
        {"also": [["user:b"]], "nodes": [[7]]}, schema=pa.schema([LOG.field("also"), LOG.field("nodes")])
    )
    log.append(
        pa.table(
            {
                **dict(zip(LOG.names, rows(2).columns, strict=True)),
                "also": one["also"],
                "nodes": one["nodes"],
            },
            schema=LOG,
        ),
        "s",
        1,
    )
    found = [row for table in EventLog(tmp_path / "log").read() for row in table.to_pylist()]
    assert sorted((row["seq"], row["also"], row["nodes"]) for row in found) == [
        (0, None, None),
        (1, None, None),
        (2, ["user:b"], [7]),
    ]
    assert log.ids("person") == 8


def test_another_log_in_the_same_place_has_another_identity(tmp_path: Path) -> None:
    assert EventLog(tmp_path / "one").identity() != EventLog(tmp_path / "two").identity()


def test_a_log_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    log.append(rows(0), "s", 1)
    for path, _ in log.files():
        path.unlink()
    with pytest.raises(StoreDown, match="event log"):
        seqs(log)


class Renamed:
    """Gives the events of one person another key."""

    columns = ("person", "key")

    def __init__(self, person: int, key: str) -> None:
        self.person, self.key = person, key

    def touches(self, rows: pa.Table) -> bool:
        return (self.person, True) in {
            (row["person"], row["key"] != self.key) for row in rows.select(self.columns).to_pylist()
        }

    def __call__(self, rows: pa.Table) -> pa.Table:
        changed = [
            row | ({"key": self.key} if row["person"] == self.person else {}) for row in rows.to_pylist()
        ]
        return pa.Table.from_pylist(changed, schema=LOG)


def named(seq: int, key: str, person: int) -> pa.Table:
    return pa.Table.from_pylist([{"seq": seq, "key": key, "person": person}], schema=LOG)


def written(folder: Path) -> str:
    """All that a folder's files say, also those that are compressed."""
    said = []
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            said.append(str(parquet.read_table(path).to_pylist()))
        if path.is_file():
            said.append(path.read_bytes().decode("latin-1"))
    return "\n".join(said)


def test_rows_are_changed_in_place_and_nothing_of_what_they_were_is_left_on_the_disk(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "log", named(0, "user:gone-stats", 1))  # as an earlier version wrote it
    log = EventLog(tmp_path / "log")
    log.append(named(1, "user:gone", 1), "s", 1)
    log.append(named(2, "user:stays", 2), "s", 2)
    for seq in range(3, 70):
        log.append(named(seq, "user:gone", 1), "s", seq)
    before = log.identity(), log.end(), log.count(), log.offset("s"), log.ids("person"), seqs(log)
    assert log.compact()
    log.append(named(70, "user:stays", 2), "s", 70)
    files = {path for path, _ in log.files()}
    assert log.rewrite(Renamed(1, "erased:x")) == 1
    assert len(files & {path for path, _ in log.files()}) == 1
    assert log.rewrite(Renamed(1, "erased:x")) == 0
    assert "user:gone" in written(tmp_path)
    log.purge()
    assert "user:gone" not in written(tmp_path)
    assert "user:stays" in written(tmp_path)
    for seen in (log, EventLog(tmp_path / "log")):
        assert (seen.identity(), seen.end() - 1, seen.count() - 1) == before[:3]
        assert (seen.offset("s"), seen.ids("person"), seqs(seen)) == (70, before[4], list(range(71)))
        assert seqs(seen, 69) == [69, 70]
    log.append(named(71, "user:later", 3), "s", 71)
    log.purge()
    assert seqs(EventLog(tmp_path / "log"), 70) == [70, 71]


def test_what_is_noted_beside_the_files_holds_no_text_of_anybodys(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    log.append(named(0, "user:somebody", 1), "s", 1)
    noted = "".join(path.read_text() for path in (tmp_path / "log" / "_delta_log").iterdir())
    assert "somebody" not in noted
    assert '\\"maxValues\\":{' in noted

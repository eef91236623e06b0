"""What is held in memory of either database is never older than what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest

from habitue.store.lately import LARGE, MANY
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Warehouse]:
    made = Warehouse.open(tmp_path / "work.duckdb")
    yield made
    made.close()


ASKED = "SELECT key FROM meta ORDER BY key"


def keys(work: Warehouse) -> list[str]:
    return list(work.read(ASKED)["key"].to_pylist())


def test_the_same_question_is_answered_from_memory_until_something_is_written(work: Warehouse) -> None:
    first = work.read(ASKED)
    assert work.read(ASKED) is first
    with work.write() as writer:
        writer.note({"a": "1"})
        assert keys(work) == ["a", "schema"]  # as the one who writes sees it
    assert keys(work) == ["a", "schema"]
    with suppress(ZeroDivisionError), work.write() as writer:
        writer.note({"b": "1"})
        assert keys(work) == ["a", "b", "schema"]
        raise ZeroDivisionError
    assert keys(work) == ["a", "schema"]
    assert dict(work.noted()).keys() == {"a", "schema"}


def test_who_looks_at_one_moment_is_told_nothing_later(work: Warehouse) -> None:
    with work.still():
        assert keys(work) == ["schema"]
        held = work.read(ASKED)
        assert work.read(ASKED) is not held
    again = work.read(ASKED)
    assert work.read(ASKED) is again


def test_another_question_has_another_answer(work: Warehouse) -> None:
    asked = "SELECT typeof(?) AS said"
    said = [work.read(asked, (one,))["said"][0].as_py() for one in (1, True, 1.0, "1", [1], [True])]
    assert len(set(said)) == len(said)
    one, other = pa.table({"n": pa.array([1], pa.int8())}), pa.table({"n": pa.array([1], pa.int64())})
    lent = [
        work.read("SELECT typeof(n) AS said FROM lent", lent=table)["said"][0].as_py()
        for table in (one, other)
    ]
    assert lent == ["TINYINT", "BIGINT"]
    assert work.read("SELECT n FROM own_few", own_few=one)["n"].to_pylist() == [1]
    assert work.read("SELECT n FROM own_few")["n"].to_pylist() == [1]  # it is still lent


def test_few_and_small_answers_are_held(work: Warehouse) -> None:
    long = "SELECT repeat('x', ?) AS text"
    assert work.read(long, (LARGE + 1,)) is not work.read(long, (LARGE + 1,))
    first = work.read(ASKED)
    for n in range(MANY):
        work.read("SELECT ? AS n", (n,))
    assert work.read(ASKED) is not first


def test_what_was_read_is_read_again_once_anybody_changed_anything(ops_url: str) -> None:
    place = Path(ops_url.removeprefix("sqlite:///")) if ops_url.startswith("sqlite") else ops_url
    ops, other = Ops.open(place), Ops.open(place)
    asked: list[int] = []

    def ask() -> int:
        asked.append(1)
        return len(asked)

    for _ in range(3):
        ops.kept("it", ask)
    assert len(asked) == (3 if ops.shared else 1)
    for writer in (ops, other, ops):
        before = len(asked)
        writer.put_setting("some", str(before))
        assert ops.setting("some") == other.setting("some") == str(before)
        assert ops.kept("it", ask) == before + 1
    first = ops.counted("inbox")
    assert other.counted("inbox") == first
    ops.close()
    other.close()


def test_a_database_that_is_gone_is_not_made_by_looking(tmp_path: Path) -> None:
    ops = Ops.open(tmp_path / "ops.sqlite")
    ops.close()
    for left in tmp_path.iterdir():
        left.unlink()
    assert ops.kept("it", lambda: 7) == 7
    assert list(tmp_path.iterdir()) == []
    ops.close()

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from habitue.people.identity import ACCOUNT, PERSON, made, recover, resolve
from habitue.store.ops import Ops


@pytest.fixture
def ops(ops_url: str) -> Iterator[Ops]:
    opened = Ops.open(ops_url)
    yield opened
    opened.close()


def ids(ops: Ops, *keys: str | None, space: str = PERSON) -> list[int | None]:
    found: list[int | None] = resolve(ops, pa.array(keys, pa.string()), space).to_pylist()
    return found


def test_ids_are_dense_and_do_not_depend_on_the_order_of_rows(ops: Ops) -> None:
    assert ids(ops, "user:c", "user:a", "user:c", "user:b") == [2, 0, 2, 1]
    assert ids(ops, "user:0", "user:b") == [3, 1]
    assert made(ops, PERSON) == 4


def test_null_stays_null_and_spaces_are_apart(ops: Ops) -> None:
    assert ids(ops, None, "b", None) == [None, 0, None]
    assert ids(ops, "z", None, space=ACCOUNT) == [0, None]
    assert ids(ops) == []


def test_near_spellings_are_different_keys(ops: Ops) -> None:
    keys = ["user:é", "user:e\u0301", "user:É", "user:é ", "user:", "USER:é"]
    assert sorted(n for n in ids(ops, *keys) if n is not None) == list(range(6))


def test_many_threads_give_each_key_one_id(ops: Ops) -> None:
    keys = [f"user:{n}" for n in range(300)]
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda start: ids(ops, *keys[start:], *keys[:start]), range(0, 300, 40)))
    for start, found in zip(range(0, 300, 40), told, strict=True):
        assert found == ids(ops, *keys[start:], *keys[:start])
    assert made(ops, PERSON) == 300


def test_ids_known_to_the_log_come_back(ops: Ops) -> None:
    ids(ops, "user:a")
    recover(ops, PERSON, ["user:a", "user:x", "user:y"], [0, 2, 5])
    assert ids(ops, "user:a", "user:x", "user:y", "user:new") == [0, 2, 5, 6]

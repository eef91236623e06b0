from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from habitue.ingest.inbox import CHUNK, Parcel, count, done, follow, issued, put, waiting
from habitue.kernel.errors import UserError
from habitue.store.log import PARCEL
from habitue.store.ops import Ops
from habitue.store.tables import inbox
from tests.ingest.stores import parcel


@pytest.fixture
def ops(ops_url: str) -> Iterator[Ops]:
    opened = Ops.open(ops_url)
    yield opened
    opened.close()


def test_what_was_put_comes_out_the_same_and_in_order(ops: Ops) -> None:
    sent = [parcel("one", {}, {"account": "account:x", "revenue": None}), parcel("two", {}, history=False)]
    assert put(ops, sent, 77) == 2
    assert count(ops) == 3
    for row, was in zip(waiting(ops), sent, strict=True):
        assert (row.source, row.history, row.received) == (was.source, was.history, 77)
        assert row.table.equals(was.table)


def test_the_same_key_is_taken_once(ops: Ops) -> None:
    assert put(ops, [parcel("one", {}), parcel("one", {}, {})], 0) == 1
    assert put(ops, [parcel("one", {})], 0) == 0
    assert count(ops) == 1


def test_a_long_parcel_is_cut_and_taken_once_all_the_same(ops: Ops) -> None:
    long = parcel("one", {}).table.take([0] * (2 * CHUNK + 1))
    assert put(ops, [Parcel("long", "s", False, long)] * 2, 0) == 1
    assert [row.table.num_rows for row in waiting(ops)] == [CHUNK, CHUNK, 1]


def test_an_empty_parcel_takes_no_place(ops: Ops) -> None:
    assert put(ops, [Parcel("none", "s", False, PARCEL.empty_table())], 0) == 0
    assert issued(ops) == 0


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"id": [b"1"]}),
        parcel("one", {"key": None}).table,
        parcel("one", {"key": "user:a\0"}).table,
        parcel("one", {"account": "account:\0"}).table,
    ],
)
def test_what_is_no_parcel_is_refused_whole(ops: Ops, table: pa.Table) -> None:
    with pytest.raises(ValueError, match="parcel"):
        put(ops, [Parcel("bad", "s", False, table)], 0)
    assert count(ops) == 0


def test_a_damaged_row_is_never_loaded(ops: Ops) -> None:
    put(ops, [parcel("one", {})], 0)
    with ops.begin() as tx:
        tx.execute(inbox.update().values(body=b"\0" * 100))
    with pytest.raises(UserError, match="damaged"):
        list(waiting(ops))


def test_ids_rise_in_the_order_of_commits_whoever_puts(ops: Ops) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: put(ops, [parcel(f"p{n}", {})], 0), range(24)))
    assert [row.id for row in waiting(ops)] == list(range(1, 25))


def test_done_rows_go_and_their_numbers_are_not_used_again(ops: Ops) -> None:
    put(ops, [parcel("one", {}), parcel("two", {})], 0)
    done(ops, 1)
    assert [row.id for row in waiting(ops)] == [2]
    done(ops, 2)
    put(ops, [parcel("one", {})], 0)
    assert [row.id for row in waiting(ops)] == [3]


def test_a_database_behind_the_log_numbers_everything_above_it(ops: Ops) -> None:
    put(ops, [parcel("one", {}), parcel("two", {})], 0)
    follow(ops, 100)
    assert [(row.id, row.source) for row in waiting(ops)] == [(101, "import:one"), (102, "import:two")]
    follow(ops, 100)
    put(ops, [parcel("three", {})], 0)
    assert [row.id for row in waiting(ops)] == [101, 102, 103]

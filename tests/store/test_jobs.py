"""Which imports are under way, and since when."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from habitue.store import jobs
from habitue.store.ops import Ops
from habitue.store.tables import import_job


@pytest.fixture
def ops(ops_url: str) -> Iterator[Ops]:
    made = Ops.open(ops_url)
    yield made
    made.close()


def test_an_import_that_was_cut_short_goes_on_as_it_was_begun(ops: Ops) -> None:
    assert jobs.begin(ops, "f", "orders.csv", "orders", 1)[0] == 1
    assert jobs.begin(ops, "f", "orders.csv", "orders", 2)[0] == 1
    assert jobs.unfinished(ops) == ["orders.csv"]


def test_a_file_imported_again_is_under_way_again(ops: Ops) -> None:
    jobs.begin(ops, "f", "orders.csv", "orders", 1)
    jobs.finish(ops, "f", {"rows": 1}, 2)
    assert jobs.unfinished(ops) == []
    assert jobs.begin(ops, "f", "orders.csv", "orders", 3)[0] == 3
    assert jobs.unfinished(ops) == ["orders.csv"]


def test_what_comes_to_nothing_leaves_earlier_imports_of_the_file_noted(ops: Ops) -> None:
    jobs.begin(ops, "f", "orders.csv", "orders", 1)
    jobs.finish(ops, "f", {"rows": 1}, 2)
    jobs.begin(ops, "f", "orders.csv", "orders", 3)
    jobs.forget(ops, "f")
    with ops.read() as tx:
        assert [(row.report, row.finished) for row in tx.execute(import_job.select())] == [({"rows": 1}, 2)]

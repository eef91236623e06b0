"""What is kept of imports and of refused events, as it is counted and read back, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from habitue.store import jobs, refused
from habitue.store.ops import Ops
from habitue.store.refused import Lost


@pytest.fixture
def ops(ops_url: str) -> Iterator[Ops]:
    opened = Ops.open(ops_url)
    yield opened
    opened.close()


def test_refused_events_are_counted_by_source_and_found_by_number(ops: Ops) -> None:
    lost = [Lost(source, n, "no-name", {}, b"{}") for n, source in enumerate(("shop", "site", "shop"))]
    with ops.begin() as tx:
        refused.bury(tx, lost)
    assert refused.by_source(ops) == {"shop": 2, "site": 1}
    last = refused.latest(ops, 1)[0]
    assert refused.numbered(ops, last.id) == last
    with ops.begin() as tx:
        refused.settle(tx, last.id, 9, "dropped")
    assert refused.by_source(ops) == {"shop": 1, "site": 1}
    assert refused.numbered(ops, last.id) is None


def test_imports_are_told_the_latest_first_also_those_that_were_cut_short(ops: Ops) -> None:
    jobs.begin(ops, "a", "orders.csv", "orders", 1)
    jobs.finish(ops, "a", {"rows": 3}, 2)
    jobs.begin(ops, "b", "more.csv", "orders", 5)
    told = [(one.file, one.started, one.finished, one.report) for one in jobs.latest(ops, 9)]
    assert told == [("more.csv", 5, None, {}), ("orders.csv", 1, 2, {"rows": 3})]
    assert len(jobs.latest(ops, 1)) == 1

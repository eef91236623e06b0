from __future__ import annotations

from collections.abc import Iterator

import pytest

from habitue.store import pairs
from habitue.store.ops import Ops


@pytest.fixture
def ops(ops_url: str) -> Iterator[Ops]:
    opened = Ops.open(ops_url)
    yield opened
    opened.close()


PHONE = {"phone": "same"}


def listed(ops: Ops) -> list[tuple[int, int, float, str | None]]:
    return [(one.one, one.other, one.likely, one.outcome) for one in pairs.every(ops)]


def test_a_renewed_list_keeps_numbers_and_what_was_decided(ops: Ops) -> None:
    pairs.propose(ops, [(1, 2, 0.9, PHONE), (3, 4, 0.99, PHONE), (5, 6, 0.6, {})], 7)
    assert [one[:2] for one in listed(ops)] == [(3, 4), (1, 2), (5, 6)]
    first, *_ = numbers = {(one.one, one.other): one.id for one in pairs.every(ops)}.values()
    pairs.settle(ops, first, "dismissed", "ada", 8)
    pairs.propose(ops, [(1, 2, 0.95, {}), (7, 8, 0.7, PHONE), (3, 4, 0.5, {})], 9)
    assert listed(ops) == [(3, 4, 0.99, "dismissed"), (1, 2, 0.95, None), (7, 8, 0.7, None)]
    kept = pairs.get(ops, list(numbers)[1])
    assert kept is not None
    assert (kept.one, kept.found, kept.levels, kept.by) == (1, 7, {}, None)
    assert [one.likely for one in pairs.every(ops, 0.9)] == [0.99, 0.95]


def test_a_decision_is_taken_back(ops: Ops) -> None:
    pairs.propose(ops, [(1, 2, 0.9, PHONE)], 7)
    [one] = pairs.every(ops)
    pairs.settle(ops, one.id, "merged", "ada", 8)
    settled = pairs.get(ops, one.id)
    assert settled is not None
    assert (settled.outcome, settled.by, settled.settled) == ("merged", "ada", 8)
    pairs.settle(ops, one.id, None, "ada", 9)
    assert pairs.every(ops) == [one]


def test_whoever_is_erased_is_in_no_pair(ops: Ops) -> None:
    pairs.propose(ops, [(n, n + 1, 0.9, PHONE) for n in range(0, 4000, 2)], 7)
    with ops.begin() as tx:
        pairs.forget(tx, set(range(1000, 5000)) | {1})
    assert {one.one for one in pairs.every(ops)} == set(range(2, 1000, 2))

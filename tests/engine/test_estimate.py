"""An estimate says how sure it is, and of few subjects it is no estimate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.shop import NOW, make
from habitue.engine.compile import rule_program
from habitue.engine.estimate import estimate, sample
from habitue.engine.fold import everybody, fold
from habitue.engine.refresh import known
from habitue.rules.text import parse
from habitue.store.warehouse import Warehouse

RULES = (
    'count("Order Completed", within="90d") >= 1',
    'days_since_last("Order Completed") > 200',
    'count("Page Viewed", within="30d") >= 1 and not ever("Product Viewed")',
    'sum("Order Completed", props.revenue) >= 60',
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """3,000 customers with ten events each."""
    path: Path = tmp_path_factory.mktemp("estimate") / "work.duckdb"
    make(path, 3_000, 10)
    opened = Warehouse.open(path)
    yield opened
    opened.close()


def exactly(warehouse: Warehouse, text: str) -> set[int]:
    program = rule_program(parse(text), "person", known(warehouse, [], 2))
    return {
        int(subject)
        for found in fold(program, everybody("person", warehouse.read), warehouse.read)
        for subject, start, stop in zip(found.subject, found.start, found.stop, strict=True)
        if start <= NOW < stop
    }


@pytest.mark.parametrize("text", RULES)
def test_the_true_number_lies_where_the_estimate_says(warehouse: Warehouse, text: str) -> None:
    drawn = sample("person", warehouse.read, blocks=60, each=10)
    about = estimate(parse(text), drawn, known(warehouse, [], 2), NOW, warehouse.read)
    there = exactly(warehouse, text)
    assert about.low <= len(there) <= about.high
    assert 0 < about.high - about.low < 800
    assert set(about.some.tolist()) <= there
    assert not about.exact


def test_of_few_subjects_everybody_is_counted(warehouse: Warehouse) -> None:
    drawn = sample("person", warehouse.read)
    about = estimate(parse(RULES[0]), drawn, known(warehouse, [], 2), NOW, warehouse.read)
    assert (about.exact, set(about.some.tolist())) == (True, exactly(warehouse, RULES[0]))


def test_what_no_one_of_the_sample_does_may_still_be_done_by_a_few(warehouse: Warehouse) -> None:
    drawn = sample("person", warehouse.read, blocks=60, each=10)
    about = estimate(parse('ever("Nothing")'), drawn, known(warehouse, [], 2), NOW, warehouse.read)
    assert (about.count, about.low) == (0, 0)
    assert 0 < about.high <= 3_000 * 3 // 600

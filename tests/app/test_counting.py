"""Drafts are counted at once from a sample, then exactly, and only as long as somebody waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pyarrow as pa
import pytest

from habitue.app import Shop, counting
from habitue.engine import estimate
from habitue.kernel.clock import instant
from habitue.rules.nodes import Rule
from habitue.rules.text import parse

NOW = instant("2026-03-01")
OFTEN = parse('count("Order Completed") >= 2')
TWICE = parse('count("Order Completed") == 2')


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two hundred customers, every other one with two orders."""
    names = [f"c{n}" for n in range(200)] + [f"c{n}" for n in range(0, 200, 2)]
    with Shop.create(tmp_path_factory.mktemp("counting") / "shop", now=NOW) as made:
        size = len(names)
        made.import_orders(
            pa.table({"customer": names, "date": ["2026-01-05"] * size, "amount": [1.0] * size})
        )
        yield made


def exactly(shop: Shop, rule: Rule = OFTEN) -> counting.Counted:
    found = shop.counting.exact(rule, NOW, 20)
    assert found is not None
    return found


def test_a_small_shop_is_counted_exactly_at_once_with_its_last_year(shop: Shop) -> None:
    exactly(shop)  # compiled, if it was not yet
    found = shop.counting.quick(OFTEN, NOW)
    assert (found.exact, found.count, found.whole) == (True, 100, 200)
    assert (found.days[-1], found.days[0], len(found.some)) == (100, 0, 10)


def test_a_large_one_is_told_from_a_sample_until_it_is_counted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "SMALL", 0)
    monkeypatch.setattr(counting, "sample", partial(estimate.sample, blocks=5, each=9))
    about = shop.counting.quick(TWICE, NOW)
    assert (about.exact, about.days) == (False, ())
    assert about.low <= 100 <= about.high
    assert exactly(shop, TWICE).count == shop.counting.quick(TWICE, NOW).count == 100


def test_what_nobody_waits_for_is_not_counted_to_its_end(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_PATIENCE", -1.0)
    once = parse('count("Order Completed") == 1')
    assert shop.counting.exact(once, NOW, 5) is None
    monkeypatch.setattr(counting, "_PATIENCE", 8.0)
    assert exactly(shop, once).count == 100


def test_new_data_are_counted_anew(shop: Shop) -> None:
    assert exactly(shop).count == 100
    shop.import_orders(pa.table({"customer": ["c1"], "date": ["2026-02-01"], "amount": [1.0]}))
    assert exactly(shop).count == 101

"""Windows from gaps between orders: against the method written out, and on a shop whose gaps are known."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.kernel.clock import DAY, HOUR
from habitue.kernel.i18n import translator
from habitue.stages.suggest import FOLLOWED, LEAST, RISK, WINDOWS, Suggestion, suggest
from habitue.store.warehouse import Warehouse

Orders = list[tuple[int, int]]


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    opened = Warehouse.open(None, threads=1)
    yield opened
    opened.close()


def asked(warehouse: Warehouse, orders: Orders, today: int) -> Suggestion:
    """What is proposed on a day; each order is (customer, day). Visits are not orders."""
    people, days = [who for who, _ in orders], [day * DAY + (who % 24) * HOUR for who, day in orders]
    table = pa.table({"person": pa.array(people, pa.int32()), "ts": pa.array(days, pa.timestamp("us"))})
    with warehouse.write() as writer:
        for name in ("event_base", "event_tail", "event_name"):
            writer.run(f"DELETE FROM {name}")
        writer.run("INSERT INTO event_name VALUES (1, 'Product Viewed'), (2, 'Order Completed')")
        writer.run("INSERT INTO event_base BY NAME SELECT person, ts, 2 AS code FROM orders", orders=table)
        writer.run(
            "INSERT INTO event_tail BY NAME SELECT person, ts - INTERVAL 1 DAY AS ts, 1 AS code FROM orders",
            orders=table,
        )
    return suggest(warehouse, today * DAY + DAY - 1)


def gaps(orders: Orders, today: int) -> tuple[list[int], list[int]]:
    """Closed and open gaps in days, customer by customer."""
    closed: list[int] = []
    still: list[int] = []
    for who in {who for who, _ in orders}:
        days = sorted({day for one, day in orders if one == who and day <= today})
        closed += [after - before for before, after in pairwise(days)]
        still += [today - day for day in days[-1:]]
    return closed, still


def regular(customers: int, gap: int, orders: int, leaving: float) -> Orders:
    """Customers who order every `gap` days; a share of them leaves after the first."""
    return [
        (who, n * gap) for who in range(customers) for n in range(1 if who < leaving * customers else orders)
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 90)), max_size=400), st.integers(20, 90))
def test_windows_are_the_method_written_out(warehouse: Warehouse, orders: Orders, today: int) -> None:
    found = asked(warehouse, orders, today)
    closed, still = gaps(orders, today)
    assert (found.closed, found.customers) == (len(closed), len(still))
    assert sum(one.n for one in found.histogram) == len(closed)
    assert all(one.n == sum(one.start <= gap < one.stop for gap in closed) for one in found.histogram)

    def lasting(day: int) -> float:
        left = 1.0
        for gap in range(day + 1):
            risk = sum(one >= gap for one in closed + still)
            left *= 1 - closed.count(gap) / risk if risk else 1
        return left

    horizon = max(
        (day for day in range(today + 1) if sum(one >= day for one in closed + still) >= RISK), default=0
    )
    assert found.horizon == horizon
    assert [one.days for one in found.windows] == [
        window for window in WINDOWS if FOLLOWED * window <= horizon
    ]
    last = lasting(horizon)
    for one in found.windows:
        here = lasting(one.days)
        assert one.returned == pytest.approx((1 - here) / (1 - last) if last < 1 else 0)
        assert one.chance == pytest.approx((here - last) / here if here else 0)


def test_a_shop_with_a_steady_gap_is_dormant_after_it(warehouse: Warehouse) -> None:
    found = asked(warehouse, regular(400, 40, 12, leaving=0.5), 11 * 40 + 5)
    assert (found.enough, found.reached) == (True, True)
    assert (found.dormant, found.lost) == (45, 60)
    assert {one.days: one.chance for one in found.windows}[30] == pytest.approx(2200 / 2400, abs=0.01)


def test_customers_who_are_only_recent_do_not_count_as_gone(warehouse: Warehouse) -> None:
    steady = regular(400, 40, 12, leaving=0.5)
    fresh = [(1000 + who, 11 * 40) for who in range(5000)]
    assert asked(warehouse, steady + fresh, 445).dormant == asked(warehouse, steady, 445).dormant


def test_too_few_gaps_give_the_usual_windows_and_say_so(warehouse: Warehouse) -> None:
    for orders in ([], regular(LEAST - 1, 40, 2, leaving=0)):
        found = asked(warehouse, orders, 400)
        assert (found.dormant, found.lost, found.enough) == (90, 365, False)
        assert f"{len(gaps(orders, 400)[0])}, where {LEAST} are needed" in found.say(translator("en"))


def test_a_history_too_short_to_see_a_loss_keeps_the_usual_window(warehouse: Warehouse) -> None:
    rng = np.random.default_rng(5)
    orders = [(who, int(day)) for who in range(300) for day in np.cumsum(rng.integers(1, 60, 4))]
    found = asked(warehouse, [(who, day) for who, day in orders if day <= 62], 62)
    assert found.enough
    assert found.reached or found.lost >= 365


def test_the_proposal_explains_itself_in_both_languages(warehouse: Warehouse) -> None:
    found = asked(warehouse, regular(400, 40, 12, leaving=0.5), 445)
    assert "Dormant after 45 days: at least 80% of those who come back do so sooner." in found.say(
        translator("en")
    )
    french = found.say(translator("fr"))
    assert "Dormant après 45 jours\u00a0: au moins 80\u00a0% des retours ont lieu plus tôt." in french


def test_a_window_is_judged_only_where_it_was_watched_for_half_as_long_again(warehouse: Warehouse) -> None:
    """Just before the end of a short record nobody seems to come back any more."""
    orders = [(who, start + n * 45) for who in range(200) for start in [who % 40] for n in range(5)]
    found = asked(warehouse, orders, 200)
    assert found.windows
    assert all(FOLLOWED * window.days <= found.horizon for window in found.windows)
    assert found.reached or "the usual window" in found.say(translator("en"))

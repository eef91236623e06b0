"""What was sold month by month is what its definitions say, order by order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from habitue.app import Settings, Shop
from habitue.demo.shop import parcels
from habitue.kernel.clock import instant
from habitue.kernel.period import Period, Span, Versus, parse
from habitue.metrics import sales as counting
from habitue.metrics.sales import Sold
from habitue.stages.sales import Sales, sales

NOW = instant("2026-11-22T14:48")
ZONE = "Europe/Paris"
ORDERS = """customer,date,order,amount
a,2026-09-30T23:00,o1,10.00
a,2026-10-05T10:00,o2,30.00
a,2026-10-20T10:00,o3,20.00
b,2026-10-31T22:59,o4,40.00
b,2026-10-31T22:59,o5,5.00
c,2026-11-02T10:00,o6,7.00
c,2026-11-03T10:00,o7,8.00
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop.create(tmp_path_factory.mktemp("sales") / "shop", Settings("EUR", "UTC", "en")) as made:
        file = Path(made.directory) / "orders.csv"
        file.write_text(ORDERS)
        made.import_file(file, kind="orders", mapping={"revenue": "amount", "order_id": "order"})
        yield made


def told(shop: Shop, now: int) -> Sales:
    return sales(shop.warehouse, "person", "UTC", now)


def of(text: str) -> Versus:
    return Versus(parse(text), parse(text).ago())


def test_orders_are_counted_in_their_month_and_buyers_once(shop: Shop) -> None:
    found = told(shop, NOW)
    assert found.months[parse("2026-09")] == Sold(1000, 1000, 1, 1, 1, 0)
    # `b` ordered twice at the same moment: neither came after the other.
    assert found.months[parse("2026-10")] == Sold(9500, 9500, 4, 4, 2, 1)
    assert found.months[parse("2026-11")] == Sold(1500, 1500, 2, 2, 1, 1)
    assert found.of(parse("2026-10")).mean == 2375
    assert found.of(parse("2026-10")).repeat == 0.5
    assert (
        found.of(parse("2020-01")),
        found.of(parse("2020-01")).mean,
        found.of(parse("2020-01")).repeat,
    ) == (Sold(), None, None)


def test_a_month_that_runs_is_held_against_as_much_of_another(shop: Shop) -> None:
    found = told(shop, instant("2026-11-06T10:00"))
    assert found.both(of("2026-11"))[1] == Sold(3000, 3000, 1, 1, 1, 1)
    assert found.both(of("2026-10"))[1] == found.months[parse("2026-09")]
    assert told(shop, instant("2026-11-02T12:00")).of(parse("2026-11")) == Sold(700, 700, 1, 1, 1, 0)


def test_days_are_held_against_the_days_before_or_as_much_of_them(shop: Shop) -> None:
    def both(text: str, now: int) -> tuple[Sold, Sold]:
        return sales(shop.warehouse, "person", "UTC", now).both(of(text))

    # From October 20 to 31 against the 8th to the 19th: nobody; three days of November against three before.
    assert both("2026-10-20..2026-10-31", NOW) == (Sold(6500, 6500, 3, 3, 2, 1), Sold())
    assert both("2026-11-01..2026-11-03", NOW) == (Sold(1500, 1500, 2, 2, 1, 1), Sold(4500, 4500, 2, 2, 1, 0))
    # At noon of its second day, as much of the two days before: until noon of the 31st.
    assert both("2026-11-01..2026-11-02", instant("2026-11-02T12:00")) == (Sold(700, 700, 1, 1, 1, 0), Sold())
    assert both("2026-10-05", NOW) == (Sold(3000, 3000, 1, 1, 1, 1), Sold())


def test_the_table_is_in_major_units_and_only_of_a_segment_where_one_is_named(shop: Shop) -> None:
    shop.save_segment("late", 'count("Order Completed", within="20d") >= 1', NOW)
    rows = {row["month"]: row for row in shop.sales(2, until=NOW)}
    assert rows["2026-10"]["revenue"] == Decimal("95.00")
    assert rows["2026-10"]["average_order"] == Decimal("23.75")
    own = {row["month"]: row for row in shop.sales(3, until=NOW, segment="late")}
    assert [own[month]["orders"] for month in ("2026-09", "2026-10", "2026-11")] == [0, 0, 2]
    shop.remove_segment("late")


def by_hand(rows: list[dict[str, Any]], span: Span) -> Sold:
    """Of all that a few people bought, what lies in a span, order by order."""
    orders = [row for row in rows if row["name"] == "Order Completed"]
    first = {row["person"]: row["at"] for row in sorted(orders, key=lambda row: -row["at"])}
    here = [row for row in orders if span.before < row["at"] <= span.after]
    return Sold(
        sum(row["revenue"] for row in rows if span.before < row["at"] <= span.after),
        sum(row["revenue"] for row in here),
        len(here),
        len(here),
        len({row["person"] for row in here}),
        len({row["person"] for row in here if row["at"] > first[row["person"]]}),
    )


@pytest.mark.parametrize("portion", [500, 8 << 20])
def test_it_is_what_one_would_count_by_hand(
    tmp_path: Path, portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_PORTION", portion)
    with Shop.create(tmp_path / "shop") as made:
        made.put(parcels(5, 200, until=NOW), NOW)
        made.refresh(NOW)
        some = np.arange(0, 200, 3)
        rows = made.warehouse.read(
            "SELECT person, epoch_us(ts) AS at, name, revenue FROM event JOIN event_name USING (code) "
            "WHERE starts_with(name, 'Order ') AND revenue IS NOT NULL AND ts <= make_timestamp(?)",
            (NOW,),
        ).to_pylist()
        mine = [row for row in rows if row["person"] in some]
        assert any(row["revenue"] < 0 for row in mine)
        found = sales(made.warehouse, "person", ZONE, NOW, some)
        months = {one: by_hand(mine, one.span(ZONE, NOW)) for one in found.months}
        assert found.months == months
        assert sum(one.orders for one in months.values()) == sum(
            row["name"] == "Order Completed" for row in mine
        )
        dice, today = Random(7), date(2026, 11, 22)
        for _ in range(60):
            last = today - timedelta(days=dice.choice((0, dice.randrange(700))))
            period = Period(last - timedelta(days=dice.randrange(90)), last)
            for against in (period.ago(), period.year_ago()):
                spans = Versus(period, against).spans(ZONE, NOW)
                both = found.both(Versus(period, against))
                assert both == tuple(by_hand(mine, span) for span in spans), (period, against)
        whole = sales(made.warehouse, "person", ZONE, NOW)
        for month in ("2026-11", "2026-03"):
            span = parse(month).span(ZONE, NOW)
            assert len(counting.buyers(made.warehouse, *span)) == whole.of(parse(month)).buyers


def test_what_no_day_ends_at_is_not_guessed_at(shop: Shop) -> None:
    found = told(shop, NOW).ledger
    with pytest.raises(ValueError, match="no edge"):
        found.sold(Span(instant("2026-10-01T00:00:01"), NOW))
    assert found.sold(Span(0, instant("2020-01-01"))) == Sold()

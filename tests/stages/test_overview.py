"""Overviews of any period say what their metrics and the judge say, and are kept while they are true."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from habitue.app import Settings, Shop
from habitue.demo.shop import parcels
from habitue.kernel.clock import DAY, HOUR, MINUTE, instant, iso
from habitue.kernel.period import Versus, parse
from habitue.metrics.counts import counts, ever
from habitue.metrics.stay import stay
from habitue.rules import judge
from habitue.stages.models import Model
from habitue.stages.overview import Key, Overviews, Pair
from habitue.store.warehouse import Warehouse
from tests.stages.lives import life

NOW = instant("2026-11-22T14:48")
ZONE = "Europe/Paris"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop.create(tmp_path_factory.mktemp("overview") / "shop") as made:
        made.put(parcels(5, 200, until=NOW), NOW)
        made.refresh(NOW)
        yield made


def of(text: str, version: int = 1) -> Pair:
    period = parse(text)
    return Pair(Key(version, 6), Versus(period, period.ago()))


@pytest.mark.parametrize(
    "text", ["2026-11", "2026-11-16..2026-11-22", "2026-04-03..2026-04-17", "2026-10-25"]
)
def test_an_overview_is_what_its_metrics_say(shop: Shop, text: str) -> None:
    model = shop.model("transactional")
    seen = Overviews(shop.warehouse, lambda: ZONE, lambda: 0).get(of(text, model.version), NOW)
    assert seen.then == seen.was
    assert seen.stands == counts(shop.warehouse, model.version, seen.after)
    assert seen.was == counts(shop.warehouse, model.version, seen.before)
    assert seen.ever == ever(shop.warehouse, model.version, seen.after)
    assert seen.counts[-1].tolist() == [seen.stands.get(value, 0) for value in range(6)]
    assert seen.stays == tuple(stay(shop.warehouse, model.version, value, seen.after) for value in range(6))


def test_an_overview_is_kept_until_it_is_out_of_date(shop: Shop) -> None:
    generation = 0
    overviews = Overviews(shop.warehouse, lambda: ZONE, lambda: generation)
    first = overviews.get(of("2026-11"), NOW)
    assert overviews.get(of("2026-11"), NOW + MINUTE - 1) is first
    assert overviews.get(of("2026-11"), NOW, fresh=True) is not first
    past = overviews.get(of("2026-09"), NOW)
    assert overviews.get(of("2026-09"), NOW + 30 * DAY) is past
    assert overviews.get(of("2026-08..2026-09"), NOW) is not past


@pytest.mark.parametrize("later", [HOUR])
def test_a_running_month_is_read_again_as_time_goes_by(shop: Shop, later: int) -> None:
    overviews = Overviews(shop.warehouse, lambda: ZONE, lambda: 0)
    overviews.get(of("2026-11"), NOW)
    for _ in range(200):
        if overviews.get(of("2026-11"), NOW + later).computed == NOW + later:
            return
    pytest.fail("the old one is still shown")


def test_a_period_that_was_read_while_it_ran_is_read_again_when_it_is_over(shop: Shop) -> None:
    overviews = Overviews(shop.warehouse, lambda: ZONE, lambda: 0)
    running = overviews.get(of("2026-11-16..2026-11-22"), NOW)
    assert (running.after, running.after < NOW + DAY) == (NOW, True)
    over = overviews.get(of("2026-11-16..2026-11-22"), NOW + DAY)
    assert over.after == instant("2026-11-22T22:59:59.999999")
    assert overviews.get(of("2026-11-16..2026-11-22"), NOW + 3 * DAY) is over


def test_a_day_is_that_of_the_zone_that_is_set_now(shop: Shop) -> None:
    zone = ZONE
    overviews = Overviews(shop.warehouse, lambda: zone, lambda: 0)
    paris = overviews.get(of("2026-04-17"), NOW)
    zone = "America/New_York"
    york = overviews.get(of("2026-04-17"), NOW)
    assert (york.before - paris.before, york.after - paris.after) == (6 * HOUR, 6 * HOUR)
    zone = ZONE
    assert overviews.get(of("2026-04-17"), NOW) is paris


def test_days_that_are_asked_for_cost_no_more_than_months(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    read = Warehouse.read

    def noted(self: Warehouse, sql: str, *args: Any, **named: Any) -> Any:
        asked.append(sql)
        return read(self, sql, *args, **named)

    monkeypatch.setattr(Warehouse, "read", noted)
    overviews = Overviews(shop.warehouse, lambda: ZONE, lambda: 0)
    costs = []
    for text in (
        "2026-11",
        "2026-10",
        "2026-04-03..2026-04-17",
        "2021-01..2026-11",
        "2026-04-03..2026-04-17",
    ):
        before = len(asked)
        overviews.get(of(text), NOW)
        costs.append(len(asked) - before)
    # Everybody's stays are read once; after that no period asks the working copy for anything.
    assert costs[0] > 0
    assert costs[1:] == [0, 0, 0, 0]


BORN = instant("2026-01-01")
SOME = random.Random(11)
LIVES = [
    [
        (SOME.choice([0, 31, 92, 120.5, *range(0, 320, 7)]), "Order Completed")
        for _ in range(SOME.randint(1, 5))
    ]
    for _ in range(40)
]
"""Orders by day of the year, some at its very first instant in UTC."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop.create(tmp_path_factory.mktemp("lived") / "shop", Settings("EUR", "UTC", "en")) as made:
        file = Path(made.directory) / "orders.csv"
        rows = [
            f"c{n:02d},{iso(BORN + int(day * DAY))},{n}-{k},10.00"
            for n, deeds in enumerate(LIVES)
            for k, (day, _) in enumerate(deeds)
        ]
        file.write_text("\n".join(["customer,date,order,amount", *rows]))
        made.import_file(file, kind="orders", mapping={"revenue": "amount", "order_id": "order"})
        made.refresh(NOW)
        yield made


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-04-03..2026-04-17", "UTC"),
        ("2026-05-03", "UTC"),
        ("2026-03-29", "Europe/Paris"),
        ("2026-02-01..2026-08-13", "America/New_York"),
        ("2026-11-01..2026-11-30", "UTC"),
        ("2025-06-01..2025-07-14", "UTC"),
    ],
)
def test_who_moved_between_two_free_days_is_what_the_judge_says(lived: Shop, text: str, zone: str) -> None:
    model = lived.model("transactional")
    pair = of(text, model.version)
    seen = Overviews(lived.warehouse, lambda: zone, lambda: 0).get(pair, NOW)
    spans = pair.versus.spans(zone, NOW)
    found = [{(m.from_value, m.to_value): m.n for m in seen.moves}, pairs(seen.other)]
    for span, moved in zip(spans, found, strict=True):
        expected: Counter[tuple[int | None, int | None]] = Counter()
        for deeds in LIVES:
            two = [stood(model, deeds, at) for at in span]
            expected[two[0], two[1]] += two != [None, None]
        assert moved == {one: n for one, n in expected.items() if n}


def pairs(table: Any) -> dict[tuple[int | None, int | None], int]:
    """The same of [from, to] by place."""
    value = [None, *range(len(table))]
    return {(value[a], value[b]): int(table[a, b]) for a, b in np.argwhere(table).tolist()}


def stood(model: Model, deeds: list[Any], at: int) -> int | None:
    """The value at an instant by the judge, None before somebody's first order."""
    events = [(day + (BORN / DAY), name) for day, name in deeds]
    if at < min(int(day * DAY) for day, _ in events):
        return None
    made = model.definition()
    ruled = judge.Model(made.values, made.rules, made.population)
    named = judge.stage(ruled, life(*events), at, judge.Book())
    return None if named is None else made.values.index(named)

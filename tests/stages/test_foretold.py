"""A list of the past tells what was to come as one would have been told on that day, not what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc
import pytest

from habitue.app import Shop
from habitue.demo.shop import parcels
from habitue.engine.expect import expectable
from habitue.ingest.inbox import Parcel
from habitue.kernel.clock import DAY, Micros, instant
from habitue.people import profiles
from habitue.people.profiles import Choice, Member
from habitue.rules.text import parse
from habitue.stages.choice import foretold, members
from habitue.stages.kind import kinds
from habitue.stages.versions import install

NOW = instant("2026-11-22T14:48")
DAYS = (0, 20, 100, 400)
Made = Callable[[str, Iterable[Parcel], Micros], Shop]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    place, open_ = tmp_path_factory.mktemp("past"), []

    def make(name: str, some: Iterable[Parcel], now: Micros) -> Shop:
        shop = Shop.create(Path(place / name), now=now)
        open_.append(shop)
        for kind in kinds():
            if kind not in ("chabry6", "b2b5"):
                install(shop.ops, kind, kind, now, by="test")
        shop.put(some, now)
        shop.refresh(now)
        return shop

    yield make
    for shop in open_:
        shop.close()


def cut(parcel: Parcel, at: Micros) -> Parcel:
    rows = parcel.table
    return replace(parcel, table=rows.filter(pc.less_equal(rows["ts"].cast("int64"), at)))


def listed(shop: Shop, model: str, at: Micros, now: Micros) -> dict[str, Member]:
    one = shop.model(model)
    choice = Choice(one.version, at)
    persons = profiles.chosen(shop.warehouse, choice)
    assert foretold(one, choice, shop.known(), now)
    return {row.key: row for row in members(shop.warehouse, one, choice, persons, shop.known(), now)}


def test_what_was_expected_is_what_a_shop_of_that_day_expects(made: Made) -> None:
    every = list(parcels(5, 150, until=NOW))
    whole = made("whole", every, NOW)
    for days in DAYS:
        at = NOW - days * DAY
        then = made(f"then{days}", [cut(parcel, at) for parcel in every], at)
        for model in (one.id for one in whole.models()):
            expected = listed(then, model, at, at)
            found = listed(whole, model, at, NOW)
            assert len(found) == len(expected) > 0
            for key, row in expected.items():
                told = found[key]
                assert (told.value, told.since, told.until, told.then) == (
                    row.value,
                    row.since,
                    row.until,
                    row.then,
                ), (days, model, key)


def test_hindsight_is_another_thing(made: Made) -> None:
    whole = made("hindsight", parcels(5, 150, until=NOW), NOW)
    one, at = whole.model("transactional"), NOW - 100 * DAY
    choice = Choice(one.version, at)
    persons = profiles.chosen(whole.warehouse, choice)
    came = profiles.members(whole.warehouse, choice.version, at, persons)
    told = members(whole.warehouse, one, choice, persons, whole.known(), NOW)
    assert [(row.until, row.then) for row in came] != [(row.until, row.then) for row in told]
    assert members(whole.warehouse, one, choice, persons, whole.known(), at) == came


def test_what_looks_at_other_lists_can_not_be_foretold(made: Made) -> None:
    shop = made("others", parcels(5, 20, until=NOW), NOW)
    known, live = shop.known(), shop.model("transactional").definition()
    for rule in ('stage("transactional") == "dormant"', 'held(stage("transactional") == "lost", "3d")'):
        other = replace(live, version=99, id="other", values=("in", "out"), rules=(parse(rule), None))
        assert not expectable(other, known), rule
    assert expectable(live, known)

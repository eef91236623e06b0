"""The catalogue of a shop agrees with counting in plain Python, whatever waits in tails or lies in bases."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from habitue.app import Shop
from habitue.ingest.inbox import Parcel
from habitue.kernel.clock import DAY, HOUR, instant
from habitue.kernel.i18n import translator
from habitue.metrics import sample, volume
from habitue.metrics.unusual import said
from habitue.store.log import PARCEL

NOW = instant("2026-11-22T14:48")
PARIS = ZoneInfo("Europe/Paris")
Event = tuple[int, str, str, dict[str, Any], str]


def events(seed: int) -> list[Event]:
    """When, what, whose, with what, and from where."""
    chance = random.Random(seed)
    return [
        (
            NOW - int(chance.expovariate(1 / (40 * DAY))),
            chance.choice(["Order Completed", "Page", "$identify"]),
            f"user:u{chance.randrange(50)}",
            {"price": chance.randrange(90), "email": "ada@example.com"} | ({"coupon": "X"} if n % 3 else {}),
            chance.choice(["shop", "site"]),
        )
        for n in range(2_000)
    ]


def parcel(number: int, source: str, some: list[Event]) -> Parcel:
    rows = [
        (
            blake2b(f"{number}:{source}:{n}".encode(), digest_size=16).digest(),
            key,
            None,
            None,
            ts,
            name,
            None,
            json.dumps(props),
        )
        for n, (ts, name, key, props, _) in enumerate(some)
    ]
    names = ("id", "key", "also", "account", "ts", "name", "revenue", "props")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    table = pa.table(
        [pa.array(columns[name], PARCEL.field(name).type) for name in PARCEL.names], schema=PARCEL
    )
    return Parcel(key=f"{number}:{source}", source=source, history=True, table=table)


@pytest.fixture(scope="module")
def told() -> list[Event]:
    return events(7)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, told: list[Event]) -> Iterator[Shop]:
    """Half of the events in the bases, half in the tails."""
    with Shop.create(tmp_path_factory.mktemp("catalogue") / "shop", now=NOW) as made:
        for number, half in enumerate((told[::2], told[1::2])):
            for source in ("shop", "site"):
                made.put([parcel(number, source, [one for one in half if one[4] == source])], NOW)
            made.refresh(NOW)
            if not number:
                made.warehouse.compact()
        yield made


def test_volumes_are_those_of_plain_python(shop: Shop, told: list[Event]) -> None:
    found = {one.name: one for one in shop.catalogue_entries(NOW) if one.kind == "event"}
    today = datetime.fromtimestamp(NOW / 1e6, PARIS).date()
    assert found.keys() == {name for _, name, *_ in told}
    for name, entry in found.items():
        mine = [one for one in told if one[1] == name]
        ago = Counter((today - datetime.fromtimestamp(ts / 1e6, PARIS).date()).days for ts, *_ in mine)
        one = entry.volume
        assert one.events == len(mine)
        assert (one.first, one.last) == (min(mine)[0], max(mine)[0])
        assert one.sources == ("shop", "site")
        assert one.days == tuple(ago[n] for n in range(89, -1, -1))
        assert entry.close is not None
        assert entry.close.persons == len({key for _, _, key, *_ in mine})


def test_properties_are_those_of_plain_python(shop: Shop, told: list[Event]) -> None:
    entry = next(one for one in shop.catalogue_entries(NOW) if one.name == "Page")
    mine = [props for _, name, _, props, _ in told if name == "Page"]
    assert entry.close is not None
    shares = {one.path: one.share for one in entry.close.properties}
    assert shares == pytest.approx(
        {path: sum(path in one for one in mine) / len(mine) for path in ("price", "email", "coupon")}
    )
    known = {one.path: one for one in entry.close.properties}
    assert (known["email"].personal, known["email"].examples) == ("email", ())
    assert (known["price"].types, known["coupon"].examples) == (("number",), ("X",))
    assert entry.personal == ["email"]


def test_traits_are_told_with_those_who_have_them(shop: Shop, told: list[Event]) -> None:
    traits = {one.title: one for one in shop.catalogue_entries(NOW) if one.kind == "trait"}
    mine = [one for one in told if one[1] == "$identify"]
    assert traits.keys() == {"price", "email", "coupon"}
    assert traits["email"].volume.events == len(mine)
    assert traits["email"].personal == ["email"]
    assert traits["price"].close is not None
    assert traits["price"].close.persons == len({key for _, _, key, *_ in mine})
    assert traits["price"].close.properties[0].types == ("number",)


def test_sources_tell_what_they_sent(shop: Shop, told: list[Event]) -> None:
    found = {one.name: one.feed for one in shop.origins(NOW)}
    midnight = instant("2026-11-22", "Europe/Paris")
    for source in ("shop", "site"):
        mine = [ts for ts, _, _, _, whose in told if whose == source]
        feed = found[source]
        assert feed is not None
        assert (feed.events, feed.last) == (len(mine), max(mine))
        assert feed.today == sum(ts >= midnight for ts in mine)


def test_a_rebuilt_working_copy_has_the_same_tally(shop: Shop) -> None:
    before = shop.catalogue_entries(NOW)
    assert shop.rebuild(NOW).differing == ()
    assert shop.catalogue_entries(NOW) == before


def test_a_part_of_many_is_the_same_every_time_and_the_rare_are_found(
    shop: Shop, told: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a table much larger than the blocks that are looked through."""
    for name, value in {"BLOCKS": 4, "BLOCK": 8, "NEWEST": 8, "LOOKED": 20}.items():
        monkeypatch.setattr(sample, name, value)
    found = sample.events(shop.warehouse, NOW)
    assert sample.events(shop.warehouse, NOW) == found
    whole = defaultdict(list)
    for ts, name, _, props, _ in told:
        age = NOW - ts
        whole[name, 0 if age < 7 * DAY else 1 if age < 63 * DAY else 2].append(props)
    for name, some in found.items():
        for time, part in enumerate(some):
            assert part.of == len(whole[name, time])  # rarer than 200: looked for everywhere
            assert all(json.loads(one) in whole[name, time] for one in part.bodies)
            assert len(part.bodies) <= 60
    assert NOW % HOUR


def test_an_erasure_changes_no_volume(tmp_path: Path, told: list[Event]) -> None:
    with Shop.create(tmp_path / "shop", now=NOW) as shop:
        shop.put([parcel(0, "shop", told[:200])], NOW)
        shop.refresh(NOW)
        before = volume.events(shop.warehouse, "UTC", NOW)
        shop.erase([told[0][2]], "test", now=NOW)
        assert volume.events(shop.warehouse, "UTC", NOW) == before
        assert shop.rebuild(NOW).differing == ()
        assert volume.events(shop.warehouse, "UTC", NOW) == before


def test_orders_whose_amount_is_in_no_revenue_are_counted(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = [
        {"revenue": "12,50 €"},
        {"total": 100, "currency": "USD"},
        {"order_id": "o-3"},
        {"revenue": None},
    ]
    some: list[Event] = [(NOW - DAY, "Order Completed", "user:u", props, "shop") for props in told]
    with Shop.create(tmp_path / "shop", now=NOW) as shop:
        shop.put([parcel(1, "shop", [*some, (NOW, "Product Viewed", "user:u", {"value": 3}, "shop")])], NOW)
        shop.refresh(NOW)
        found = {one.name: one.warnings for one in shop.catalogue_entries(NOW)}
    assert [(one.kind, one.fields) for one in found["Order Completed"]] == [("uncounted", {"count": 2})]
    assert found["Product Viewed"] == []
    english, french = (said(found["Order Completed"][0], translator(tongue)) for tongue in ("en", "fr"))
    assert "2 with an amount that could not be read" in english
    assert "2 dont le montant n’a pas pu être lu" in french

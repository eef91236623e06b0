"""Months in the shop's zone, and overviews that are kept while they are true."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from habitue.app import Shop
from habitue.demo.shop import parcels
from habitue.kernel.clock import DAY, HOUR, MINUTE, instant, iso
from habitue.kernel.errors import UserError
from habitue.metrics.counts import counts, ever
from habitue.metrics.stay import stay
from habitue.stages.calendar import compared, end, month_of, previous
from habitue.stages.overview import Overviews

NOW = instant("2026-11-22T14:48")
ZONE = "Europe/Paris"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop.create(tmp_path_factory.mktemp("overview") / "shop") as made:
        made.put(parcels(5, 200, until=NOW), NOW)
        made.refresh(NOW)
        yield made


def test_a_month_ends_at_midnight_in_the_zone_of_the_shop() -> None:
    assert iso(end("2026-10", ZONE, NOW)) == "2026-10-31T22:59:59.999999Z"
    assert iso(end("2026-06", ZONE, NOW)) == "2026-06-30T21:59:59.999999Z"
    assert iso(end("2025-12", "Pacific/Auckland", NOW)) == "2025-12-31T10:59:59.999999Z"
    assert end("2026-11", ZONE, NOW) == end("2030-01", ZONE, NOW) == NOW


def test_the_month_of_an_instant_is_that_of_its_place() -> None:
    assert month_of(instant("2026-10-31T23:30"), ZONE) == "2026-11"
    assert month_of(instant("2026-10-31T23:30"), "America/New_York") == "2026-10"
    assert previous("2026-02", 4) == ("2025-11", "2025-12", "2026-01", "2026-02")


@pytest.mark.parametrize(
    ("month", "against", "found"),
    [
        (None, None, ("2026-11", "2026-10")),
        ("2026-03", None, ("2026-03", "2026-02")),
        ("2026-03", "2026-07", ("2026-07", "2026-03")),
        ("2026-03", "2026-03", ("2026-03", "2026-02")),
        ("2027-03", "2028-01", ("2026-11", "2026-10")),
        (None, "2025-01", ("2026-11", "2025-01")),
    ],
)
def test_two_months_are_compared_the_earlier_with_the_later(
    month: str | None, against: str | None, found: tuple[str, str]
) -> None:
    assert compared(month, against, NOW, ZONE) == found


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "0000-01", "2026-1-1", "x", "2026-01; drop"])
def test_what_is_no_month_is_said(text: str) -> None:
    with pytest.raises(UserError):
        end(text, ZONE, NOW)


def test_an_overview_is_what_its_metrics_say(shop: Shop) -> None:
    model = shop.model("transactional")
    seen = Overviews(shop.warehouse, lambda: ZONE, lambda: 0).get(model.version, 6, "2026-11", "2026-10", NOW)
    assert seen.stands == counts(shop.warehouse, model.version, seen.after)
    assert seen.was == counts(shop.warehouse, model.version, seen.before)
    assert seen.ever == ever(shop.warehouse, model.version, seen.after)
    assert seen.counts[-1].tolist() == [seen.stands.get(value, 0) for value in range(6)]
    assert seen.stays == tuple(stay(shop.warehouse, model.version, value, NOW) for value in range(6))


def test_an_overview_is_kept_until_it_is_out_of_date(shop: Shop) -> None:
    generation = 0
    overviews = Overviews(shop.warehouse, lambda: ZONE, lambda: generation)
    first = overviews.get(1, 6, "2026-11", "2026-10", NOW)
    assert overviews.get(1, 6, "2026-11", "2026-10", NOW + MINUTE - 1) is first
    assert overviews.get(1, 6, "2026-11", "2026-10", NOW, fresh=True) is not first
    past = overviews.get(1, 6, "2026-09", "2026-08", NOW)
    assert overviews.get(1, 6, "2026-09", "2026-08", NOW + 30 * DAY) is past
    assert overviews.get(1, 6, "2026-09", "2026-07", NOW) is not past


@pytest.mark.parametrize("later", [HOUR])
def test_a_running_month_is_read_again_as_time_goes_by(shop: Shop, later: int) -> None:
    overviews = Overviews(shop.warehouse, lambda: ZONE, lambda: 0)
    overviews.get(1, 6, "2026-11", "2026-10", NOW)
    for _ in range(200):
        if overviews.get(1, 6, "2026-11", "2026-10", NOW + later).computed == NOW + later:
            return
    pytest.fail("the old one is still shown")

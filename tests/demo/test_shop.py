"""The demo shop: the same bytes for the same seed, and numbers that a real shop could have."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from habitue.demo.season import openings
from habitue.demo.shop import YEARS, parcels
from habitue.ingest.inbox import Parcel
from habitue.kernel.clock import YEAR, instant
from habitue.store.log import PARCEL

UNTIL = instant("2026-11-22")


def digest(shop: Iterator[Parcel]) -> str:
    seen = hashlib.sha256()
    for parcel in shop:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, parcel.table.schema) as stream:
            stream.write_table(parcel.table)
        seen.update(parcel.key.encode() + sink.getvalue())
    return seen.hexdigest()


@pytest.fixture(scope="module")
def shop() -> list[Parcel]:
    return list(parcels(seed=7, customers=3000, until=UNTIL))


@pytest.fixture(scope="module")
def events(shop: list[Parcel]) -> pa.Table:
    return pa.concat_tables([parcel.table for parcel in shop])


def named(events: pa.Table, name: str) -> pa.Table:
    return events.filter(pc.equal(events["name"], name))


def props(events: pa.Table, name: str) -> list[dict[str, object]]:
    return [json.loads(text) for text in named(events, name)["props"].to_pylist()]


def stamps(table: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.asarray(table["ts"].cast(pa.int64()))


def test_the_same_seed_makes_the_same_bytes_in_any_process() -> None:
    program = (
        "from tests.demo.test_shop import UNTIL, digest, parcels;"
        "print(digest(parcels(seed=5, customers=300, until=UNTIL)))"
    )
    here = digest(parcels(seed=5, customers=300, until=UNTIL))
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == here
    assert digest(parcels(seed=6, customers=300, until=UNTIL)) != here


def test_parcels_are_history_in_the_agreed_schema_under_different_keys(shop: list[Parcel]) -> None:
    assert {parcel.table.schema for parcel in shop} == {PARCEL}
    assert all(parcel.history for parcel in shop)
    assert len({parcel.key for parcel in shop}) == len(shop)


def test_another_end_makes_other_message_ids() -> None:
    first, second = (next(parcels(customers=50, until=UNTIL + shift)) for shift in (0, 1))
    assert not set(first.table["id"].to_pylist()) & set(second.table["id"].to_pylist())


def test_everything_happens_in_the_two_years_before_the_end(events: pa.Table) -> None:
    ts = stamps(events)
    assert ts.max() < UNTIL
    assert ts.min() >= UNTIL - 2 * YEAR - 3_600_000_000


def test_every_customer_orders_and_nobody_else_but_the_tester(events: pa.Table) -> None:
    buyers = set(named(events, "Order Completed")["key"].to_pylist())
    assert buyers == {f"user:c-{number:06}" for number in range(1, 3001)} | {"user:test"}
    everybody = set(events["key"].to_pylist())
    assert sum(key.startswith("anonymous:") for key in everybody) == 1200


@pytest.mark.parametrize("name", ["Order Completed", "Order Refunded"])
def test_the_amount_in_the_properties_is_the_revenue(events: pa.Table, name: str) -> None:
    said = [round(float(str(fields["revenue"])) * 100) for fields in props(events, name)]
    assert said == named(events, name)["revenue"].to_pylist()


def test_the_lines_of_an_order_add_up_to_its_revenue(events: pa.Table) -> None:
    for order in props(events, "Order Completed"):
        lines = order["products"]
        assert isinstance(lines, list)
        goods = sum(round(line["price"] * 100) * line["quantity"] for line in lines)
        assert goods == round(100 * (float(str(order["revenue"])) + float(str(order.get("discount", 0)))))


def test_refunds_take_back_no_more_than_was_paid(events: pa.Table) -> None:
    paid = {order["order_id"]: order["revenue"] for order in props(events, "Order Completed")}
    refunds = props(events, "Order Refunded")
    assert refunds
    assert all(
        0 < -float(str(refund["revenue"])) <= float(str(paid[refund["order_id"]])) for refund in refunds
    )


def test_nobody_real_can_be_reached(events: pa.Table) -> None:
    fiction = ("+33 1 99 00", "+33 2 61 91", "+33 3 53 01", "+33 4 65 71", "+33 5 36 49", "+33 6 39 98")
    traits = props(events, "$identify")
    assert all(str(fields["email"]).endswith("@example.com") for fields in traits)
    assert all(str(fields["phone"]).startswith(fiction) for fields in traits if "phone" in fields)
    addresses = {fields["email"] for fields in traits}
    assert len(addresses) == 3600


def test_the_data_has_the_mistakes_of_real_data(shop: list[Parcel], events: pa.Table) -> None:
    ids = events["id"].to_pylist()
    assert len(set(ids)) < len(ids)
    assert stamps(shop[-1].table).min() < stamps(shop[-2].table).min()
    assert sum(amount == 0 for amount in named(events, "Order Completed")["revenue"].to_pylist()) >= 30
    cities = {fields.get("city") for fields in props(events, "$identify")}
    assert {"Lyon", "LYON", None} <= cities


def test_identical_rows_come_under_different_ids(events: pa.Table) -> None:
    orders = named(events, "Order Completed")
    once = {row["id"]: (row["key"], row["ts"], row["props"]) for row in orders.to_pylist()}
    assert len(set(once.values())) < len(once)


def test_nothing_follows_a_closed_account(events: pa.Table) -> None:
    closed = named(events, "Account Closed")
    assert len(closed)
    for key, ts in zip(closed["key"].to_pylist(), stamps(closed).tolist(), strict=True):
        assert stamps(events.filter(pc.equal(events["key"], key))).max() == ts


def test_promoters_buy_again_more_often_than_detractors(events: pa.Table) -> None:
    orders = named(events, "Order Completed")
    last = dict(zip(orders["key"].to_pylist(), stamps(orders).tolist(), strict=True))
    answers = named(events, "Survey Answered")
    back: dict[bool, list[bool]] = {True: [], False: []}
    for key, ts, text in zip(
        answers["key"].to_pylist(), stamps(answers).tolist(), answers["props"].to_pylist(), strict=True
    ):
        answer = json.loads(text)
        if answer["kind"] == "nps" and answer["score"] not in (7, 8):
            back[answer["score"] > 8].append(last[key] > ts)
    assert np.mean(back[True]) > np.mean(back[False]) + 0.15


def test_companies_have_members_and_traits(events: pa.Table) -> None:
    group = named(events, "$group")
    assert set(group["account"].to_pylist()) == {f"account:b-{number:03}" for number in range(1, 7)}
    assert all("industry" in fields for fields in props(events, "$group"))


def test_a_december_day_sells_more_than_one_in_february(events: pa.Table) -> None:
    ts = stamps(named(events, "Order Completed"))

    def between(start: str, stop: str) -> int:
        return int(((ts >= instant(start)) & (ts < instant(stop))).sum())

    assert between("2025-12-01", "2025-12-21") > 1.4 * between("2026-02-01", "2026-02-21")


@pytest.mark.parametrize(
    ("winter", "summer"),
    [
        (date(2022, 1, 12), date(2022, 6, 22)),
        (date(2023, 1, 11), date(2023, 6, 28)),
        (date(2024, 1, 10), date(2024, 6, 26)),
        (date(2025, 1, 8), date(2025, 6, 25)),
        (date(2026, 1, 7), date(2026, 6, 24)),
    ],
)
def test_the_sales_open_on_the_legal_days(winter: date, summer: date) -> None:
    assert openings(winter.year) == (winter, summer)


def test_who_unsubscribes_takes_their_consent_back_and_gets_no_more_letters(events: pa.Table) -> None:
    stopped = named(events, "Email Unsubscribed")
    sent = named(events, "Email Sent").group_by("key").aggregate([("ts", "max")])
    last = dict(zip(sent["key"].to_pylist(), sent["ts_max"].to_pylist(), strict=True))
    for key, ts in zip(stopped["key"].to_pylist(), stopped["ts"].to_pylist(), strict=True):
        assert last[key] < ts
    told = named(events, "$consent")
    refused = told.filter(pc.equal(told["props"], '{"email":false}'))
    assert len(stopped)
    assert set(refused["key"].to_pylist()) == set(stopped["key"].to_pylist())


@pytest.mark.parametrize("customers", [1, 2, 20])
@pytest.mark.parametrize("year", YEARS)
def test_the_smallest_shop_is_one_too_whenever_it_ends(customers: int, year: int) -> None:
    rows = [parcel.table for parcel in parcels(3, customers, until=instant(f"{year}-06-30"))]
    buyers = {key for key in pa.concat_tables(rows)["key"].to_pylist() if key.startswith("user:c-")}
    assert len(buyers) == customers

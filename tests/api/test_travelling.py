"""Journeys over HTTP: customers are put in, seen there, and taken out."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from habitue.app import Shop
from habitue.journeys.reading import from_text
from tests.inside import BEARER

API = "/api/v1/journeys"
BODY = """
id = "by-hand"
name = "By hand"
entry = { is = "manual" }
[[steps]]
id = "rest"
is = "wait"
length = "9d"
"""


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, headers=BEARER, timeout=30) as client:
        yield client


def test_a_program_puts_customers_in_sees_them_there_and_takes_them_out(
    shop: Shop, client: httpx.Client
) -> None:
    shop.publish_journey(from_text(BODY)[0], "ada")
    found = shop.warehouse.read("SELECT key, person FROM person ORDER BY person LIMIT 3").to_pylist()
    keys = [one["key"] for one in found]
    assert client.post(f"{API}/by-hand/enter", json={"customers": keys}).json() == {"customers": 3}
    assert client.post(f"{API}/by-hand/enter", json={"customers": keys[:1]}).json() == {"customers": 0}
    shop.advance()
    (mine,) = [one for one in client.get(API).json() if one["journey"] == "by-hand"]
    assert mine == {"journey": "by-hand", "name": "By hand", "version": 1, "live": True, "inside": 3}
    first = client.get(f"{API}/by-hand/runs", params={"size": 2}).json()
    rest = client.get(f"{API}/by-hand/runs", params={"before": first["before"]}).json()
    assert [one["customer"] for one in [*first["runs"], *rest["runs"]]] == [
        one["person"] for one in found[::-1]
    ]
    assert {one["step"] for one in first["runs"]} == {"rest"}
    assert client.post(f"{API}/by-hand/leave", json={"customers": keys[:2]}).json() == {"customers": 2}
    left = client.get(f"{API}/by-hand/runs", params={"show": "ended"}).json()["runs"]
    assert {(one["customer"], one["outcome"]) for one in left} == {
        (one["person"], "stopped") for one in found[:2]
    }
    assert [one.act for one in shop.deeds(2)] == ["leave journey", "enter journey"]
    # Nobody is put in where one is not known.
    refused = client.post(f"{API}/by-hand/enter", json={"customers": [keys[0], "nobody-at-all"]})
    assert refused.status_code == 400
    assert client.post(f"{API}/by-hand/enter", json={"customers": []}).status_code == 400
    assert client.post(f"{API}/nothing/enter", json={"customers": keys}).status_code == 400
    shop.stop_journey("by-hand", "ada", "exit")
    assert client.post(f"{API}/by-hand/enter", json={"customers": keys}).status_code == 400

"""The whole customer, account and traits over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from habitue.app import Shop
from tests.inside import BEARER


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{site}/api/v1", headers=BEARER, timeout=30) as client:
        yield client


def test_a_customer_is_found_and_given_whole_by_number_and_by_key(shop: Shop, client: httpx.Client) -> None:
    found = client.get("/customers", params={"search": "alert"}).json()
    assert found["total"] == len(shop.search("alert")) > 0
    one = found["customers"][0]
    whole = client.get(f"/customers/{one['customer']}").json()
    assert whole["key"] == one["key"]
    assert whole["purchases"][0]["net"] == "12.34"
    assert {"identities", "events", "stages", "stays", "segments", "consents", "said"} <= whole.keys()
    by_key = next(row for row in client.get("/customers").json()["customers"] if "/" not in row["key"])
    assert client.get(f"/customers/{by_key['key']}").json()["customer"] == by_key["customer"]
    assert client.get(f"/customers/{by_key['key']}/events").json()["events"]


def test_an_account_is_given_with_its_members(client: httpx.Client) -> None:
    account = client.get("/accounts/b-001").json()
    assert account["key"] == "account:b-001"
    assert len(account["members"]) > 5


def test_who_is_not_there_is_not_found(client: httpx.Client) -> None:
    for path in ("/customers/nobody", "/customers/99999999", "/customers/99999999999", "/accounts/none"):
        assert client.get(path).status_code == 404


def test_nobody_unknown_settles_whose_word_counts(client: httpx.Client, site: str) -> None:
    assert httpx.post(f"{site}/api/v1/traits", json={"precedence": ["shop"]}).status_code == 401
    assert {"trait", "type", "precedence"} <= client.get("/traits").json()[0].keys()

"""Consent and the suppression list over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from habitue.app import Shop
from habitue.kernel import clock
from habitue.people.consent import Answer
from tests.inside import BEARER

API = "/api/v1"
PROOF = {"text": "v3", "text_id": "t-9", "ip": "192.0.2.1", "form": "checkout"}


@pytest.fixture(scope="module")
def server(shop: Shop) -> str:
    return shop.add_source("till", "server").write_key


@pytest.fixture(scope="module")
def page(shop: Shop) -> str:
    return shop.add_source("shopfront", "browser").write_key


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, headers=BEARER, timeout=30) as client:
        yield client


def test_a_new_address_signs_up_once_and_the_record_has_the_proof(
    shop: Shop, client: httpx.Client, server: str
) -> None:
    path = f"{API}/customers/email:New@Example.com/consents"
    told = {
        "status": "granted",
        "purpose": "newsletter",
        "id": "form-1",
        "at": "2026-01-02T03:04:05Z",
        **PROOF,
    }
    for _ in range(2):
        kept = client.post(path, json=told, auth=(server, ""))
        assert kept.status_code == 201, kept.text
        assert (kept.json()["key"], kept.json()["source"]) == ("email:new@example.com", "till")
    shop.refresh()
    found = client.get(path).json()
    assert [(one["at"], one["status"]) for one in found["records"]] == [("2026-01-02T03:04:05Z", "granted")]
    assert {name: found["records"][0][name] for name in PROOF} == PROOF
    assert found["standing"] == [
        {
            "channel": "email",
            "purpose": "newsletter",
            "status": "granted",
            "agreed": True,
            "since": "2026-01-02T03:04:05Z",
            "source": "till",
        }
    ]
    assert shop.segment('consent("email.newsletter")').members() == ["email:new@example.com"]


def test_a_no_counts_at_once_and_a_yes_once_it_is_in(shop: Shop, client: httpx.Client, server: str) -> None:
    path = f"{API}/customers/user:ida/consents"
    client.post(path, json={"status": "granted"}, auth=(server, ""))
    shop.refresh()
    person = shop.person("user:ida")
    assert shop.allowed([person], "email") == {person}
    with shop.working:
        shop.answer("user:ida", Answer(status="withdrawn"), "till")
        assert shop.allowed([person], "email") == set()
    shop.refresh()
    assert shop.allowed([person], "email") == set()


def test_status_date_and_source_are_those_of_one_answer(
    shop: Shop, client: httpx.Client, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("email,Newsletter\nada@exemple.fr,non\nbob@exemple.fr,oui\n")
    shop.import_file(file)
    key, url = "email:ada@exemple.fr", f"{API}/customers/email:ada@exemple.fr/consents"
    (imported,) = shop.standing(key)
    assert (imported.status, imported.source) == ("denied", "import:people.csv")
    kept = shop.consent("ada@exemple.fr", "email", "withdrawn", text="v3", form="unsubscribe")
    (told,) = client.get(url).json()["standing"]
    assert (told["status"], told["agreed"]) == ("withdrawn", False)
    assert (told["since"], told["source"]) == (clock.iso(kept.at), "python")
    shop.consent("ada@exemple.fr", "email", "pending")
    assert client.get(url).json()["standing"] == [told]
    shop.merge(key, "email:bob@exemple.fr", "ada", "the same person")
    assert client.get(url).json()["standing"] == [told]


def test_only_a_servers_key_may_say_who_agrees(client: httpx.Client, site: str, page: str) -> None:
    path = f"{API}/customers/user:victim/consents"
    auths: tuple[Any, ...] = (None, (page, ""), ("", ""), ("é", ""))
    for auth in auths:
        for where, body in ((path, {"status": "granted"}), (f"{API}/suppressions", {"address": "a@b.fr"})):
            refused = httpx.post(site + where, json=body, auth=auth)
            assert refused.status_code == 401
            assert "write key" in refused.json()["message"]
    assert client.get(path).status_code == 404


def test_a_wrong_answer_says_what_is_wrong(client: httpx.Client, server: str) -> None:
    path = f"{API}/customers/user:ida/consents"
    for body in (
        {},
        {"status": "yes"},
        {"status": "granted", "channel": "fax"},
        {"status": "granted", "at": "x"},
    ):
        assert client.post(path, json=body, auth=(server, "")).status_code == 400
    future = {"status": "granted", "at": "2999-01-01"}
    assert "future" in client.post(path, json=future, auth=(server, "")).json()["message"]


def test_an_address_is_blocked_and_lifted_and_both_stay_noted(client: httpx.Client, server: str) -> None:
    where, told = f"{API}/suppressions", {"address": "Blocked@example.com", "reason": "complaint"}
    assert client.post(where, json=told, auth=(server, "")).json()["blocked"] is True
    lifted = client.post(
        where, json={"address": "blocked@example.com", "lift": True}, auth=(server, "")
    ).json()
    assert (lifted["blocked"], [one["lifted"] for one in lifted["entries"]]) == (False, [True, False])
    assert client.get(where, params={"address": "blocked@EXAMPLE.com"}).json() == lifted
    assert client.get(where, params={"address": "nobody"}).status_code == 400


def test_the_customers_page_says_what_they_agreed_to(shop: Shop, client: httpx.Client) -> None:
    shop.consent("user:eva", "sms", "withdrawn", "alerts", source="hotline")
    number = shop.person("user:eva")
    english = client.get(f"/customers/{number}", headers={"Accept-Language": "en"}).text
    french = client.get(f"/customers/{number}", headers={"Accept-Language": "fr"}).text
    for word in ("alerts", "hotline", "withdrawn", "Consent"):
        assert word in english
    for word in ("alerts", "hotline", "retiré", "Consentement"):
        assert word in french

"""Signing in by an OpenID provider: a real one, in a process of its own on the loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from socket import create_server
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from habitue.app import Settings, Shop
from habitue.kernel.errors import UserError
from habitue.team.provider import configured
from habitue.team.rights import command
from tests.project.tree import ROOT
from tests.web.conftest import served
from tests.web.test_team import wrong

SECRET: Final = "the client's secret"
ANN: Final = {"email": "Ann@shop.fr", "email_verified": True, "name": "Ann Lee"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "tests.team.issuer", str(port), SECRET]
    with subprocess.Popen(
        words, cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    ) as running:
        url, end = f"http://127.0.0.1:{port}", time.monotonic() + 20
        while time.monotonic() < end:
            with suppress(httpx.TransportError):
                httpx.get(f"{url}/keys")
                break
            time.sleep(0.1)
        yield url
        running.terminate()


@pytest.fixture(scope="module")
def shop(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    place = tmp_path_factory.mktemp("provider") / "shop"
    Shop.create(place, Settings()).close()
    with (place / "habitue.toml").open("a") as file:
        own = {"issuer": issuer, "client_id": "habitue", "client_secret": SECRET, "name": "Example"}
        file.write("[sign_in]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in own.items()))
    with Shop.open(place) as made:
        yield made


@pytest.fixture(scope="module")
def site(shop: Shop) -> Iterator[str]:
    yield from served(shop)


@pytest.fixture
def visitor(site: str) -> Iterator[httpx.Client]:
    headers = {"accept-language": "en", "origin": site}
    with httpx.Client(base_url=site, headers=headers, timeout=30) as client:
        yield client


def led(visitor: httpx.Client, issuer: str, **person: object) -> str:
    """Sent on to the provider, where that person signs in; the address that leads back."""
    httpx.post(f"{issuer}/person", json=person)
    there = visitor.get("/oidc", params={"next": "/stages?x=1"}).headers["location"]
    return str(httpx.get(there).headers["location"])


def test_a_member_comes_in_by_the_provider_and_goes_on_to_where_they_were(
    visitor: httpx.Client, issuer: str, shop: Shop
) -> None:
    shop.invite(command(), "ann@shop.fr", "analyst")
    assert "Sign in by Example" in visitor.get("/sign-in").text
    for _ in range(2):
        back = visitor.get(led(visitor, issuer, **ANN))
        assert (back.status_code, back.headers["location"]) == (303, "/stages?x=1")
    (ann,) = shop.team()
    assert (ann.email, ann.name, ann.role, ann.sworn) == ("ann@shop.fr", "Ann Lee", "analyst", False)
    assert visitor.get("/me").status_code == 200


def test_who_is_neither_in_nor_invited_stays_out(visitor: httpx.Client, issuer: str, shop: Shop) -> None:
    before = shop.team()
    answer = visitor.get(led(visitor, issuer, **ANN | {"email": "eve@evil.example"}))
    assert (answer.status_code, "not in the team" in wrong(answer)) == (400, True)
    assert shop.team() == before


@pytest.mark.parametrize(
    "person",
    [
        pytest.param({"email_verified": False}, id="an address that nobody verified"),
        pytest.param({"email_verified": "true"}, id="a text that says so"),
        pytest.param({"email": ""}, id="no address"),
        pytest.param({"-forged": 1}, id="another key's signature"),
        pytest.param({"-none": 1}, id="no signature"),
        pytest.param({"iss": "https://evil.example"}, id="another issuer"),
        pytest.param({"aud": "another client"}, id="for another client"),
        pytest.param({"aud": ["habitue", "other"]}, id="for two, and not handed to us"),
        pytest.param({"exp": 1}, id="old"),
        pytest.param({"nonce": "replayed"}, id="another question's answer"),
    ],
)
def test_what_can_not_be_relied_on_lets_nobody_in(
    visitor: httpx.Client, issuer: str, person: dict[str, Any]
) -> None:
    answer = visitor.get(led(visitor, issuer, **ANN | person))
    assert answer.status_code == 400
    assert wrong(answer)
    assert visitor.get("/me").status_code == 303


def test_an_answer_counts_only_in_the_browser_that_asked_and_once(visitor: httpx.Client, issuer: str) -> None:
    back = led(visitor, issuer, **ANN)
    assert httpx.get(back).status_code == 400
    asked = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    assert visitor.get("/oidc/return", params=asked | {"state": "made up"}).status_code == 400
    led(visitor, issuer, **ANN)
    assert visitor.get("/oidc/return", params=asked | {"state": "\xe9"}).status_code == 400
    back = led(visitor, issuer, **ANN)
    assert visitor.get(back).status_code == 303
    visitor.post("/sign-out")
    assert visitor.get(back).status_code == 400


def test_who_asks_for_a_second_factor_is_asked_here_too(
    visitor: httpx.Client, issuer: str, shop: Shop
) -> None:
    (ann,) = shop.team()
    with shop.ops.begin() as tx:
        tx.exec_driver_sql("UPDATE member SET factor = 'sealed' WHERE id = ?", (ann.id,))
    answer = visitor.get(led(visitor, issuer, **ANN))
    assert (answer.status_code, 'name="half"' in answer.text) == (200, True)
    assert visitor.get("/me").status_code == 303


def test_a_provider_that_is_away_is_told_of() -> None:
    from habitue.team.provider import Asking, Provider  # noqa: PLC0415

    asking = Asking(Provider("http://127.0.0.1:9", "habitue", name="Example"))
    with pytest.raises(UserError, match="can’t be reached"):
        asking.begin("http://here/oidc/return", "", 0)


@pytest.mark.parametrize(
    "told", [{"issuer": "http://idp.example", "client_id": "x"}, {"issuer": "https://x"}, {"issuer": 1}, []]
)
def test_settings_that_can_not_be_meant_are_told_of(told: object) -> None:
    with pytest.raises(UserError, match="sign_in"):
        configured({"sign_in": told}, {})


def test_the_secret_may_stand_in_the_environment() -> None:
    found = configured({"sign_in": {"issuer": "https://x", "client_id": "y"}}, {"HABITUE_OIDC_SECRET": "z"})
    assert found is not None
    assert found.client_secret == "z"
    assert configured({}) is None

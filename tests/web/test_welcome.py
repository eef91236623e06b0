"""The ways to begin: what an empty workspace shows first, how a program is connected, what is passed over."""

from __future__ import annotations

import html
from collections.abc import Iterator

import httpx
import pytest

from tests.api.door import Served, served, track
from tests.inside import BEARER

__all__ = ["served"]


@pytest.fixture
def client(bare: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=bare, headers=BEARER | {"accept-language": "en"}) as client:
        yield client


def test_an_empty_workspace_begins_here_until_that_is_passed_over(client: httpx.Client) -> None:
    assert client.get("/").headers["location"] == "/welcome"
    page = client.get("/welcome").text
    assert page.count('action="/welcome/skip"') == 1
    for way in ("Import a file", "Connect a shop or a program", "habitue demo"):
        assert way in page
    assert client.post("/welcome/skip").headers["location"] == "/"
    empty = client.get("/")
    assert empty.status_code == 200
    assert 'href="/welcome"' in empty.text


def test_a_program_gets_one_key_and_is_told_when_its_first_event_arrives(served: Served) -> None:
    headers = {"accept-language": "en"}
    served.shop.close_source("b")
    for _ in range(2):
        answer = served.press("/welcome/source", data={"kind": "browser"})
        assert answer.headers["location"] == "/welcome?kind=browser#connect"
    (source,) = (one for one in served.shop.sources() if one.kind == "browser")
    assert source.id == "site"
    page = html.unescape(served.get("/welcome?kind=browser", headers=headers).text)
    assert f'src="{served.url}/habitue.js" data-key="{source.write_key}"' in page
    ask = "/welcome/arrived?kind=browser"
    assert "Waiting for the first event" in served.get(ask, headers=headers).text
    served.post("track", {"userId": "u1", "event": ""}, auth=(source.write_key, ""))
    assert "not taken" in served.get(ask, headers=headers).text
    served.post("track", track(event="<b>Seen</b>"), auth=(source.write_key, ""))
    told = served.get(ask, headers=headers).text
    assert "The first event has arrived: &lt;b&gt;Seen" in told
    assert "hx-trigger" not in told
    assert [one.act for one in served.shop.deeds()].count("add source") == 1

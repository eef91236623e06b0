"""Who may ask what: every route of the table × everybody who could ask, against what is written here by hand.

A route is tried whole, over HTTP. Whoever may not gets 401 or 403 and nothing else; whoever may gets past the
gate, whatever comes of an empty form or a made-up number there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import httpx
import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from habitue import server
from habitue.app import Shop
from habitue.store.failure import StoreDown
from habitue.team.entry import Came
from habitue.team.rights import REACH, RIGHTS, ROLES, SCOPES, Act, Actor, command
from habitue.web.gate import ACT
from tests.inside import TOKEN, session

PASSWORD: Final = "correct horse battery"
OUTSIDERS: Final = {"nobody", "a stranger's cookie", "an unknown key", "a browser's key"}
MAY: Final[dict[str, str]] = {
    Act.OPEN: "*",
    Act.OWN: "viewer agent marketer analyst admin owner command",
    Act.FIGURES: "viewer marketer analyst admin owner read command",
    Act.PEOPLE: "viewer agent marketer analyst admin owner read command",
    Act.EXPORT: "marketer analyst admin owner read command",
    Act.NOTE: "agent marketer analyst admin owner write command",
    Act.CONSENT: "agent marketer admin owner write server command",
    Act.SEGMENTS: "marketer analyst admin owner write command",
    Act.MESSAGES: "marketer admin owner write command",
    Act.ALERTS: "marketer analyst admin owner write command",
    Act.STAGES: "analyst admin owner admin-key command",
    Act.JOIN: "admin owner write command",
    Act.DATA: "admin owner admin-key command",
    Act.PRIVACY: "admin owner admin-key command",
    Act.CHANNELS: "admin owner admin-key command",
    Act.SETTINGS: "admin owner command",
    Act.TEAM: "admin owner command",
    Act.AUDIT: "admin owner admin-key command",
    Act.COMMAND: "command",
}
"""Whom each act is open to. Said again here, so that a slip in `team.rights` is found."""


OPEN_FORMS: Final = {
    "/u/none",
    "/p/none",
    "/s/none",
    "/sign-in",
    "/sign-in/none",
    "/join/none",
    "/reset/none",
    "/look",
    "/sign-out",
    "/hooks/none/none",
}


class Way(NamedTuple):
    """One route by one verb, with what stands in for its parameters."""

    verb: str
    path: str
    template: str
    act: Act | None


def ways(app: Litestar) -> Iterator[Way]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            assert isinstance(handler, HTTPRouteHandler)
            for verb in sorted(handler.http_methods - {"OPTIONS"}):
                path = re.sub(
                    r"\{\w+:(\w+)\}", lambda kind: "9999" if kind[1] == "int" else "none", route.path
                )
                yield Way(verb, path, route.path, handler.opt.get(ACT))


@pytest.fixture(scope="module")
def everybody(shop: Shop) -> dict[str, dict[str, Any]]:
    """Each role, each scope and each outsider: what they send along."""
    name, by = f"habitue_{shop.ops.name[:8]}", Actor("command", "a test", command().acts, "owner")
    found: dict[str, dict[str, Any]] = {"command": {"headers": {"authorization": f"Bearer {TOKEN}"}}}
    for role in ROLES[:-1]:
        secret = shop.invite(by, f"{role}@shop.fr", role)
        made = shop.join(secret, role, PASSWORD, Came())
        found[role] = {"cookies": {name: made.session}}
    found["owner"] = {"cookies": {name: session(shop)}}
    for scope in SCOPES:
        key = shop.add_key(by, f"test {scope}", [scope])
        found["admin-key" if scope == "admin" else scope] = {"headers": {"authorization": f"Bearer {key}"}}
    server_key, browser_key = (
        shop.add_source(f"test-{kind}", kind).write_key for kind in ("server", "browser")
    )
    found["server"] = {"auth": (server_key, "")}
    return found | {
        "nobody": {},
        "a stranger's cookie": {"cookies": {name: "x" * 43}},
        "an unknown key": {"headers": {"authorization": "Bearer hbt_" + "x" * 43}},
        "a browser's key": {"auth": (browser_key, "")},
    }


def test_every_route_says_what_it_takes(shop: Shop) -> None:
    found = list(ways(server.create(shop, token=TOKEN)))
    assert len(found) > 60
    assert [f"{way.verb} {way.template}" for way in found if not isinstance(way.act, Act)] == []


def test_a_route_that_says_nothing_is_refused_to_everybody(
    site: str, everybody: dict[str, dict[str, Any]]
) -> None:
    for bears in everybody.values():  # the framework answers OPTIONS by itself, and says nothing of it
        answer = httpx.options(f"{site}/api/v1/models", **bears)
        assert answer.status_code in (401, 403)


def test_what_each_act_is_open_to_is_what_the_rights_say() -> None:
    for act in Act:
        told: set[str] = {role for role in ROLES if act in RIGHTS[role]}
        told |= {"admin-key" if scope == "admin" else scope for scope in SCOPES if act in REACH[scope]}
        told |= {"command"} | ({"server"} if act in (Act.OPEN, Act.CONSENT) else set())
        expected = told if MAY[act] == "*" else set(MAY[act].split())
        assert told == expected, act


def test_everybody_gets_where_they_may_and_nowhere_else(
    shop: Shop, site: str, everybody: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong: list[str] = []
    monkeypatch.setattr(shop, "ready", _down)  # whoever gets past the gate gets no further: that takes long
    every = list(ways(server.create(shop, token=TOKEN)))
    for who, bears in everybody.items():
        with httpx.Client(base_url=site, timeout=60, **bears) as client:
            client.headers["origin"] = site
            for way in every:
                if who in ROLES and way.path == "/sign-out":
                    continue  # which ends the session that is tried here
                answer = client.request(way.verb, way.path, data=None if way.verb == "GET" else {})
                wrong += _wrong(who, way, answer)
    assert wrong == []


def test_no_other_site_changes_anything_on_behalf_of_the_owner(
    shop: Shop, site: str, everybody: dict[str, dict[str, Any]]
) -> None:
    every = [way for way in ways(server.create(shop, token=TOKEN)) if way.verb not in ("GET", "HEAD")]
    assert len(every) > 30
    with httpx.Client(base_url=site, timeout=60, **everybody["owner"]) as client:
        for sent in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {}):
            tried = [way for way in every if sent or way.path not in OPEN_FORMS]
            answers = {way.path: client.request(way.verb, way.path, headers=sent, data={}) for way in tried}
            let = [path for path, answer in answers.items() if answer.status_code != 403]
            # Where nobody is signed in yet a browser's word is not needed: nothing of anybody's is at stake.
            assert let == [], sent


def _wrong(who: str, way: Way, answer: httpx.Response) -> list[str]:
    assert way.act is not None
    told = f"{who}: {way.verb} {way.path} ({way.act}) {answer.status_code}"
    led = answer.headers.get("location", "")
    refused = answer.status_code in (401, 403) or (answer.status_code == 303 and led.startswith("/sign-in"))
    elsewhere = who == "agent" and way.path == "/" and led == "/customers"
    may = way.act is Act.OPEN or who in MAY[way.act].split()
    if answer.status_code >= 500 and answer.status_code != 503:
        return [f"{told}: failed"]
    if may == refused and way.act is not Act.OPEN and not elsewhere and not _itself(way, who):
        return [told]
    if not may and who in OUTSIDERS and answer.status_code == 403:
        return [f"{told}: outsiders are asked who they are"]
    return []


def _down() -> None:
    raise StoreDown("for a test")


def _itself(way: Way, who: str) -> bool:
    """One's own page is for members: the command line has no account."""
    return way.path == "/me" and who == "command"

"""Who is let in, and where whoever is not is sent."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from habitue.app import Shop
from tests.inside import BEARER, session
from tests.web.conftest import served


@pytest.fixture
def name(shop: Shop) -> str:
    return f"habitue_{shop.ops.name[:8]}"


def test_who_is_not_known_is_asked_and_comes_back_to_where_they_were(site: str) -> None:
    for path, then in (("/", "/sign-in"), ("/customers?q=a", "/sign-in?next=%2Fcustomers%3Fq%3Da")):
        asked = httpx.get(site + path)
        assert (asked.status_code, asked.headers["location"]) == (303, then)
    far = httpx.get(
        f"{site}/customers", headers={"hx-request": "1", "referer": "https://evil.example/data?x"}
    )
    assert far.headers["hx-redirect"] == "/sign-in?next=%2Fdata%3Fx"
    piece = {"hx-request": "true", "hx-current-url": f"{site}/customers/1"}
    part = httpx.get(f"{site}/customers", headers=piece)
    assert (part.status_code, part.headers["hx-redirect"]) == (401, "/sign-in?next=%2Fcustomers%2F1")


def test_what_was_sent_after_a_session_ended_stays_where_it_can_be_sent_again(site: str) -> None:
    form = httpx.post(f"{site}/customers/1/notes", data={"text": "Long"}, headers={"accept": "text/html"})
    assert form.status_code == 401
    assert "reload this page" in form.text
    piece = httpx.post(f"{site}/segments/-/draft", headers={"hx-request": "true", "accept": "text/html"})
    assert (piece.status_code, piece.headers["hx-reswap"]) == (401, "none")
    assert "hx-redirect" not in piece.headers
    assert "what you have written stays" in piece.text
    assert httpx.post(f"{site}/sign-out").headers["location"] == "/sign-in"


def test_a_program_is_told_in_json(site: str) -> None:
    for headers in ({}, {"authorization": "Bearer hbt_none"}, {"authorization": "Basic bm86"}):
        refused = httpx.get(f"{site}/api/v1/models", headers=headers)
        assert (refused.status_code, refused.json()["status"]) == (401, 401)
    assert httpx.get(f"{site}/", headers={"authorization": "Bearer hbt_none"}).status_code == 401


def test_a_link_is_used_by_its_button_only_and_once(site: str, shop: Shop, name: str) -> None:
    link = f"{site}/sign-in/{shop.first_link('a test')}"
    for _ in range(2):
        assert httpx.get(link).status_code == 200
    entered = httpx.post(link)
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    said = [one for one in entered.headers.get_list("set-cookie") if one.startswith(f"{name}=")]
    assert all(word in said[0] for word in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert httpx.get(site, cookies={name: entered.cookies[name]}).status_code == 200
    assert httpx.post(link).status_code == 400


@pytest.mark.parametrize(
    "evil", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "x"]
)
def test_nobody_is_led_to_another_site(site: str, shop: Shop, name: str, evil: str) -> None:
    inside = {name: session(shop)}
    for asked, led in ((evil, "/"), ("/stages?x=1", "/stages?x=1")):
        answer = httpx.get(f"{site}/sign-in", params={"next": asked}, cookies=inside)
        assert (answer.status_code, answer.headers["location"]) == (303, led)


def test_a_form_that_nobody_says_is_ours_changes_nothing(site: str, shop: Shop, name: str) -> None:
    inside, form = {name: session(shop)}, {"act": "search"}
    where = f"{site}/data/duplicates"
    assert httpx.post(where, data=form, cookies=inside).status_code == 403
    assert httpx.post(where, data=form, cookies=inside, headers={"origin": "http://evil"}).status_code == 403
    assert (
        httpx.post(where, data={"act": "undo"}, cookies=inside, headers={"origin": site}).status_code == 400
    )


def test_who_signs_out_is_out(site: str, shop: Shop, name: str) -> None:
    inside = {name: session(shop)}
    assert httpx.get(site, cookies=inside).status_code == 200
    out = httpx.post(f"{site}/sign-out", cookies=inside, headers={"origin": site})
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert out.headers["clear-site-data"] == '"cache"'
    assert httpx.get(site, cookies=inside).status_code == 303


def test_over_https_the_cookie_is_of_this_host_alone(site: str, shop: Shop, name: str) -> None:
    link = f"{site}/sign-in/{shop.first_link('a test')}"
    said = httpx.post(link, headers={"x-forwarded-proto": "https"}).headers.get_list("set-cookie")
    assert all(one.startswith(f"__Host-{name}") and "; Secure" in one for one in said)


def test_what_is_for_everybody_stays_so(site: str) -> None:
    for path in ("/habitue.js", "/metrics", "/api/v1/health", "/api/v1/openapi.json", "/static/icon.svg"):
        assert httpx.get(site + path).status_code == 200, path
    assert httpx.get(f"{site}/nothing").status_code == 404
    assert httpx.get(f"{site}/nothing", headers=BEARER).status_code == 404


def test_it_answers_under_the_name_that_the_settings_say(tmp_path: Path) -> None:
    with Shop.create(tmp_path / "shop") as made:
        place = made.directory
    with (place / "habitue.toml").open("a") as file:
        file.write('url = "https://crm.shop.fr"\n')
    with Shop.open(place) as named:
        for url in served(named):
            for host, status in (("crm.shop.fr", 200), ("evil.fr", 421)):
                assert httpx.get(f"{url}/sign-in", headers={"host": host}).status_code == status

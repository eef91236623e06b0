"""One's own page, the team and the record of acts, as people use them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import ExitStack
from html import unescape
from typing import NamedTuple

import httpx
import pyotp
import pytest

from habitue.app import Settings, Shop
from habitue.app.workspace import MARK
from habitue.kernel import clock
from habitue.kernel.clock import MINUTE, SECOND
from tests.inside import session
from tests.web.conftest import served

PASSWORD = "correct horse battery"
EVIL = "<script>alert(1)</script>"


class House(NamedTuple):
    """A shop that nobody has set a password in yet, and where it is served."""

    shop: Shop
    url: str
    opened: ExitStack

    def visitor(self, secret: str | None = None) -> httpx.Client:
        cookies = {f"habitue_{self.shop.ops.name[:8]}": secret} if secret else {}
        headers = {
            "origin": self.url,
            "accept-language": "en",
            "user-agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0",
        }
        client = httpx.Client(
            base_url=self.url,
            cookies=cookies,
            headers=headers,
            follow_redirects=True,
            timeout=30,
        )
        return self.opened.enter_context(client)

    def owner(self) -> httpx.Client:
        """The owner, who has a password by now."""
        client = self.visitor(session(self.shop))
        if not self.shop.founded():
            client.post(
                "/me", data={"act": "settle", "name": "Olga", "email": "olga@shop.fr", "new": PASSWORD}
            )
        return client

    def joined(self, email: str, role: str) -> httpx.Client:
        link = shown(self.owner().post("/team", data={"act": "invite", "email": email, "role": role}))
        client = self.visitor()
        assert client.post(link, data={"name": email.partition("@")[0], "new": PASSWORD}).status_code == 200
        return client


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with Shop.create(tmp_path_factory.mktemp("house") / "shop", Settings()) as shop:
        shop.refresh()
        with (shop.directory / MARK).open("a") as settings:
            settings.write('proxies = ["127.0.0.1"]\n')
        for url in served(shop):
            with ExitStack() as opened:
                yield House(shop, url, opened)


def shown(answer: httpx.Response) -> str:
    """What is shown this once."""
    assert answer.status_code == 200, answer.text
    (made,) = re.findall(r'class="card made".*?<code[^>]*>([^<]+)</code>', answer.text, re.DOTALL)
    return unescape(made)


def wrong(answer: httpx.Response) -> str:
    """What is said to be wrong."""
    (told,) = re.findall(r'class="notice bad".*?<p>([^<]+)</p>', answer.text, re.DOTALL)
    return unescape(told)


def test_the_first_owner_says_who_they_are_and_signs_in_by_that(house: House) -> None:
    first = house.visitor(session(house.shop))
    assert "came in by a one-time link" in first.get("/customers").text
    closed = first.post("/look", data={"hush": "1", "back": "/customers"})
    assert (closed.url.path, "came in by a one-time link" in closed.text) == ("/customers", False)
    form = {"act": "settle", "name": "Olga", "email": "olga@shop.fr", "new": "password"}
    refused = first.post("/me", data=form)
    assert (refused.status_code, "first that anybody tries" in wrong(refused)) == (400, True)
    assert not house.shop.founded()
    assert "From now on" in first.post("/me", data=form | {"new": PASSWORD}).text.replace(
        "from now on", "From now on"
    )
    again = house.visitor()
    form = {"email": "Olga@shop.fr ", "password": PASSWORD, "next": "/stages"}
    assert again.post("/sign-in", data=form).url.path == "/stages"
    assert "Set a password" not in again.get("/").text


def test_an_invitation_makes_a_member_with_that_role_alone(house: House) -> None:
    ann = house.joined("ann@shop.fr", "agent")
    assert ann.get("/").url.path == "/customers"
    page = ann.get("/customers").text
    assert [path for path in ("/stages", "/team", "/acts", "/data") if f'href="{path}"' in page] == []
    assert ann.get("/team").status_code == 403
    assert ann.post("/team", data={"act": "role", "number": "1", "role": "owner"}).status_code == 403


def test_a_link_that_was_used_says_so(house: House) -> None:
    link = shown(
        house.owner().post("/team", data={"act": "invite", "email": "bob@shop.fr", "role": "viewer"})
    )
    assert wrong(house.visitor().post(link, data={"name": "Bob", "new": "short"}))
    assert house.visitor().post(link, data={"name": "Bob", "new": PASSWORD}).status_code == 200
    for path in (link, "/join/made-up", "/reset/made-up"):
        assert (
            house.visitor().get(path).status_code,
            "used already" in wrong(house.visitor().get(path)),
        ) == (400, True)


def test_a_second_factor_is_asked_for_also_after_a_new_password(house: House) -> None:
    carl = house.joined("carl@shop.fr", "viewer")
    (secret,) = re.findall(r'name="secret" value="(\w+)"', carl.get("/me").text)
    code = pyotp.TOTP(secret).at(clock.now() // SECOND - 30)
    form = {"act": "factor", "secret": secret, "code": code, "old": PASSWORD}
    assert "not your password" in wrong(carl.post("/me", data=form | {"old": "x"}))
    assert carl.post("/me", data=form).status_code == 200
    number = str(house.shop.member("carl@shop.fr").id)
    link = shown(house.owner().post("/team", data={"act": "reset", "number": number}))
    asked = house.visitor().post(link, data={"new": "another horse"})
    (half,) = re.findall(r'name="half" value="([^"]+)"', asked.text)
    assert carl.get("/me").url.path == "/sign-in"
    visitor = house.visitor()
    assert "used already" in wrong(visitor.post("/sign-in", data={"half": half, "code": code}))
    fresh = pyotp.TOTP(secret).at(clock.now() // SECOND)
    assert visitor.post("/sign-in", data={"half": half, "code": fresh}).url.path == "/"


def test_sessions_are_seen_and_ended(house: House) -> None:
    one = house.joined("dora@shop.fr", "viewer")
    other = house.visitor()
    other.post("/sign-in", data={"email": "dora@shop.fr", "password": PASSWORD})
    page = one.get("/me").text
    assert page.count("Firefox · Linux") == 2
    (number,) = re.findall(r'name="number" value="(\d+)"', page)
    assert one.post("/me", data={"act": "end", "number": number}).status_code == 200
    assert other.get("/me").url.path == "/sign-in"
    assert one.get("/me").url.path == "/me"


def test_who_is_dismissed_is_out_with_their_next_click(house: House) -> None:
    eve = house.joined("eve@shop.fr", "viewer")
    number = str(house.shop.member("eve@shop.fr").id)
    assert house.owner().post("/team", data={"act": "dismiss", "number": number}).status_code == 200
    assert eve.get("/").url.path == "/sign-in"
    last = house.owner().post("/team", data={"act": "dismiss", "number": "1"})
    assert "needs an owner" in wrong(last)


def test_a_key_is_shown_once_does_what_it_may_and_ends_at_once(house: House) -> None:
    owner = house.owner()
    form = {"act": "add_key", "name": EVIL, "scopes": "read", "days": "30"}
    number = str(house.shop.team()[0].id)
    assert number
    (mine,) = [one for one in house.shop.team() if one.role == "owner"]
    assert mine.sworn
    assert "not your password" in wrong(owner.post("/team", data=form))
    key = shown(owner.post("/team", data=form | {"old": PASSWORD}))
    page = owner.get("/team").text
    assert key not in page
    assert EVIL not in page
    bears = {"authorization": f"Bearer {key}"}
    assert httpx.get(f"{house.url}/api/v1/models", headers=bears).status_code == 200
    assert httpx.get(f"{house.url}/api/v1/calls", headers=bears).status_code == 403
    (kept,) = house.shop.api_keys()
    assert owner.post("/team", data={"act": "end_key", "number": str(kept.id)}).status_code == 200
    assert httpx.get(f"{house.url}/api/v1/models", headers=bears).status_code == 401


def test_guesses_are_looked_at_a_few_times_only_and_the_victim_still_gets_in(house: House) -> None:
    victim = house.joined("fay@shop.fr", "viewer")
    form = {"email": "fay@shop.fr", "password": "wrong horse"}
    guesser = house.visitor()
    found = [  # what the guesser wrote into the header himself stands before what the proxy added
        guesser.post("/sign-in", data=form, headers={"x-forwarded-for": f"198.51.100.{n}, 203.0.113.66"})
        for n in range(14)
    ]
    assert [one.status_code for one in found] == [400] * 10 + [429] * 4
    assert 0 < int(found[-1].headers["retry-after"]) <= 10 * MINUTE // SECOND
    assert victim.post("/sign-in", data=form | {"password": PASSWORD}).status_code == 200
    refused = [one for one in house.shop.deeds(act="sign in refused") if one.about == "fay@shop.fr"]
    assert {one.detail["address"] for one in refused} == {"203.0.113.66"}


def test_a_password_said_again_is_looked_at_a_few_times_only(house: House) -> None:
    gus = house.joined("gus@shop.fr", "viewer")
    found = [gus.post("/me", data={"act": "loosen", "old": f"guess {n}"}).status_code for n in range(12)]
    assert found == [400] * 10 + [429] * 2
    assert gus.post("/me", data={"act": "loosen", "old": PASSWORD}).status_code == 429


def test_who_is_not_in_may_send_but_a_little(house: House) -> None:
    whole = {"email": "a" * 20_000 + "@shop.fr", "password": "x"}
    for path in ("/sign-in", "/join/none", "/reset/none", "/look"):
        refused = house.visitor().post(path, data=whole)
        assert (refused.status_code, len(refused.content) < 20_000) == (413, True), path


def test_the_keys_and_links_of_who_is_dismissed_end_with_them(house: House) -> None:
    hal = house.joined("hal@shop.fr", "admin")
    link = shown(hal.post("/team", data={"act": "invite", "email": "ian@shop.fr", "role": "admin"}))
    key = shown(hal.post("/team", data={"act": "add_key", "name": "k", "scopes": "read", "old": PASSWORD}))
    bears = {"authorization": f"Bearer {key}"}
    assert httpx.get(f"{house.url}/api/v1/models", headers=bears).status_code == 200
    number = str(house.shop.member("hal@shop.fr").id)
    assert house.owner().post("/team", data={"act": "dismiss", "number": number}).status_code == 200
    assert httpx.get(f"{house.url}/api/v1/models", headers=bears).status_code == 401
    assert "used already" in wrong(house.visitor().post(link, data={"name": "Ian", "new": PASSWORD}))


def test_the_record_is_leafed_through_filtered_and_taken_along(house: House) -> None:
    owner = house.owner()
    owner.post("/team", data={"act": "invite", "email": "gus@shop.fr", "role": "viewer"})
    page = owner.get("/acts").text
    assert "as it was written" in page
    assert ">gus<wbr>" in page
    only = owner.get("/acts", params={"act": "invite", "by": "olga@shop.fr"}).text
    assert ">gus<wbr>" in only
    assert "signed in</td>" not in only
    rows = list(csv.DictReader(io.StringIO(owner.get("/acts.csv").text)))
    assert len(rows) == house.shop.count_deeds()
    assert not any(PASSWORD in str(row) or "hbt_" in str(row) for row in rows)
    assert owner.get("/acts", params={"who": "x"}).status_code == 400


def test_somebody_who_meddled_with_the_record_is_told_of(house: House) -> None:
    number = house.shop.deeds(1)[0].id - 1
    with house.shop.ops.begin() as tx:
        tx.exec_driver_sql("UPDATE audit SET act = 'nothing' WHERE id = ?", (number,))
    assert f"Line {number} is not as it was written" in wrong(house.owner().get("/acts"))

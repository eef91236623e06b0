"""Duplicates and identities over HTTP and on the pages, as programs and people use them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from threading import Event, Thread
from threading import enumerate as threads
from typing import Any, NamedTuple

import httpx
import pytest
import uvicorn

from habitue.app import Settings, Shop
from habitue.kernel.errors import UserError
from habitue.server import create, listening
from tests.app.test_duplicates import MARIE, NOW, OTHERS, TWICE, identify, strangers
from tests.ingest.stores import parcel
from tests.inside import BEARER, TOKEN


class Site(NamedTuple):
    shop: Shop
    url: str

    def get(self, path: str, **params: Any) -> httpx.Response:
        return httpx.get(self.url + path, params=params, headers=BEARER, timeout=60)

    def api(self, path: str, body: object = None, token: str = TOKEN) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.post(f"{self.url}/api/v1{path}", json=body or {}, headers=headers, timeout=60)

    def press(self, path: str, **form: object) -> httpx.Response:
        data = {name: str(value) for name, value in form.items()}
        return httpx.post(self.url + path, data=data, headers=BEARER, follow_redirects=True, timeout=60)

    def pair(self, name: str) -> dict[str, Any]:
        found = self.get("/api/v1/duplicates").json()["pairs"]
        both = {"user:marie", f"user:{name}"}
        [one] = [one for one in found if {one["one"]["key"], one["other"]["key"]} == both]
        return dict(one)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Marie and her second records, served; the list is made over HTTP."""
    place = tmp_path_factory.mktemp("site") / "shop"
    with Shop.create(place, Settings(timezone="Europe/Paris"), now=NOW) as shop:
        people = {"marie": MARIE} | {name: traits for name, (traits, _) in TWICE.items()} | OTHERS
        people["hostile"] = TWICE["slip"][0] | {"firstName": "Marie", "email": "<script>x</script>@x.fr"}
        events = [identify(f"user:{name}", traits) for name, traits in people.items()]
        shop.put([parcel("all", *events, *strangers(60))], NOW)
        shop.refresh(NOW)
        waiting = listening("127.0.0.1", 8950)
        config = uvicorn.Config(create(shop, token=TOKEN), log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, args=([waiting],))
        thread.start()
        made = Site(shop, f"http://127.0.0.1:{waiting.getsockname()[1]}")
        searched = made.api("/duplicates/search")
        assert (searched.status_code, searched.json()["waiting"] > 2) == (200, True), searched.text
        yield made
        server.should_exit = True
        thread.join()


def test_pairs_are_listed_with_both_sides_and_the_evidence(site: Site) -> None:
    one = site.pair("swapped")
    assert 0.9 <= one["likely"] <= 0.999
    assert "the same phone number" in one["agree"]
    assert {one["one"]["orders"], one["one"]["revenue"]} == {0, "0.00"}
    listed = site.get("/api/v1/duplicates", least=0.5, size=1, offset=1).json()
    assert (len(listed["pairs"]), listed["total"] >= 3) == (1, True)


def test_nobody_without_the_token_changes_anything(site: Site) -> None:
    before = site.get("/api/v1/duplicates").json()
    number = site.pair("swapped")["pair"]
    for path in ("search", f"{number}/merge", f"{number}/dismiss", f"{number}/undo"):
        assert site.api(f"/duplicates/{path}", token="wrong").status_code == 401
    wish = {"other": "user:swapped", "why": "x"}
    for verb in ("merge", "split"):
        assert site.api(f"/customers/user:marie/{verb}", wish, token="wrong").status_code == 401
    assert site.get("/api/v1/duplicates").json() == before


def test_a_pair_is_merged_and_taken_back_over_http(site: Site) -> None:
    number = site.pair("swapped")["pair"]
    assert site.api(f"/duplicates/{number}/merge", {"by": "ada", "why": "she called"}).json() == {
        "pair": number,
        "outcome": "merged",
    }
    known = site.get("/api/v1/customers/user:swapped/identities").json()
    assert {"user:marie", "user:swapped"} <= set(known["keys"])
    assert [(one["act"], one["by"], one["why"]) for one in known["rulings"]][:1] == [
        ("merge", "ada", "she called")
    ]
    assert {joint["by"] for joint in known["joints"]} == {"ada"}
    assert site.api(f"/duplicates/{number}/merge").status_code == 400
    assert site.api(f"/duplicates/{number}/undo", {"by": "ada"}).json()["outcome"] is None
    assert site.pair("swapped")["pair"] == number


def test_keys_are_merged_and_split_over_http(site: Site) -> None:
    wish = {"other": "user:namesake", "why": "asked", "by": "ada"}
    merged = site.api("/customers/user:nobody/merge", wish)
    assert (merged.status_code, set(merged.json()["keys"])) == (200, {"user:nobody", "user:namesake"})
    split = site.api("/customers/user:nobody/split", wish)
    assert (split.status_code, split.json()["keys"]) == (200, ["user:nobody"])
    assert [one["act"] for one in split.json()["rulings"]] == ["split", "merge"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/duplicates/99999/merge", {}, 404),
        ("/duplicates/0/undo", {}, 400),
        ("/duplicates/1/dismiss", {"by": 5}, 400),
        ("/customers/user:unknown/merge", {"other": "user:marie", "why": "x"}, 404),
        ("/customers/user:marie/merge", {"other": "user:unknown", "why": "x"}, 400),
        ("/customers/user:marie/merge", {"other": "user:namesake"}, 400),
        ("/customers/user:marie/merge", {"other": "user:marie", "why": "x"}, 400),
        ("/customers/user:marie/split", {"other": "user:namesake", "why": "x"}, 400),
    ],
)
def test_what_is_wrong_is_told(site: Site, path: str, body: object, status: int) -> None:
    answered = site.api(path, body)
    assert (answered.status_code, bool(answered.json()["message"])) == (status, True)


def test_all_of_it_is_in_the_api_s_own_document(site: Site) -> None:
    paths = site.get("/api/v1/openapi.json").json()["paths"]
    for path in (
        "/duplicates",
        "/duplicates/{pair}/merge",
        "/customers/{key}/identities",
        "/customers/{key}/split",
    ):
        assert f"/api/v1{path}" in paths


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("likely one person", "first and last name swapped", "Keep apart", "Against it")),
        ("fr", ("une seule personne", "prénom et nom intervertis", "Garder séparés", "Contre")),
    ],
)
def test_the_page_shows_both_side_by_side(site: Site, language: str, words: tuple[str, ...]) -> None:
    text = site.get("/data/duplicates", lang=language).text
    assert [word for word in words if word not in text] == []
    assert "Lefèvre-Duval" in text
    assert "<script>x" not in text


def test_a_button_merges_and_another_takes_it_back(site: Site) -> None:
    number = site.pair("initial")["pair"]
    merged = site.press("/data/duplicates", act="merge", number=number)
    assert (merged.status_code, "They are one customer now" in merged.text) == (200, True)
    assert site.shop.person("user:initial") == site.shop.person("user:marie")
    assert 'value="undo"' in merged.text
    site.press("/data/duplicates", act="undo", number=number)
    assert site.shop.person("user:initial") != site.shop.person("user:marie")
    site.press("/data/duplicates", act="dismiss", number=number)
    assert number not in [one["pair"] for one in site.get("/api/v1/duplicates", least=0.5).json()["pairs"]]
    assert site.press("/data/duplicates", act="dismiss", number=number).status_code == 400
    site.press("/data/duplicates", act="undo", number=number)
    assert site.pair("initial")["pair"] == number


def test_the_page_tells_how_far_the_comparison_is_and_what_came_of_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, begun = Event(), []

    def slowly(told: Any) -> None:
        begun.append(told)
        told("Comparing customers", 0, 0)
        assert released.wait(60)

    monkeypatch.setattr(site.shop, "find_duplicates", slowly)
    site.press("/data/duplicates", act="search")
    for language, words in (("en", "Comparing customers"), ("fr", "Comparaison des clients")):
        text = site.get("/data/duplicates", lang=language).text
        assert (words in text, 'http-equiv="refresh"' in text, "disabled" in text) == (True, True, True)
    site.press("/data/duplicates", act="search")
    _released(released)
    assert len(begun) == 1
    text = site.get("/data/duplicates", done="searched").text
    assert ("All customers were compared." in text, 'http-equiv="refresh"' in text) == (True, False)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UserError("No room {where}.", where="here"), "No room here."),
        (ValueError("x"), "The comparison failed"),
    ],
)
def test_why_a_comparison_failed_stands_on_the_page_until_the_next(
    site: Site, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    before = site.get("/api/v1/duplicates").json()

    def failing(**_: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(site.shop, "find_duplicates", failing)
        site.press("/data/duplicates", act="search")
        _released(Event())
    assert words in site.get("/data/duplicates", done="searched").text
    assert site.get("/api/v1/duplicates").json() == before
    site.press("/data/duplicates", act="search")
    _released(Event())
    assert words not in site.get("/data/duplicates", done="searched").text


def _released(event: Event) -> None:
    """Let the comparison go on, and wait for its end."""
    event.set()
    for thread in threads():
        if thread.name == "comparison":
            thread.join()


def test_another_site_can_press_no_button(site: Site) -> None:
    foreign = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    form = {"act": "merge", "number": "1"}
    assert httpx.post(f"{site.url}/data/duplicates", data=form, headers=foreign).status_code == 403
    assert httpx.post(f"{site.url}/customers/1/split", data={"one": "a"}, headers=foreign).status_code == 403


def test_the_customer_s_page_says_what_joined_the_keys_and_undoes_a_merge(site: Site) -> None:
    site.shop.merge("user:nobody", "user:namesake", "ada", "same voice", NOW + 1)
    path = f"/customers/{site.shop.person('user:nobody')}"
    text = site.get(path, lang="en").text
    assert all(word in text for word in ("Keys of this customer", "user:namesake", "ada: same voice"))
    one, other = (re.search(rf'name="{end}" value="([^"]+)"', text) for end in ("one", "other"))
    assert one
    assert other
    after = site.press(f"{path}/split", one=one[1], other=other[1])
    assert (after.status_code, "ada: same voice" in after.text) == (200, False)
    assert site.press(f"{path}/split", one=one[1], other=other[1]).status_code == 400


def test_a_settled_pair_says_which_keys_were_merged_and_why_in_the_reader_s_language(site: Site) -> None:
    number = site.pair("initial")["pair"]
    assert site.press("/data/duplicates", act="merge", number=number).status_code == 200
    settled = site.get("/data/duplicates").text.split("Decided last")[1]
    [first, *_] = re.findall(r'<span class="sub">(\S+) \+ (\S+)</span>', settled)
    assert set(first) == {"initial", "marie"}
    path = f"/customers/{site.shop.person('user:marie')}"
    assert f"web: Pair {number} of the duplicates: 99" in site.get(path, lang="en").text
    french = site.get(path, lang="fr").text
    assert f"Paire {number} des doublons\u00a0: une seule personne, probable à 99," in french
    assert "of the duplicates" not in french
    site.press("/data/duplicates", act="undo", number=number)

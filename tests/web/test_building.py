"""The builder's pages: text and cards in step, live counts, saving, and what others did in between."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import pytest

from habitue.app import Shop
from habitue.kernel import clock
from habitue.rules.text import parse, write
from habitue.web.pages.builder import slug
from tests.inside import BEARER
from tests.web.conftest import PAYLOADS

OFTEN = 'count("Order Completed", within="90d") >= 2'


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, timeout=30, headers=BEARER | {"accept-language": "en"}) as client:
        yield client


@pytest.fixture
def clean(shop: Shop) -> Iterator[None]:
    """Segments that a test made are gone afterwards."""
    before = {one.id for one in shop.segments()}
    yield
    for one in reversed(shop.segments()):
        if one.id not in before:
            shop.remove_segment(one.id)


def form(page: str) -> dict[str, list[str]]:
    """The fields of the builder as a browser would send them."""
    inside = page[page.index('<form id="builder"') : page.index("</form>", page.index('id="text"'))]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]+>", inside):
        name, value = (re.search(rf' {one}="([^"]*)"', tag) for one in ("name", "value"))
        if name and ("checkbox" not in tag or " checked" in tag):
            found.setdefault(html.unescape(name[1]), []).append(html.unescape(value[1] if value else ""))
    for name, body in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', inside, re.DOTALL):
        chosen = re.findall(r'<option value="([^"]*)" selected', body) or re.findall(
            r'<option value="([^"]*)"', body
        )
        found.setdefault(html.unescape(name), []).append(html.unescape(chosen[0]))
    for name, body in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', inside, re.DOTALL):
        found[html.unescape(name)] = [html.unescape(body)]
    return found


def drafted(client: httpx.Client, fields: dict[str, list[str]], **changes: str) -> httpx.Response:
    return client.post("/segments/-/draft", data={**fields, **{name: [one] for name, one in changes.items()}})


RULES = (
    'count("Order Completed", where=props.a == "x" and props.n > 1, within="90d", since="Email Opened") >= 2',
    'stage("transactional") in ["new", "active"] and trait.country == "FR" or not consent("email")',
    'held(days_since_last("Order Completed") > cadence(2.0, default="90d"), "14d") and segment("buyers")',
    'last("Order Completed", props.on) == True and sum(["A", "B"], props["a b"]) in [1, 2]',
)


@pytest.mark.parametrize("rule", RULES)
def test_the_cards_that_a_page_draws_are_the_rule_that_it_was_given(client: httpx.Client, rule: str) -> None:
    fields = form(client.get("/segments/new", params={"rule": rule}).text)
    assert fields["text"] == fields["was"] == [rule]
    without = {**fields, "text": [""], "was": [""]}
    assert form(drafted(client, without).text)["text"] == [write(parse(rule))]


def test_the_text_follows_a_card_and_the_cards_a_text(client: httpx.Client) -> None:
    fields = form(client.get("/segments/new", params={"rule": OFTEN}).text)
    fields = form(drafted(client, fields, **{"c/items0.value": "5"}).text)
    assert fields["text"] == [OFTEN.replace("2", "5")]
    page = drafted(client, fields, text='trait.country == "FR" and ever("Order Completed")')
    fields = form(page.text)
    assert (fields["c/items0.path"], fields["c/items1.is"]) == (["country"], ["ever"])
    assert "Customers whose country is “FR” and who placed an order." in html.unescape(page.text)


def test_a_button_adds_a_card_and_the_text_follows(client: httpx.Client) -> None:
    fields = form(drafted(client, form(client.get("/segments/new").text), do="add c ever").text)
    assert fields["text"] == ['ever("Order Completed")']
    assert drafted(client, fields, do="add c/items7 ever").status_code == 400


def test_a_text_with_errors_stays_with_all_of_them_and_the_cards_wait(client: httpx.Client) -> None:
    fields = form(client.get("/segments/new", params={"rule": OFTEN}).text)
    wrong = 'trai.country == "FR" and cont("Order Completed") >= 2'
    page = drafted(client, fields, text=wrong)
    told = html.unescape(page.text)
    assert (form(page.text)["text"], form(page.text)["was"]) == ([wrong], [OFTEN])
    assert "“trai” is not known. Did you mean “trait”?" in told
    assert "There is no function “cont”. Did you mean “count”?" in told
    assert 'data-column="26"' in told
    assert form(page.text)["c/items0.is"] == ["count"]
    assert form(drafted(client, form(page.text), text=OFTEN).text)["was"] == [OFTEN]


def test_a_card_that_is_not_filled_in_says_so_and_the_text_waits(client: httpx.Client) -> None:
    fields = form(client.get("/segments/new", params={"rule": OFTEN}).text)
    page = drafted(client, fields, **{"c/items0.value": "many"})
    assert "This must be a number." in page.text
    assert (form(page.text)["text"], form(page.text)["c/items0.value"]) == ([OFTEN], ["many"])


def test_a_name_never_seen_is_a_warning_with_the_nearest(client: httpx.Client) -> None:
    told = html.unescape(client.get("/segments/new", params={"rule": 'ever("Order Complete")'}).text)
    assert "Did you mean “Order Completed”?" in told


def test_the_count_is_exact_in_a_small_shop_with_some_of_them_and_why(
    shop: Shop, client: httpx.Client
) -> None:
    fields = form(client.get("/segments/new", params={"rule": OFTEN}).text)
    told = client.post("/segments/-/count", params={"exact": "1"}, data=fields).text
    members = shop.segment(OFTEN).count(clock.now())
    assert f"<b>{members}</b>" in re.sub(r"\s+(?=</b>)", "", told)
    people = re.findall(r'name="customer" value="(\d+)"', told)
    assert len(people) == min(10, members)
    why = client.post("/segments/-/why", data={**fields, "customer": [people[0]]}).text
    assert '<span class="mark true"' in why


@pytest.mark.usefixtures("clean")
def test_a_segment_is_made_and_changed_and_nobody_is_overwritten(shop: Shop, client: httpx.Client) -> None:
    fields = form(client.get("/segments/new", params={"rule": OFTEN}).text)
    assert client.post("/segments/new", data=fields).status_code == 400  # it has no name yet
    made = client.post("/segments/new", data={**fields, "title": ["Très fidèles !"], "about": ["a"]})
    assert (made.status_code, made.headers["location"]) == (303, "/segments/tres-fideles")
    again = client.post("/segments/new", data={**fields, "title": ["Très fidèles !"]})
    assert (again.status_code, "There is a segment “tres-fideles” already" in again.text) == (409, True)
    mine = form(client.get("/segments/tres-fideles/edit").text)
    shop.save_segment("tres-fideles", 'ever("Order Completed")', by="Eve")
    late = client.post("/segments/tres-fideles/edit", data={**mine, "text": ["ever('Email Opened')"]})
    told = html.unescape(late.text)
    assert (late.status_code, "Theirs (Eve," in told) == (409, True)
    assert (form(late.text)["text"], form(late.text)["number"]) == (["ever('Email Opened')"], ["2"])
    assert shop.segment_named("tres-fideles").rule == 'ever("Order Completed")'
    done = client.post("/segments/tres-fideles/edit", data=form(late.text))
    assert done.status_code == 303
    live = shop.segment_named("tres-fideles")
    assert (live.number, live.title, live.about) == (3, "Très fidèles !", "a")


def test_an_unsound_rule_is_not_saved_and_nothing_is_lost(client: httpx.Client) -> None:
    fields = form(client.get("/segments/new").text)
    for text in ("", "ever(", 'segment("nobody")', "props.x == 1"):
        answer = client.post("/segments/new", data={**fields, "title": ["A name"], "text": [text]})
        assert answer.status_code == 400, text
        assert form(answer.text)["text"] == [text]
        assert form(answer.text)["title"] == ["A name"]


def test_what_is_offered_comes_from_the_shop_and_is_nobodys_own(client: httpx.Client) -> None:
    def offered(**asked: str) -> list[str]:
        return re.findall(r'<option value="([^"]*)"', client.get("/segments/-/names", params=asked).text)

    assert "revenue" in offered(of="prop", event="Order Completed")
    assert offered(of="prop", event="nothing") == offered(of="value", kind="trait") == []
    assert "FR" in offered(of="value", kind="trait", name="country")
    assert offered(of="value", kind="trait", name="email") == []
    assert offered(of="value", kind="prop", event="Order Completed", name="order_id") == []
    assert offered(of="value", kind="prop", event="Order Completed", name="channel")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_typed_is_text(client: httpx.Client, payload: str) -> None:
    fields = {"text": [payload], "was": [""], "title": [payload], "about": [payload], "id": [payload]}
    fields |= {
        "c.is": ["and"],
        "c/items0.is": ["trait"],
        "c/items0.path": [payload],
        "c/items0.value": [payload],
    }
    for text in (payload, ""):
        page = client.post("/segments/-/draft", data={**fields, "text": [text]}).text
        assert "<script>alert" not in page
        assert not re.search(r"<(img|svg)[^>]*on(error|load)=", page)


def test_a_name_for_rules_is_made_of_the_title() -> None:
    assert [slug(one) for one in ("VIP refroidis !", "2e commande", "Éà", "…", "x" * 99)] == [
        "vip-refroidis",
        "e-commande",
        "ea",
        "",
        "x" * 64,
    ]

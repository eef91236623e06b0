"""The list of customers and what stands beside one: leafed through, named, written down."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import pytest

from habitue.app import Shop
from habitue.store import views
from tests.inside import BEARER


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, timeout=30, headers={"accept-language": "en"} | BEARER) as client:
        yield client


def shown(page: str) -> list[str]:
    """The customers on a page, by number."""
    return re.findall(r'name="person" value="(\d+)"', page)


def leaf(client: httpx.Client, address: str, way: str) -> list[list[str]]:
    """All pages of a list from one on, in one direction."""
    pages = []
    while address:
        page = client.get(address).text
        pages.append(shown(page))
        found = re.search(rf'rel="{way}" href="([^"]+)"', page)
        address = html.unescape(found[1]) if found else ""
        last = str(client.build_request("GET", address).url) if address else ""
        if way == "next" and last:
            leaf.end = last  # type: ignore[attr-defined]  # where one has come to
    return pages


@pytest.mark.parametrize("sort", ["-revenue", "next"])
def test_a_list_is_leafed_through_without_gap_or_repeat_and_back(client: httpx.Client, sort: str) -> None:
    total = client.get("/api/v1/customers?size=1").json()["total"]
    pages = leaf(client, f"/customers?sort={sort}", "next")
    assert sum(map(len, pages)) == len({one for page in pages for one in page}) == total > 300
    back = leaf(client, leaf.end, "prev")  # type: ignore[attr-defined]  # as above
    assert back[::-1] == pages


def test_a_list_is_in_the_order_asked_for(client: httpx.Client, shop: Shop) -> None:
    page = client.get("/customers?sort=-revenue").text
    assert 'aria-sort="descending"' in page
    spent = [shop.customer(int(one)).revenue for one in shown(page)[:5]]
    assert spent == sorted(spent, reverse=True)
    assert spent[0] == max(one.as_py() for one in shop.sums.get("", 0, None, None).value["revenue"])  # type: ignore[arg-type]  # it is there


def test_a_list_shows_the_columns_asked_for_and_whom_a_rule_holds_for(client: httpx.Client) -> None:
    rule = 'count("Order Completed") >= 3'
    page = client.get(
        "/customers", params={"rule": rule, "col": "trait.city,consent.email", "at": "2026-06-01"}
    ).text
    heads = re.findall(r'<th scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)', page)
    assert heads == ["Customer", "City", "Agrees to e-mails"]
    held = client.get("/api/v1/segment", params={"rule": rule, "at": "2026-06-01"}).json()
    assert f"{held['count']} people" in page
    assert html.escape(rule).replace("&quot;", "&#34;") in page
    wrong = client.get("/customers", params={"rule": "count("})
    assert wrong.status_code == 400


def test_a_view_keeps_the_list_under_its_name_for_its_owner_or_for_all(
    client: httpx.Client, shop: Shop
) -> None:
    query = "sort=-revenue&stage=dormant"
    answer = client.post("/customers/views", data={"name": " Best\u00a0 asleep ", "query": query})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/customers?{query}")
    assert (
        f'<a href="/customers?{html.escape(query)}" aria-current="page">Best asleep</a>'
        in client.get(f"/customers?{query}").text
    )
    views.keep(shop.ops, "Not mine", "somebody", False, "stage=lost", 1)
    views.keep(shop.ops, "For all", "somebody", True, "stage=new", 1)
    page = client.get("/customers").text
    assert ("Not mine" in page, "For all" in page) == (False, True)
    mine = next(one for one in views.every(shop.ops) if one.name == "Best asleep")
    theirs = next(one for one in views.every(shop.ops) if one.name == "For all")
    assert client.post(f"/customers/views/{theirs.id}/drop").status_code == 404
    assert client.post(f"/customers/views/{mine.id}/drop").status_code == 303
    assert "Best asleep" not in client.get("/customers").text
    for name, asked in ((" ", ""), ("x" * 61, ""), ("x", "col=y")):
        wrong = client.post("/customers/views", data={"name": name, "query": asked})
        assert wrong.status_code == 400


def test_a_task_written_beside_a_customer_is_on_the_list_until_it_is_ticked_off(
    client: httpx.Client, shop: Shop
) -> None:
    told = {"text": "Ring back\nat <ten>", "task": "1", "due": "2026-01-31", "assignee": "max"}
    assert client.post("/customers/3/notes", data=told).headers["location"] == "/customers/3#notes"
    [note] = shop.notes(3)
    late = client.get("/tasks?show=overdue").text
    assert "Ring back\nat &lt;ten&gt;" in late
    assert "due Jan 31, 2026" in late
    assert "Ring back" not in client.get("/tasks").text  # it is max's
    done = client.post(f"/notes/{note.id}", data={"act": "done", "back": "tasks:all"})
    assert done.headers["location"] == "/tasks?show=all"
    assert "Ring back" not in client.get("/tasks?show=all").text
    assert "Ring back" in client.get("/tasks?show=done").text
    assert client.post(f"/notes/{note.id}", data={"act": "delete"}).status_code == 303
    assert client.post(f"/notes/{note.id}", data={"act": "done"}).status_code == 400
    assert client.post("/customers/99999999/notes", data={"text": "x"}).status_code == 404


def test_whoever_rings_is_found_by_what_they_say(client: httpx.Client, shop: Shop) -> None:
    found = shop.warehouse.read(
        "SELECT person, value ->> '$' AS phone FROM trait WHERE name = 'trait.phone' ORDER BY person LIMIT 1"
    ).to_pylist()[0]
    one = shop.customer(found["person"])
    order = one.purchases[0].order or ""
    for asked in (found["phone"], found["phone"].replace("+33 ", "0"), one.traits["email"], order):
        page = client.get("/agent", params={"q": asked}).text
        assert f'<a href="/customers/{one.person}">' in page, asked
        assert "Notes and tasks" in page
    several = client.get("/agent", params={"q": one.traits["first_name"][:2]}).text
    assert "Which one?" in several
    assert client.get("/agent", params={"q": one.traits["email"]}).elapsed.total_seconds() < 1
    assert "Nobody is known by that" in client.get("/agent", params={"q": "nobody-at-all@x.fr"}).text

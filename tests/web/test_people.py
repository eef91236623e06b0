"""The list of customers and what stands beside one: leafed through, named, written down."""

from __future__ import annotations

import csv
import html
import io
import re
import unicodedata
from collections.abc import Iterator

import httpx
import openpyxl
import pytest

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.clock import DAY
from habitue.kernel.errors import UserError
from habitue.store import exports, views
from habitue.team.entry import Came
from habitue.team.rights import command
from tests.inside import BEARER
from tests.web.conftest import PAYLOADS


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, timeout=30, headers={"accept-language": "en"} | BEARER) as client:
        yield client


_MOST = """SELECT sum(revenue)::BIGINT AS n FROM event JOIN event_name USING (code)
    WHERE name IN ('Order Completed', 'Order Refunded') GROUP BY person"""


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


@pytest.mark.parametrize("sort", ["-revenue", "next", "name"])
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
    assert spent[0] == max(shop.warehouse.read(_MOST)["n"].to_pylist())


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


def test_the_api_keeps_views_as_the_page_does(client: httpx.Client, shop: Shop) -> None:
    body = {"name": "By program", "query": "page=2&stage=lost", "shared": True}
    kept = client.post("/api/v1/views", json=body).json()
    assert (kept["name"], kept["query"], kept["shared"]) == ("By program", "stage=lost", True)
    assert "By program" in client.get("/customers").text
    assert kept in client.get("/api/v1/views").json()
    theirs = views.keep(shop.ops, "Theirs", "somebody", True, "stage=new", 1)
    assert client.delete(f"/api/v1/views/{theirs.id}").status_code == 404
    assert client.delete(f"/api/v1/views/{kept['id']}").status_code == 204
    assert kept not in client.get("/api/v1/views").json()
    assert client.post("/api/v1/views", json=body | {"query": "col=y"}).status_code == 400


def test_a_list_by_name_minds_neither_capitals_nor_accents(client: httpx.Client) -> None:
    rows = [people for page in leaf(client, "/customers?sort=name", "next") for people in page]
    told = {
        str(one["customer"]): one for one in client.get("/api/v1/customers?size=1000").json()["customers"]
    }
    names = [told[one]["name"] or told[one]["email"] for one in rows if one in told]
    plain = [
        unicodedata.normalize("NFD", one.casefold()).encode("ascii", "ignore").decode()
        for one in names
        if one
    ]
    assert len(plain) > 50
    words = [one for one in plain if one.isascii() and one[:1].isalpha()]
    assert words == sorted(words)


def test_who_changed_stage_between_two_days_is_a_list(client: httpx.Client) -> None:
    days = "at=2026-11-01&against=2026-10-01"
    page = client.get(f"/customers?from=active&to=dormant&{days}").text
    assert "from Oct 1, 2026 to Nov 1, 2026" in page
    assert (
        page.count('<option value="active" selected>') == page.count('<option value="dormant" selected>') == 1
    )
    months = "at=2026-10&against=2026-09"
    same = [
        client.get(f"/api/v1/customers?from=active&to=dormant&{one}").json()["total"]
        for one in (days, months)
    ]
    assert same[0] == same[1] > 0
    late = client.get("/customers?from=active&at=2026-10-01&against=2026-11-01")
    assert (late.status_code, "lies after the one to end with" in late.text) == (400, True)


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


def test_what_somebody_wrote_only_they_change_and_whoever_administers_the_team(
    client: httpx.Client, shop: Shop, site: str
) -> None:
    note = shop.note(3, "Rings on Mondays", "olga@shop.fr")
    batch = shop.note_all([3], "Beside many", "olga@shop.fr")
    shop.first_link("a test")  # there is an owner
    secret = shop.invite(command(), "ines@shop.fr", "agent")
    inside = shop.join(secret, "Ann", "correct horse battery", Came()).session
    cookies = {f"habitue_{shop.ops.name[:8]}": inside}
    with httpx.Client(base_url=site, cookies=cookies, headers={"origin": site}, timeout=30) as agent:
        for form in ({"act": "change", "text": "forged"}, {"act": "delete"}):
            refused = agent.post(f"/notes/{note.id}", data=form)
            assert (refused.status_code, "olga@shop.fr wrote this" in refused.text) == (403, True)
        agent.post("/customers/act/unnote", data={"batch": batch})
        assert [one.text for one in shop.notes(3)] == ["Beside many", "Rings on Mondays"]
        assert f'action="/notes/{note.id}"' not in agent.get("/customers/3").text
        agent.post("/customers/3/notes", data={"text": "Mine"})
        own = shop.notes(3)[0]
        assert f'action="/notes/{own.id}"' in agent.get("/customers/3").text
        assert agent.post(f"/notes/{own.id}", data={"act": "delete"}).status_code == 303
    assert client.post(f"/notes/{note.id}", data={"act": "delete"}).status_code == 303
    [deed] = shop.deeds(1, act="delete note")
    assert (deed.by, deed.detail) == ("web", {"note": note.id, "author": "olga@shop.fr"})
    shop.unnote(batch)
    shop.dismiss(command(), shop.member("ines@shop.fr").id)


def test_programs_write_and_read_notes_too(client: httpx.Client, shop: Shop) -> None:
    told = client.post("/api/v1/customers/5/notes", json={"text": "ring", "task": True, "due": "2026-01-31"})
    assert (told.status_code, told.json()["due"]) == (201, "2026-01-31T22:59:59.999999Z")
    assert [one["text"] for one in client.get("/api/v1/customers/5/notes").json()] == ["ring"]
    assert [one["id"] for one in client.get("/api/v1/tasks?show=overdue").json()] == [told.json()["id"]]
    assert client.post("/api/v1/customers/5/notes", json={"text": " "}).status_code == 400
    assert client.get("/api/v1/customers/nobody-at-all/notes").status_code == 404
    shop.unwrite(told.json()["id"])


def fetched(client: httpx.Client, shop: Shop, **asked: str) -> httpx.Response:
    """The file that an export gives."""
    answer = client.post("/customers/act/export", data=asked)
    assert (answer.status_code, answer.headers["location"]) == (303, "/exports")
    shop.exporter.wait()
    page = client.get("/exports").text
    assert "hx-trigger" not in page
    link = re.search(r'href="(/exports/\d+)"', page)
    assert link, page
    return client.get(link[1])


def test_a_list_is_written_into_a_file_as_it_is_shown_and_no_cell_is_a_formula(
    client: httpx.Client, shop: Shop
) -> None:
    query = "sort=-revenue&col=stage%2Crevenue%2Clast%2Ctrait.city%2Cconsent.email"
    file = fetched(client, shop, query=query, form="csv")
    rows = list(csv.DictReader(io.StringIO(file.text, newline="")))
    assert list(rows[0]) == [
        "key",
        "name",
        "email",
        "stage",
        "revenue",
        "last",
        "trait.city",
        "consent.email",
    ]
    assert len(rows) == client.get("/api/v1/customers?size=1").json()["total"]
    best = shop.customer(int(shown(client.get(f"/customers?{query}").text)[0]))
    first = rows[0]
    told = best.traits.get("city", ""), best.name, f"{best.revenue / 100:.2f}"
    assert (first["trait.city"], first["name"], first["revenue"]) == told
    cells = [cell for row in rows for name, cell in row.items() if name != "revenue"]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0"))] == []
    excel = fetched(client, shop, query=query, form="excel")
    assert excel.content.startswith(b"\xef\xbb\xbf")
    book = openpyxl.load_workbook(io.BytesIO(fetched(client, shop, query=query, form="xlsx").content))
    lines = list(book.active.iter_rows())
    assert [cell.value for cell in lines[0]][:4] == ["Key", "Name", "E-mail", "Stage"]
    assert len(lines) == len(rows) + 1
    assert (lines[1][1].value, lines[1][4].value) == (first["name"] or None, float(first["revenue"]))
    assert {cell.data_type for line in lines for cell in line} <= {"s", "n", "d"}
    assert any(cell.value == PAYLOADS[7] for line in lines for cell in line)
    named = fetched(client, shop, query="col=trait.first_name%2Cphone%2Ctrait.phone", form="csv")
    assert named.text.partition("\r\n")[0] == "key,name,email,trait.first_name,phone,trait.phone"
    assert named.headers["content-type"] == "text/csv; charset=utf-8"
    two = fetched(client, shop, query="", persons="1,2", form="csv").text
    assert len(two.splitlines()) == 3
    assert client.post("/customers/act/export", data={"form": "pdf"}).status_code == 400
    shop.exporter.sweep(clock.now() + 2 * DAY)
    assert list(shop.exporter.folder.iterdir()) == []
    assert "Nothing exported yet" in client.get("/exports").text


def test_an_export_that_a_restart_cut_short_says_so(client: httpx.Client, shop: Shop) -> None:
    exports.begin(shop.ops, "web", "csv", "stage=new", "gone.csv", 12, clock.now())
    assert "hx-trigger" in client.get("/exports").text
    shop.exporter.folder.mkdir(exist_ok=True)
    (shop.exporter.folder / "gone.csv").write_text("a part")
    shop.exporter.resume()
    assert list(shop.exporter.folder.iterdir()) == []
    assert "Cut short by a restart" in client.get("/exports").text
    shop.exporter.sweep(clock.now() + 2 * DAY)


def test_what_is_done_with_many_says_with_how_many_and_does_it_with_no_others(
    client: httpx.Client, shop: Shop
) -> None:
    asked = client.get("/customers/act", params={"act": "note", "scope": "chosen", "person": [3, 4]}).text
    assert "Add a note beside 2 customers" in asked
    whole = client.get("/customers/act", params={"act": "task", "query": "stage=lost"}).text
    told = int(re.search(r'name="told" value="(\d+)"', whole)[1])  # type: ignore[index]  # it is there
    assert f"Add a task about {told} customers" in whole
    meant = {"persons": "3,4", "told": "2"}
    changed = client.post("/customers/act/note", data=meant | {"told": "3", "text": "x"})
    assert changed.status_code == 400
    done = client.post("/customers/act/note", data=meant | {"text": "both"})
    batch = done.headers["location"].partition("batch=")[2]
    assert [[one.text for one in shop.notes(n)] for n in (3, 4, 5)] == [["both"], ["both"], []]
    assert client.post("/customers/act/unnote", data={"batch": batch}).status_code == 303
    assert shop.notes(3) == []
    client.post("/customers/act/trait", data=meant | {"trait": "vip", "value": "<b>yes"})
    unsaid = client.post("/customers/act/consent", data=meant)
    assert (unsaid.status_code, "Say what they answered." in unsaid.text) == (400, True)
    no = client.post("/customers/act/consent", data=meant | {"status": "granted"})
    assert no.status_code == 400  # without a proof
    client.post("/customers/act/consent", data=meant | {"status": "withdrawn", "purpose": "post-box"})
    shop.refresh()
    assert [shop.customer(n).traits.get("vip") for n in (3, 4, 5)] == ["<b>yes", "<b>yes", None]
    stands = [(one.purpose, one.status) for one in shop.standing(3) if one.purpose == "post-box"]
    assert stands == [("post-box", "withdrawn")]
    acts = {one.act for one in shop.deeds(8)}
    assert {"record consent", "set trait", "delete notes", "add note"} <= acts


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
    letters = shop.warehouse.read(
        "SELECT left(value ->> '$', 2) AS two FROM trait WHERE name = 'trait.first_name' "
        "GROUP BY ALL ORDER BY count(DISTINCT person) DESC, two LIMIT 1"
    ).to_pylist()[0]
    assert "Which one?" in client.get("/agent", params={"q": letters["two"]}).text
    assert client.get("/agent", params={"q": one.traits["email"]}).elapsed.total_seconds() < 1
    assert "Nobody is known by that" in client.get("/agent", params={"q": "nobody-at-all@x.fr"}).text


def test_an_erasure_that_could_not_be_done_is_not_said_to_be(
    client: httpx.Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise UserError("The disk is full.")

    monkeypatch.setattr(shop, "erase", full)
    (named,) = re.findall(r"To go on, type: ([^<]+)<", client.get("/customers/1").text)
    answer = client.post("/customers/1/erase", data={"typed": html.unescape(named)})
    assert answer.status_code == 400
    assert "The disk is full." in answer.text

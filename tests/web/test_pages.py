"""Pages as they come over HTTP: every route, bad addresses, lists that agree with their numbers."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from litestar.routes import HTTPRoute
from sqlalchemy import select

from habitue import server
from habitue.app import Shop
from habitue.app.uploads import Uploads
from habitue.engine.explain import Verdict
from habitue.engine.reason import told
from habitue.kernel import clock
from habitue.kernel.i18n import translator
from habitue.kernel.period import day_of, month_of
from habitue.store.tables import tables
from tests.inside import BEARER, session
from tests.web.conftest import PAYLOADS

SAMPLES = {
    "person:int": "1",
    "person:str": "1",
    "customer:int": "1",
    "key:str": "1",
    "account:str": "b-001",
    "model:str": "transactional",
    "number:int": "1",
    "stage:str": "active",
    "name:str": "buyers",
    "slug:str": "hello",
    "journey:str": "buyers",
    "alert:str": "buyers",
    "token:str": "gone",
    "file_path:path": "icon.svg",
    "path:str": "openapi.json",
    "table:str": "0123456789ab",
}
NEEDS = {"/api/v1/explain": "?customer=1", "/customers/act": "?act=note"}
NEEDS |= {"/segments/{name:str}/why": "?customer=1", "/segments/-/names": "?of=prop&event=Order Completed"}
NEEDS |= {"/campaigns/{name:str}/people": "?guard=consent"}
NEEDS |= {"/journeys/{name:str}/results/customers": "?step=x&became=skipped"}
NEEDS |= {"/welcome/arrived": "?kind=server"}
NEEDS |= {"/api/v1/suppressions": "?address=a@b.fr"}
NEEDS |= dict.fromkeys(("/api/v1/segment", "/api/v1/segment/history"), '?rule=ever("Order Completed")')
NEEDS |= {"/customers/act": "?act=export"}


NOTHING = {"/lists/outgoing/letters.pdf": 400, "/push.json": 404}
NOTHING |= {"/data/imports/1": 404, "/api/v1/imports/1/undo": 404}
"""What there is to be had here of these: no letter is to be printed, no push was set up, no file imported."""


def routes(shop: Shop) -> Iterator[str]:
    """Every address that can be read, from the route table, with samples; ways in are elsewhere."""
    samples = SAMPLES | {"upload:str": _uploaded(shop)}
    for route in server.create(shop).routes:
        if (
            isinstance(route, HTTPRoute)
            and "GET" in route.methods
            and not re.search("{secret:|/oidc|/exports/", route.path)
        ):
            path = re.sub(r"\{([^}]+)\}", lambda part: samples[part[1]], route.path)
            yield path + NEEDS.get(route.path, "")


def _uploaded(shop: Shop) -> str:
    """A file that came by the web, with tables of rejected rows."""
    uploads = Uploads(shop.directory)
    with uploads.receive("x.csv", 9, clock.now()) as place:
        place.write(b"customer,date,amount\nu1,2026-01-05,7\n")
        upload = place.arrived()
    uploads.beside(upload, "rejected.csv").write_text("line,reason\n")
    (shop.directory / "rejects").mkdir(exist_ok=True)
    (shop.directory / "rejects" / f"{SAMPLES['table:str']}.csv").write_text("line,reason\n")
    return upload.id


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, headers=BEARER, timeout=30) as client:
        yield client


FAR = "99999999999999999999999"
WHOM = ("role", "dismiss", "reset", "withdraw", "end_key")


def kept(shop: Shop) -> dict[str, list[tuple[Any, ...]]]:
    """What people edit, whole, but for when a session was last used."""
    names = ("seen", "expires")
    with shop.ops.read() as tx:
        return {
            table.name: [
                tuple(row)
                for row in tx.execute(select(*(column for column in table.c if column.name not in names)))
            ]
            for table in tables.sorted_tables
        }


def test_every_route_answers(shop: Shop, site: str) -> None:
    inside = {f"habitue_{shop.ops.name[:8]}": session(shop)}
    shop.track_coupons()  # by what other tests have sent
    before = kept(shop)
    with httpx.Client(base_url=site, cookies=inside, timeout=30, follow_redirects=True) as owner:
        found = {path: owner.get(path).status_code for path in routes(shop)}
    assert kept(shop) == before  # looking changes nothing
    assert len(found) > 20
    assert {path: status for path, status in found.items() if status != 200} == NOTHING


def test_every_answer_carries_the_headers_that_keep_it_safe(shop: Shop, client: httpx.Client) -> None:
    public = {
        "/habitue.js",
        "/habitue-push.js",
        "/habitue-inapp.js",
        "/habitue-worker.js",
        "/static/icon.svg",
    }
    for path in [*routes(shop), "/nothing", "/?month=x", "/api/v1/nothing", "/static/nothing"]:
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        # The file that people take with them has its style inside; no script runs in it.
        assert "unsafe" not in headers["content-security-policy"] or path.endswith("/export.html"), path
        assert headers["x-content-type-options"] == "nosniff", path
        # Nobody on the way keeps what may be about somebody; a browser shows a page again once it has asked.
        kept, kind = headers["cache-control"], headers.get("content-type", "")
        assert ("public" in kept) == (path in public), path
        ours = "private, no-cache" if kind.startswith("text/html") else "private, no-store"
        assert path in public or kept in (ours, "private, no-store"), path
        assert kind.count("charset") <= 1, path


@pytest.mark.parametrize(
    ("path", "form"),
    [
        *(("/team", {"act": act, "number": number}) for act in WHOM for number in (FAR, str(1 << 63), "-1")),
        ("/team", {"act": "add_key", "name": "k", "scopes": "everything", "days": "\N{SUPERSCRIPT TWO}"}),
        ("/me", {"act": "end", "number": FAR}),
        *(("/me", {"act": "factor", "secret": wrong, "code": "1"}) for wrong in ("!!!", "", "A" * 100_000)),
        ("/notes/" + FAR, {"act": "delete"}),
        ("/customers/act/note", {"persons": "999999999", "told": "1", "text": "x"}),
        ("/customers/act/trait", {"persons": "999999999", "told": "1", "trait": "t", "value": "v"}),
        ("/customers/act/export", {"persons": "999999999", "told": "1"}),
        ("/stages/transactional/draft/" + FAR, {"act": "discard"}),
        ("/data/duplicates", {"act": "undo", "number": FAR}),
    ],
)
def test_a_form_with_what_can_t_be_is_answered_and_does_nothing(
    shop: Shop, site: str, path: str, form: dict[str, str]
) -> None:
    inside = {f"habitue_{shop.ops.name[:8]}": session(shop)}
    before = kept(shop)
    answer = httpx.post(site + path, data=form, cookies=inside, headers={"origin": site}, timeout=30)
    assert answer.status_code in (400, 404, 405), answer.text[:2000]
    assert kept(shop) == before


def test_a_form_from_what_is_no_address_is_from_elsewhere(client: httpx.Client) -> None:
    assert client.post("/sign-in", headers={"origin": "http://[::1"}).status_code == 403


def test_every_link_on_a_page_leads_somewhere(client: httpx.Client) -> None:
    seen: dict[str, int] = {}
    for page in ("/", "/customers?q=alert", "/customers/1", "/stages", "/data", "/data/catalogue", "/api"):
        for link in set(links(client.get(page).text)):
            if link not in seen:
                seen[link] = client.get(link).status_code
    assert len(seen) > 60
    assert {link: status for link, status in seen.items() if status not in (200, 302)} == {}


def links(page: str) -> list[str]:
    return [html.unescape(link).split("#")[0] for link in re.findall(r'href="(/[^"]*)"', page)]


def test_the_number_in_a_cell_is_the_length_of_its_list(client: httpx.Client) -> None:
    page = client.get("/").text
    cells = re.findall(r'<td class="(?:same|h\d)"><a href="([^"]+)">\s*([\d,]+)', page)
    cells += re.findall(r'<a class="kpi" href="([^"]+)">.*?class="big">([\d,]+)<', page, re.DOTALL)
    cells += re.findall(r'<td class="num"><a href="([^"]+)">[+−]?([\d,]+)', page)
    assert sum("ever=" in link for link, _ in cells) == 6
    assert len(cells) > 36
    for link, number in cells:
        listed = client.get(html.unescape(link).replace("/customers", "/api/v1/customers", 1)).json()
        assert listed["total"] == int(number.replace(",", "")), link


def test_a_list_of_the_past_tells_what_was_expected_and_not_what_came(client: httpx.Client) -> None:
    now, past = (client.get(f"/customers?stage=active&at={at}").text for at in ("", "2026-06-15"))
    assert "If nothing happens" in now
    assert "Expected then" not in now
    assert "Expected then" in past
    assert "from what was known on that day" in past
    listed = client.get("/api/v1/customers?stage=active&at=2026-06-15&size=1000").json()["customers"]
    table = csv.DictReader(io.StringIO(client.get("/customers.csv?stage=active&at=2026-06-15").text))
    assert [(row["next_stage"], row["next_at"]) for row in table] == [
        (one["next_stage"], one["next_at"]) for one in listed
    ]
    # An active customer who did nothing more becomes dormant 90 days after the last order, or not at all.
    assert {one["next_stage"] for one in listed} == {"dormant"}


def test_what_is_to_come_is_hatched_from_now_on(client: httpx.Client) -> None:
    listed = client.get("/api/v1/customers?stage=active&size=1").json()["customers"]
    page = client.get(f"/customers/{listed[0]['customer']}").text
    now = float(re.search(r'<line class="now" x1="([\d.]+)%', page)[1])  # type: ignore[index]
    pieces = re.findall(r'<rect x="([\d.]+)%" y="4" width="([\d.]+)%"[^>]*fill="([^"]+)"', page)
    hatched = [(float(x), float(width)) for x, width, fill in pieces if fill.startswith("url(#hatch")]
    assert hatched[0][0] == pytest.approx(now, abs=0.01)
    assert sum(width for _, width in hatched) == pytest.approx(100 - now, abs=0.5)
    assert "hatched: expected if nothing happens" in page


def test_the_api_page_speaks_the_readers_language(client: httpx.Client) -> None:
    english, french = (client.get("/api", headers={"accept-language": one}).text for one in ("en", "fr"))
    said = re.findall(r'<p>(.+?)</p>|<td class="free">(.+?)</td>', english.split('class="rows"')[1])
    assert len(said) > 30
    assert [text for texts in said for text in texts if text and f">{text}<" in french] == []


@pytest.mark.parametrize(
    "address",
    [
        "/?month=2026-13",
        "/?month=0000-00",
        "/?month=99999-01",
        "/?month=9999-12&against=0001-01",
        "/?against=x",
        "/?period=..",
        "/?period=2026-04..2026-04..2026-04",
        "/?period=year&compare=yesterday",
        "/?first=9999-12-31&last=0001-01-01",
        "/?model=nobody",
        "/?hide=everything&hide=<b>",
        "/?fresh=perhaps",
        "/customers?page=-1",
        "/customers?page=1e3",
        "/customers?page=10000000000",
        "/customers?page=%00",
        "/customers?at=2026-02-30",
        "/customers?at=9999-12-31T23:59:59",
        "/customers?at=0001-01-01",
        "/customers?stage=id;drop",
        "/customers?from=(select 1)&to=none",
        "/customers?ever=x%22;COPY",
        "/customers?q=%00",
        "/customers?q=%25%25%25",
        "/customers?q=" + "x" * 5000,
        "/customers/-1",
        "/customers/99999999999999999999",
        "/customers/1?model=x",
        "/customers/1/events?ts=-99999999999999999999&seq=1",
        "/customers/1/events?ts=99999999999999999999&seq=99999999999999999999",
        "/customers/1/events",
        "/customers.csv?model=x",
        "/stages/..%2f..%2fetc",
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/%00",
        "/static/a%00b.css",
        "/customers/%00",
        "/data/refused?number=99999999999999999999999",
        "//evil.example/",
        "/?path=x",
        "/customers?request=1&path=2&changes=3",
        "/nowhere?path=1",
        "/customers/abc?path=1&self=2",
        "/static/" + "a" * 5000,
        "/acts?before=99999999999999999999999",
        "/exports/99999999999999999999999",
        "/stages/transactional/draft/99999999999999999999999",
        "/stages/transactional/draft/1/people/9223372036854775808",
        "/customers/act?act=note&scope=chosen&person=99999999999999999999999",
    ],
)
def test_a_bad_address_is_answered_never_failed(client: httpx.Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code in (200, 302, 400, 404)
    assert "Traceback" not in answer.text


def test_a_key_leads_to_its_customer(shop: Shop, client: httpx.Client) -> None:
    key = next(iter(shop.identities(1).keys))
    answer = client.get(f"/customers/{quote(key, safe='')}?lang=fr", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "/customers/1?lang=fr")
    assert client.get("/customers/user:nobody-at-all").status_code == 404


def test_a_page_speaks_the_language_asked_for_then_remembers_it(site: str) -> None:
    with httpx.Client(base_url=site, headers=BEARER, timeout=30) as client:
        assert '<html lang="en"' in client.get("/stages", headers={"accept-language": "de, en;q=0.5"}).text
        assert '<html lang="fr"' in client.get("/stages", headers={"accept-language": "fr-CA"}).text
        assert '<html lang="fr"' in client.get("/stages?lang=fr").text
        assert '<html lang="fr"' in client.get("/stages", headers={"accept-language": "en"}).text


def test_without_a_wish_the_workspace_language_is_spoken(bare: str) -> None:
    page = httpx.get(bare, headers=BEARER | {"accept-language": ""}, follow_redirects=True).text
    assert '<html lang="fr"' in page
    assert "habitue demo" in page


NO_HOSTS = ("a b", "evil.com#127.0.0.1", "evil.com\\@127.0.0.1", "127.0.0.1:", "[127.0.0.1", "-")
NO_PORTS = ("127.0.0.1:99999", "127.0.0.1:8200.evil.example", "localhost:x")


def test_another_name_for_this_machine_is_refused(client: httpx.Client) -> None:
    for host in (
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "",
        "[::1",
        *NO_HOSTS,
        *NO_PORTS,
    ):
        assert client.get("/", headers={"host": host}).status_code == 421, host
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1:9", "[::1]:8000"):
        assert client.get("/stages", headers={"host": host}).status_code == 200, host
    for host in (*NO_HOSTS, *NO_PORTS):
        assert client.get("/api/v1/health", headers={"host": host}).status_code == 421, host
        assert client.get("/nowhere", headers={"host": host}).status_code == 404, host


def test_the_csv_holds_the_whole_list_and_no_formula(client: httpx.Client) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/customers.csv").text, newline="")))
    assert len(rows) == client.get("/api/v1/customers").json()["total"]
    cells = [cell for row in rows for name, cell in row.items() if name != "revenue"]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0"))] == []
    assert "'" + PAYLOADS[7] in [row["name"] for row in rows]


def test_what_customers_write_is_text_on_every_page(shop: Shop, client: httpx.Client) -> None:
    people = [shop.person(f"{payload}{n}") for n, payload in enumerate(PAYLOADS)]
    for path in ("/customers?q=alert", *(f"/customers/{person}" for person in people)):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert not re.search(r"<(img|svg)[^>]*onerror|<svg onload", page)
        assert not re.search(r'href="(?![/#])', page)


def test_a_demo_says_so_and_a_real_shop_does_not(client: httpx.Client, bare: str) -> None:
    assert "demonstration data" in client.get("/").text
    assert "démonstration" not in httpx.get(bare, headers=BEARER, follow_redirects=True).text


def test_the_overview_with_all_it_loads_weighs_less_than_a_megabyte(client: httpx.Client) -> None:
    page = client.get("/")
    parts = [page, *(client.get(link) for link in set(links(page.text)) if link.startswith("/static/"))]
    parts += [client.get(link) for link in re.findall(r'src="([^"]+)"', page.text)]
    assert sum(len(part.content) for part in parts) < 1_000_000


@pytest.mark.parametrize("kinds", ["", "orders", "stages&kind=notes"])
def test_what_was_earlier_follows_without_gap_or_repeat(shop: Shop, client: httpx.Client, kinds: str) -> None:
    busiest = "SELECT person, count(*) AS n FROM event GROUP BY ALL ORDER BY n DESC LIMIT 1"
    [(person, n)] = [tuple(row.values()) for row in shop.warehouse.read(busiest).to_pylist()]
    for text in ("first", "second"):
        shop.note(person, text, now=1_700_000_000_000_000)
    seen: list[str] = []
    link = f"/customers/{person}/timeline?kind={kinds}" if kinds else f"/customers/{person}/timeline"
    while link:
        page = client.get(link).text
        seen += re.findall(r"<time datetime=\"([^\"]+)", page.split('class="timeline"')[1])
        earlier = re.search(r'hx-get="([^"]+)"', page)
        link = html.unescape(earlier[1]) if earlier else ""
    one = shop.customer(person)
    stays = len(one.stages[0].stays)
    told = len(shop.customer_messages(person))  # by other tests
    every = {"": n + stays + 2 + told, "orders": len(one.purchases), "stages&kind=notes": stays + 2}
    assert seen == sorted(seen, reverse=True)
    assert len(seen) >= every[kinds]
    assert len(seen) == every[kinds] or kinds == "orders"  # a checkout and a refund are of the kind too
    for note in shop.notes(person):
        shop.unwrite(note.id)


def test_orders_in_the_history_have_their_lines(shop: Shop, client: httpx.Client) -> None:
    found = shop.warehouse.read("""
        WITH latest AS (
            SELECT person, code, props FROM event
            QUALIFY row_number() OVER (PARTITION BY person ORDER BY ts DESC) <= 10
        )
        SELECT max(person) AS person FROM latest JOIN event_name USING (code) JOIN trait USING (person)
        WHERE event_name.name = 'Order Completed' AND contains(latest.props, '"quantity"')
            AND trait.name = 'trait.first_name'""")
    person = found["person"][0].as_py()
    page = html.unescape(client.get(f"/customers/{person}", params={"lang": "fr"}).text).replace("<wbr>", "")
    first = next(one for one in shop.customer(person).purchases if one.lines)
    assert (first.order or "none") in page
    line = first.lines[0]
    assert f"<li>{line['quantity']} × {line['name']}, " in page
    assert '<span title="Order Completed">Commande passée</span>' in page
    assert '<dt title="first_name">Prénom</dt>' in page


def test_the_page_explains_a_stage_in_the_words_of_the_command_line(shop: Shop, client: httpx.Client) -> None:
    why = shop.explain(1, model="transactional")
    assert isinstance(why, Verdict)
    page = html.unescape(client.get("/customers/1/why", params={"lang": "en"}).text)
    for _, one in why.asked:
        assert f'<span class="said">{told(one, translator("en")).said}</span>' in page


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("/?at=zzz", "“at”"),
        ("/?month=zz", "“zz”"),
        ("/?period=zz", "“zz”"),
        ("/?period=2999-01-01", "2999-01-01"),
        ("/?first=2026-02-30", "“2026-02-30”"),
        ("/?period=1990-01..2026-01", "ten years"),
        ("/?compare=x", "compare"),
        ("/?model=x", "transactional – Transactional cycle"),
        ("/customers?after=zz", "“zz”"),
        ("/customers?sort=x", "“x”"),
        ("/customers?col=x", "“x”"),
        ("/customers?past=x", "past=x"),
        ("/customers?segment=x", "“x”"),
        ("/customers/1/timeline?before=x", "“x”"),
        ("/customers/1?kind=x", "“x”"),
    ],
)
def test_a_bad_address_is_told_which_part_of_it_is_wrong(
    client: httpx.Client, address: str, named: str
) -> None:
    answer = client.get(address, headers={"accept-language": "en"})
    assert answer.status_code == 400
    assert named in html.unescape(answer.text)


def test_addresses_with_months_lead_to_the_period_they_mean(shop: Shop, client: httpx.Client) -> None:
    this = str(month_of(day_of(clock.now(), shop.settings.timezone)))
    for path in ("/", "/stages/transactional/active"):
        for old, period in (
            ("month=9999-01", this),
            ("month=2026-04", "2026-04"),
            ("month=2026-07&against=2026-04", "2026-05..2026-07"),
            ("month=2026-04&against=2026-07", "2026-05..2026-07"),
            ("first=2026-04-17&last=2026-04-03", "2026-04-03..2026-04-17"),
            ("first=2026-04-17&last=&compare=year", "2026-04-17"),
        ):
            answer = client.get(f"{path}?{old}", follow_redirects=True)
            assert (answer.status_code, len(answer.history)) == (200, 1)
            kept = {"compare": "year"} if "compare" in old else {}
            assert dict(answer.url.params) == {"period": period, **kept}

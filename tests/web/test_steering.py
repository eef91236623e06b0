"""The overview's periods and segments, what to do now, and the pages of the stages."""

from __future__ import annotations

import csv
import html
import io
import re
import time
from collections.abc import Iterator
from typing import Final

import httpx
import pytest

from habitue.app import Shop
from habitue.kernel import clock
from tests.inside import BEARER
from tests.web.conftest import PAYLOADS

TASK: Final = r'class="what"><a href="([^"]+)"><b>([\d,]+) p.*?class="stake"><b>€([\d,.]+)'
"""The list, the number of people, and the money at stake."""


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, headers=BEARER, timeout=30) as client:
        yield client


def ready(client: httpx.Client, path: str, mark: str) -> str:
    """The page once what is worked out beside it is there."""
    for _ in range(60):
        page = client.get(path).text
        if mark not in page:
            return page
        time.sleep(0.1)
    raise AssertionError(f"{path} never was without {mark}")


def total(client: httpx.Client, link: str) -> int:
    path = html.unescape(link).replace("/customers", "/api/v1/customers", 1)
    found: int = client.get(path).json()["total"]
    return found


def test_a_segment_shows_its_own_people_and_each_number_is_a_list(client: httpx.Client) -> None:
    everybody, buyers = (
        client.get(f"/?{query}").text for query in ("period=2026-10", "period=2026-10&segment=buyers")
    )
    assert "segment=buyers" not in everybody.replace('value="buyers"', "")
    cells = re.findall(r'<td class="(?:same|h\d)"><a href="([^"]+)">\s*([\d,]+)', buyers)
    cells += re.findall(r'<a class="kpi" href="([^"]+)">.*?class="big">([\d,]+)<', buyers, re.DOTALL)
    assert len(cells) > 8
    assert all("segment=buyers" in link for link, _ in cells)
    for link, number in cells[::4]:
        assert total(client, link) == int(number.replace(",", "")), link
    assert client.get("/?segment=byers").status_code == 400


@pytest.mark.parametrize(
    "period", ["2026-04-03..2026-04-17", "2026-10-25", "30d", "2026-11", "2026-02..2026-07"]
)
def test_each_number_of_any_period_is_a_list(client: httpx.Client, period: str) -> None:
    for path, pattern in (
        ("/", r'<td class="(?:same|h\d)"><a href="([^"]+)">\s*([\d,]+)'),
        ("/stages/transactional/dormant", r'<td class="num"><a href="([^"]+from=[^"]+)">([\d,]+)'),
    ):
        page = ready(client, f"{path}?period={period}", '/overview/sales"')
        cells = re.findall(pattern, page)
        cells += re.findall(
            r'<a class="kpi" href="([^"]*bought[^"]+)">.*?class="big">([\d,]+)<', page, re.DOTALL
        )
        cells += re.findall(
            r'<a class="kpi" href="([^"]*stage=[^"]+)">.*?class="big">([\d,]+)<', page, re.DOTALL
        )
        assert cells
        for link, number in cells[::5]:
            assert total(client, link) == int(number.replace(",", "")), link


def test_the_choice_of_a_period_is_addresses(client: httpx.Client) -> None:
    page = client.get("/?period=2026-04-03..2026-04-17&hide=prospects").text
    panel = page.split('id="period"')[1].split("</nav>")
    presets = re.findall(r'href="/\?([^"]+)"', panel[0])
    assert len(presets) == 9
    assert all("hide=prospects" in one for one in presets)
    assert {"period=30d", "period=last-quarter"} <= {
        part for one in presets for part in html.unescape(one).split("&")
    }
    assert 'name="hide" value="prospects"' in panel[1]
    ways = dict(re.findall(r'rel="(prev|next)" href="/\?([^"]+)"', page))
    assert "period=2026-03-19..2026-04-02" in ways["prev"]
    assert "period=2026-04-18..2026-05-02" in ways["next"]
    assert 'rel="next"' not in client.get("/").text
    year = client.get("/?period=2026-04&compare=year").text
    assert "vs Apr 2025" in year
    assert 'href="/?period=2026-04" aria-current' not in year


def test_before_anybody_was_known_the_page_says_so(client: httpx.Client) -> None:
    page = client.get("/?period=2020-01-01..2020-01-07").text
    assert "Nobody was known in this period yet" in page
    assert 'rel="prev"' not in page


def test_what_to_do_now_is_ranked_by_money_and_each_number_is_a_list(client: httpx.Client) -> None:
    page = ready(client, "/", 'hx-select="#todo"')
    rows = re.findall(
        r'class="what"><a href="([^"]+)"><b>([\d,]+) p.*?class="stake"><b>€([\d,.]+)', page, re.DOTALL
    )
    assert rows
    for link, number, _ in rows:
        assert total(client, link) == int(number.replace(",", "")), link
    money = [float(stake.replace(",", "")) for *_, stake in rows]
    assert money == sorted(money, reverse=True)


def test_what_to_do_now_is_about_the_chosen_segment(shop: Shop, client: httpx.Client) -> None:
    shop.save_segment("high", 'count("Order Completed") >= 2')
    everybody, buyers = (
        re.findall(r'class="what"><a href="([^"]+)"><b>([\d,]+) p', ready(client, path, 'hx-select="#todo"'))
        for path in ("/", "/?segment=high")
    )
    assert buyers
    assert sum(int(n) for _, n in buyers) < sum(int(n) for _, n in everybody)
    for link, number in buyers:
        assert "segment=high" in link
        assert total(client, link) == int(number), link
    shop.remove_segment("high")


def test_what_was_sold_is_the_same_everywhere_and_each_figure_is_a_list(
    shop: Shop, client: httpx.Client
) -> None:
    ready(client, "/", '/overview/sales"')
    page = client.get("/?period=2026-10").text
    shown = re.findall(
        r'<a class="kpi" href="(/customers[^"]*bought[^"]*)">.*?class="big[^"]*">([^<]+)', page, re.DOTALL
    )
    told = client.get("/api/v1/sales?month=2026-10").json()["months"][-1]
    row = list(csv.DictReader(io.StringIO(client.get("/overview.csv?of=sales&month=2026-10").text)))[-1]
    frame = next(iter(shop.sales(2)))
    assert [str(frame[name]) for name in row] == list(row.values())
    assert [number for _, number in shown] == [
        f"€{float(told['revenue']):,.2f}",
        f"{told['customers']:,}",
        f"€{float(told['average_order']):,.2f}",
        f"{told['repeat_rate']:.1%}",
    ]
    assert [total(client, link) for link, _ in shown] == [told["customers"]] * 3 + [told["again"]]
    assert 0 < told["again"] < told["customers"] == int(row["customers"])


def test_what_a_segment_bought_comes_beside_the_page(shop: Shop, client: httpx.Client) -> None:
    shop.save_segment("thrice", 'count("Order Completed") >= 3')
    page = client.get("/?period=2026-10&segment=thrice").text
    (beside,) = re.findall(r'hx-get="(/overview/sales[^"]*)"', page)
    cards = client.get(html.unescape(beside)).text
    told = client.get("/api/v1/sales?month=2026-10&segment=thrice").json()["months"][-1]
    assert f">{told['customers']:,}<" in cards
    assert "/overview/sales" not in client.get("/?period=2026-10&segment=thrice").text
    for link in re.findall(r'href="(/customers[^"]*bought[^"]*)"', cards)[1::2]:
        assert total(client, link) in (told["customers"], told["again"])
    shop.remove_segment("thrice")


def test_money_at_stake_is_what_just_these_people_brought_in_a_year(shop: Shop, client: httpx.Client) -> None:
    page = ready(client, "/", 'hx-select="#todo"')
    link, stake = re.findall(
        r'class="what"><a href="([^"]+)">.*?class="stake"><b>€([\d,.]+)', page, re.DOTALL
    )[0]
    found = client.get(html.unescape(link).replace("/customers", "/customers.csv", 1)).text
    keys = [row["key"] for row in csv.DictReader(io.StringIO(found))]
    since, brought = clock.now() - 365 * clock.DAY, 0
    for key in keys:
        happened = shop.events(key, 10_000)
        brought += sum(one.revenue or 0 for one in happened if one.ts > since)
    assert f"{brought / 100:,.2f}" == stake


@pytest.mark.parametrize("of", ["transitions", "months", "balance", "stays", "figures", "sales"])
def test_every_picture_is_a_table_for_programs(client: httpx.Client, of: str) -> None:
    answer = client.get(f"/overview.csv?of={of}&month=2026-10")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(rows) > 5
    assert len({len(row) for row in rows}) == 1
    assert client.get("/overview.csv?of=else").status_code == 400
    assert client.get("/overview.csv?stage=else").status_code == 400


def test_a_stage_s_tables_are_about_that_stage_alone(client: httpx.Client) -> None:
    for of in ("transitions", "months", "stays"):
        answer = client.get(f"/overview.csv?of={of}&period=2026-04-03..2026-04-17&stage=active")
        head, *rows = csv.reader(io.StringIO(answer.text))
        assert rows, of
        assert "active" in head or all("active" in row for row in rows), of
        assert len({len(row) for row in (head, *rows)}) == 1


def test_a_stage_says_who_came_and_went_and_each_number_is_a_list(client: httpx.Client) -> None:
    page = ready(client, "/stages/transactional/active?period=2026-10", 'hx-select="#goal"')
    cells = re.findall(r'<td class="num"><a href="(/customers[^"]+)">([\d,]+)<', page)
    card = r'<a class="kpi" href="([^"]+)">\s*<span class="name">(?:In|Out)<.span>\s*<.{17}\D([\d,]+)<'
    cells += re.findall(card, page)
    assert len(cells) > 24
    for link, number in (*cells[:4], *cells[-2:]):
        assert total(client, link) == int(number.replace(",", "")), link
    assert client.get("/stages/transactional/nothing").status_code == 400


def test_a_playbook_is_what_the_shop_writes_and_a_target_is_judged(client: httpx.Client, shop: Shop) -> None:
    here = "/stages/transactional/dormant"
    shipped = client.get(here).text
    assert "Give a good reason to come back" in shipped
    fields = {"text": PAYLOADS[0], "owner": PAYLOADS[1], "kpi": "retention", "target": "12,5 %"}
    assert client.post(here, data=fields).status_code == 303
    page = ready(client, here, 'hx-select="#goal"')
    assert "&lt;script&gt;alert(1)" in page
    assert "target 12.5%" in page
    assert "· reached" in page
    assert shop.deeds(1)[0].act == "playbook"
    refused = client.post(here, data={**fields, "target": "much"})
    assert (refused.status_code, "<h1>This was not done</h1>" in refused.text) == (400, True)
    refused = client.post(here, data={**fields, "kpi": "won", "target": "1\u202f000,5"})
    assert (refused.status_code, "this figure counts people" in refused.text) == (400, True)
    for target in ("1,200", "1 200", "1.200"):
        client.post(here, data={**fields, "kpi": "won", "target": target})
        assert "target 1,200" in ready(client, here, 'hx-select="#goal"')
    assert client.post(here, data={}).status_code == 303
    assert "Give a good reason to come back" in client.get(here).text

"""Pages of saved segments: numbers that lead to their lists, versions, and what others did in between."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator

import httpx
import pytest

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.i18n import LANGUAGES
from habitue.segments.templates import templates
from tests.inside import BEARER

OFTEN = 'count("Order Completed", within="90d") >= 2'


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, timeout=30, headers=BEARER | {"accept-language": "en"}) as client:
        yield client


@pytest.fixture(scope="module")
def often(shop: Shop) -> Iterator[str]:
    """A segment that other files' tests do not see."""
    shop.save_segment("often", OFTEN, title="Frequent buyers")
    yield "often"
    shop.remove_segment("often")


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def number(text: str) -> int:
    return int(re.sub(r"[^\d]", "", text))


def test_the_list_tells_each_segment_in_words_with_its_size(
    shop: Shop, client: httpx.Client, often: str
) -> None:
    page = html.unescape(client.get("/segments").text)
    assert "Customers who placed at least 2 orders in the last 90 days" in page
    [size] = re.findall(rf'<a href="/segments/{often}/customers">([\d,]+)</a>', page)
    assert number(size) == shop.segment(OFTEN).count() > 0


def test_a_template_s_words_are_told_in_the_reader_s_language_until_they_are_changed(
    shop: Shop, client: httpx.Client
) -> None:
    french, english = (templates()["vip-cooling"].name.said(one) for one in LANGUAGES[::-1])
    about = templates()["vip-cooling"].about.said("fr")
    shop.save_segment("cooling", OFTEN, title=french, about=about)
    try:
        for path in ("/segments", "/segments/cooling", "/customers?segment=cooling", "/?segment=cooling"):
            for own, other, language in ((french, english, "fr"), (english, french, "en")):
                page = html.unescape(client.get(path, headers={"accept-language": language}).text)
                assert own in page, path
                assert other not in page, path
        shop.save_segment("cooling", OFTEN, title="Ours", about=about)
        assert "Ours" in client.get("/customers").text
    finally:
        shop.remove_segment("cooling")


def test_who_came_and_went_adds_up_to_the_size_and_leads_to_their_lists(
    client: httpx.Client, often: str
) -> None:
    for by in ("month", "day"):
        page = html.unescape(client.get(f"/segments/{often}?by={by}").text)
        table = page[page.index('id="moves"') : page.index('id="beside"')]
        sizes = [number(one) for one in re.findall(r"<b>([\d,]+)</b>", table)]
        moves = re.findall(r'<a href="([^"]+way=(entered|left)[^"]+)">([+−][\d,]+)</a>', table)
        assert sizes[0] - sizes[-1] + 0 == sum(
            (1 if way == "entered" else -1) * number(n)
            for link, way, n in moves
            if link not in table[table.rindex("<tr>") :]
        )
        for link, _, n in moves[:4]:
            listed = rows(client.get(link.replace("/customers?", "/customers.csv?")))
            assert len(listed) == number(n), link


def test_why_somebody_went_out_is_told_as_of_that_moment(client: httpx.Client, often: str) -> None:
    page = html.unescape(client.get(f"/segments/{often}").text)
    left = re.findall(r'href="([^"]+way=left[^"]+)"', page)[-1]
    why = re.findall(r'hx-get="([^"]+/why[^"]+)"', html.unescape(client.get(left).text))[0]
    told = client.get(why).text
    assert "does not hold" in told
    assert "found: 1" in told


def test_an_earlier_version_is_restored_and_a_used_one_is_not_removed(
    shop: Shop, client: httpx.Client
) -> None:
    shop.save_segment("first", OFTEN, title="One")
    shop.save_segment("first", 'ever("Order Completed")', about="wider")
    shop.save_segment("second", 'segment("first")')
    assert shop.segment_named("first").title == "One"
    try:
        refused = client.post("/segments/first/remove")
        assert (refused.status_code, "still used by: second (/segments/second" in refused.text) == (400, True)
        done = client.post("/segments/first/restore", data={"number": "1"})
        assert (done.status_code, done.headers["location"]) == (303, "/segments/first")
        assert (shop.segment_named("first").rule, shop.segment_named("first").number) == (OFTEN, 3)
        assert client.post("/segments/first/restore", data={"number": "9"}).status_code == 400
        assert client.post("/segments/second/remove").headers["location"] == "/segments"
    finally:
        for name in ("second", "first"):
            if any(one.id == name for one in shop.segments()):
                shop.remove_segment(name)


def test_a_segment_beside_others_and_beside_the_stages(shop: Shop, client: httpx.Client, often: str) -> None:
    page = html.unescape(client.get(f"/segments/{often}/beside").text)
    both = shop.segment(f'segment("{often}") and segment("buyers")').count(clock.now())
    assert f'<span class="num">{both:,}</span>' in page
    assert "100.0% of this segment" in page
    stages = page[page.index("in which stage") :]
    mix = [number(one) for one in re.findall(r'<span class="num">([\d,]+)</span>', stages)]
    assert sum(mix[:6]) == both


def test_what_is_no_segment_has_no_page(client: httpx.Client) -> None:
    for path in ("/segments/nobody", "/segments/x y", "/segments/nobody/customers.csv", "/segments/%00"):
        assert client.get(path).status_code == 404, path
    for path in ("/segments/buyers?by=week", "/segments/buyers/customers?start=x", "/segments/buyers/why"):
        assert client.get(path).status_code == 400, path


def test_what_sets_them_apart_is_what_more_of_them_have_and_nobodys_own(
    shop: Shop, client: httpx.Client
) -> None:
    shop.save_segment("french", 'trait.country == "FR" and ever("Order Completed")')
    try:
        page = html.unescape(client.get("/segments/french/beside").text)
    finally:
        shop.remove_segment("french")
    apart = page[page.index("What sets them apart") :]
    assert "Country: FR" in apart
    assert "100%" in apart
    assert not re.search("E-mail|Phone|First name|@", apart)

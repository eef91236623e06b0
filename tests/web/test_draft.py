"""The draft screen: what it foretells is what publishing does, and what is discarded leaves nothing."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import httpx
import pytest
from playwright.sync_api import Browser

from habitue.app import Settings, Shop
from habitue.demo.shop import parcels
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from tests.inside import BEARER, enter
from tests.web.conftest import served

HERE = "/stages/transactional/draft"


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a shop that nobody has changed."""
    directory, now = tmp_path_factory.mktemp("draft") / "shop", clock.now()
    with Shop.create(directory, Settings(demo=True)) as made:
        made.put(parcels(5, 80, until=now), now)
        made.refresh(now)
    return directory


@pytest.fixture
def small(stocked: Path, tmp_path: Path) -> Iterator[Shop]:
    """A shop of each test's own, for what is published stays so."""
    copytree(stocked, tmp_path / "shop")
    with Shop.open(tmp_path / "shop") as shop:
        yield shop


@pytest.fixture
def place(small: Shop) -> Iterator[str]:
    yield from served(small)


@pytest.fixture
def client(place: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=place, headers=BEARER, timeout=30) as client:
        yield client


def begun(client: httpx.Client, **fields: str) -> str:
    """The address of a new draft with these fields."""
    answer = client.post(HERE, data=fields)
    assert answer.status_code == 303
    return answer.headers["location"]


def figures(client: httpx.Client, draft: str) -> dict[tuple[str, str], tuple[float, float]]:
    rows = csv.DictReader(io.StringIO(client.get(f"{draft}/figures.csv").text))
    return {
        (row["month"], row["figure"]): (float(row["live"] or "nan"), float(row["draft"] or "nan"))
        for row in rows
    }


def test_a_draft_is_made_by_the_first_change_and_seen_by_whoever_has_its_address(
    client: httpx.Client, small: Shop
) -> None:
    assert client.post(HERE, data={"set.dormant": "90"}).headers["location"] == HERE
    draft = begun(client, **{"set.dormant": "30"})
    page = client.get(draft).text
    assert "Dormant after <s>90 days</s> → <b>30 days</b>" in page
    people = list(csv.DictReader(io.StringIO(client.get(f"{draft}/people.csv").text)))
    assert f'<p class="big">{len(people)}</p>' in client.get(draft).text
    assert people
    told = small.publish('id = "transactional"\nkind = "chabry6"\nsettings = {dormant = "30d"}', dry_run=True)
    assert len(people) == told.moved
    listed = client.get(f"{draft}/people?from=active&to=dormant").text
    assert re.findall(r"placed their last order more than 30 days ago", listed)
    person = re.findall(rf'href="{draft}/people/(\d+)"', listed)[0]
    assert client.get(f"{draft}/people/{person}").text.count('<svg class="band"') == 2
    client.post(HERE, data={"number": draft.rsplit("/", 1)[1], "act": "discard"})


def test_faults_stand_where_they_are_and_keep_it_from_being_published(client: httpx.Client) -> None:
    draft = begun(client, **{"set.lost": "1", "rule.dormant": 'days_since_last("Order Completed") >'})
    page = client.get(draft).text
    assert page.count('class="wrong"') == 1
    assert re.search(r'commandfor="publishing"[^>]* disabled|disabled[^>]* commandfor="publishing"', page)
    number = draft.rsplit("/", 1)[1]
    fields = {"rule.dormant": 'days_since_last("Order Completed") >', "number": number, "act": "publish"}
    assert client.post(HERE, data=fields).status_code == 400
    wrong = client.get(draft)
    assert "days_since_last(&#34;Order Completed&#34;) &gt;" in wrong.text
    assert client.get(f"{draft}/people").status_code == 400
    client.post(HERE, data={"number": number, "act": "discard"})


def test_a_stage_of_ones_own_is_tried_moved_and_taken_back(client: httpx.Client, small: Shop) -> None:
    rule = 'count("Order Completed") >= 3'
    new = {"more.name": "Big <b>", "more.canonical": "loyal", "more.rule": rule}
    draft = begun(client, act="more", **new)
    page = client.get(draft).text
    assert "Big &lt;b&gt; <b>new stage</b>" in page
    people = list(csv.DictReader(io.StringIO(client.get(f"{draft}/people.csv").text)))
    assert {row["stage_by_draft"] for row in people} == {"big-b"}
    assert len(people) == small.segment(rule).count()
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)"[^>]* value="([^"]*)"', page))
    form |= {"rule.big-b": rule, "new.big-b.name": "Big"}
    order = form["order"].split(",")
    for act in [f"down:{one}" for one in ["big-b"] * len(order)]:
        client.post(HERE, data=form | {"act": act})
        form["order"] = re.findall(r'name="order" value="([^"]*)"', client.get(draft).text)[0]
    assert form["order"].split(",") == [*order[1:], "big-b"]
    assert list(csv.DictReader(io.StringIO(client.get(f"{draft}/people.csv").text))) == []
    client.post(HERE, data=form | {"act": "out:active"})
    page = client.get(draft).text
    assert "Active customer <b>left out</b>" in page
    moved = list(csv.DictReader(io.StringIO(client.get(f"{draft}/people.csv").text)))
    assert {row["stage"] for row in moved} == {"active"}
    wrong = client.post(HERE, data={"number": form["number"], "act": "more", **new, "more.rule": ""})
    assert (wrong.status_code, "Write the rule of the new stage" in wrong.text) == (400, True)
    client.post(HERE, data={"number": form["number"], "act": "discard"})


def test_what_is_discarded_is_gone_and_leaves_nothing(client: httpx.Client, small: Shop) -> None:
    before = small.warehouse.read("SELECT count(*) FROM intervals").column(0)[0].as_py()
    draft = begun(client, **{"set.dormant": "45"})
    client.get(f"{draft}/people.csv")
    client.post(HERE, data={"number": draft.rsplit("/", 1)[1], "act": "discard"})
    gone = client.get(draft)
    assert (gone.status_code, "discarded" in gone.text) == (400, True)
    assert small.warehouse.read("SELECT count(*) FROM intervals").column(0)[0].as_py() == before
    assert len(small.versions("transactional")) == 1


def test_publishing_makes_the_figures_read_as_was_foretold(
    client: httpx.Client, small: Shop, browser: Browser, place: str
) -> None:
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    enter(context, small, place)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{place}{HERE}")
    page.get_by_label("Dormant after", exact=True).last.fill("40")
    page.keyboard.press("Tab")
    page.wait_for_selector(".verdict")
    page.wait_for_url(f"**{HERE}/*")
    draft = page.url.removeprefix(place)
    foretold = figures(client, draft)
    assert any(live != new for live, new in foretold.values())
    page.get_by_role("button", name="Publish…").click()
    asking = page.get_by_role("dialog")
    assert re.search(r"\d customers? stands? elsewhere.*can go back to it", asking.inner_text(), re.DOTALL)
    asking.get_by_role("button", name="Publish").click()
    page.get_by_text("Version 2 is live").wait_for()
    assert page.url == f"{place}/stages/transactional"
    context.close()
    assert errors == []

    small.refresh()
    live = small.model("transactional")
    assert (live.number, live.settings) == (2, {"dormant": "40d"})
    assert [deed.act for deed in small.deeds(1)] == ["publish"]
    assert small.drafts(live) == []
    found = figures(client, begun(client, **{"set.dormant": "41"}))
    months = sorted({month for month, _ in found})[:-1]  # this month still runs
    for (month, figure), (now, _) in found.items():
        if month in months:
            assert now == pytest.approx(foretold[month, figure][1], nan_ok=True), (month, figure)
    told = "SELECT count(*) FROM transition WHERE version = ?"
    assert small.warehouse.read(told, (live.version,)).column(0)[0].as_py() == 0


def form(client: httpx.Client, draft: str) -> dict[str, str]:
    """The fields of a draft's form, as they stand in it."""
    return dict(
        re.findall(r'<input[^>]* name="(set\.\w+|number|live)"[^>]* value="([^"]*)"', client.get(draft).text)
    )


def test_of_two_drafts_the_second_undoes_nothing_of_the_first_unseen(
    client: httpx.Client, small: Shop
) -> None:
    was = small.model("transactional")
    one, other = begun(client, **{"set.dormant": "70"}), begun(client, **{"set.lost": "500"})
    first, second = form(client, one), form(client, other)
    client.post(HERE, data=first | {"act": "publish"})
    live = small.model("transactional")
    assert live.settings == {**was.settings, "dormant": "70d"}
    assert f"Version {live.number} has gone live since this draft" in client.get(other).text
    stale = client.post(HERE, data=second | {"act": "publish"})
    assert (stale.status_code, f"Version {live.number} has gone live in the meantime" in stale.text) == (
        409,
        True,
    )
    assert small.model("transactional") == live
    again = form(client, other)
    assert (again["set.dormant"], again["set.lost"]) == ("70", "500")
    with pytest.raises(UserError, match="gone live in the meantime"):
        small.publish_draft(was, int(second["number"]), "eva", clock.now())
    client.post(HERE, data=again | {"act": "publish"})
    assert small.model("transactional").settings == {**was.settings, "dormant": "70d", "lost": "500d"}

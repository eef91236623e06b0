"""Broadcasts in the browser and over the API: put together in four steps, sent, held up, ended."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from habitue.app import Shop
from habitue.app.templates import Brand
from habitue.broadcasts.shape import Broadcast, Variant
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.people import profiles
from habitue.templates.shape import Template, Text
from habitue.templates.starters import starters
from tests.inside import BEARER, enter


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    headers = BEARER | {"accept-language": "en"}
    with httpx.Client(base_url=site, timeout=30, headers=headers, follow_redirects=True) as client:
        yield client


@pytest.fixture(scope="module", autouse=True)
def written(shop: Shop) -> None:
    """Two messages that are live, and what they say of the shop."""
    shop.name_brand(Brand("La Théière", "12 rue Austin, Lyon", "https://shop.example"), "ada", clock.now())
    for name in ("welcome", "winback"):
        shop.publish_template(starters()[name].named(name, "en"), "ada", clock.now())


def read(answer: httpx.Response, status: int = 200) -> str:
    assert answer.status_code == status, answer.text[:500]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_a_broadcast_is_put_together_step_by_step_and_sent(shop: Shop, client: httpx.Client) -> None:
    begun = client.post("/campaigns/new", data={"stage": "active"})
    assert begun.url.path == "/campaigns/active/edit"
    edit, here = "/campaigns/active/edit", "/campaigns/active"
    told = {"step": "audience", "name": "To buyers", "pick": 'segment("buyers")', "do": "next"}
    assert "Say what is sent: choose a template." in read(client.post(edit, data=told))
    message = {"step": "content", "channel": "email", "template.a": "welcome"}
    assert "Variant b" in read(client.post(edit, data=message | {"do": "more"}))
    test = {"template.b": "winback", "share": "30", "metric": "orders", "after": "soon", "unsure": "ask"}
    kept = client.post(edit, data=message | test | {"do": "look:b"})
    assert "“soon” is not a duration" in read(kept)
    assert client.post(edit, data=message | test | {"after": "2h", "do": "next"}).url.query == b"step=control"
    timed = {"step": "control", "when": "now", "count": "500", "per": "h", "holdout": "10", "do": "next"}
    last = client.post(edit, data=timed)
    assert last.url.query == b"step=send"
    assert "30% try the variants" in read(last)
    funnel = read(client.get(f"{here}/funnel?last=true", headers={"hx-request": "true"}))
    meant, gets = (int(re.findall(rf"{word} (\d+)", funnel)[0]) for word in ("Meant", "Get it"))
    assert 0 < gets < meant
    assert f"Send to {gets} customers" in funnel
    assert "No consent" in funnel
    sent = client.post(here, data={"do": "send"})
    assert "scheduled" in read(sent)
    shop.advance_broadcasts()
    assert "is going out" in read(client.get(here))
    assert "paused" in read(client.post(here, data={"do": "pause"}))
    resumed = client.post(here, data={"do": "resume"})
    assert "is going out" in read(resumed)
    assert "The broadcast goes on." in resumed.text
    assert client.get(edit).url.path == here
    assert "cancelled" in read(client.post(here, data={"do": "cancel"}))
    shop.advance_broadcasts()
    assert "Stopped" in read(client.get(here))
    assert re.search(r"/customers/\d+", client.get(f"{here}/people?what=skipped&guard=stopped").text)
    copied = client.post(here, data={"do": "copy"})
    assert copied.url.path == "/campaigns/active-2/edit"
    assert "The draft is gone." in read(client.post("/campaigns/active-2", data={"do": "drop"}))
    assert "To buyers" in read(client.get("/campaigns"))
    assert "To buyers" in read(
        client.get(f"/campaigns?month={clock.moment(clock.now(), 'Europe/Paris'):%Y-%m}")
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/campaigns/nothing", 404),
        ("/campaigns/nothing/edit", 404),
        ("/campaigns/nothing/funnel", 404),
        ("/campaigns/buyers/people?guard=nothing", 404),
        ("/campaigns?month=soon", 400),
    ],
)
def test_what_is_not_there_is_not_found(client: httpx.Client, path: str, status: int) -> None:
    assert client.get(path).status_code == status


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"step": "control", "holdout": "many", "do": "next"},
        {"step": "content", "do": "test:a", "to": "nobody"},
        {"step": "nothing", "do": "to:nothing"},
        {"step": "content", "do": "less:z"},
    ],
)
def test_no_form_breaks_the_editor(client: httpx.Client, told: dict[str, str]) -> None:
    assert client.post("/campaigns/buyers/edit", data=told).status_code in (200, 400)
    assert client.get("/campaigns/buyers/edit?step=content").status_code == 200


def test_programs_do_the_same(shop: Shop, client: httpx.Client) -> None:
    said = {"id": "by-api", "to": 'segment("buyers")', "variants": [{"id": "a", "template": "welcome"}]}
    assert client.post("/api/v1/broadcasts", json=said).json()["state"] == "draft"
    assert client.post("/api/v1/broadcasts", json=said | {"fast": True}).status_code == 400
    foreseen = client.get("/api/v1/broadcasts/by-api/funnel").json()
    lost = sum(one["customers"] for one in foreseen["lost"])
    assert foreseen["meant"] == foreseen["gets"] + lost + foreseen["excluded"]
    steer = "/api/v1/broadcasts/by-api"
    assert client.post(steer, json={"act": "pause"}).status_code == 400
    assert client.post(steer, json={"act": "send"}).json()["state"] == "scheduled"
    assert client.post(steer, json={"act": "recall"}).json()["state"] == "draft"
    client.post(steer, json={"act": "send"})
    shop.advance_broadcasts()
    going = client.get(steer).json()
    assert (going["recipients"], going["waiting"]) == (foreseen["meant"], 0)
    assert client.post(steer, json={"act": "cancel"}).json()["state"] == "cancelled"
    shop.advance_broadcasts()
    assert {one["reason"] for one in client.get(steer).json()["messages"]} == {"stopped"}
    assert client.delete(steer).status_code == 400
    listed = client.get("/api/v1/broadcasts").json()["broadcasts"]
    assert "by-api" in {one["broadcast"]["id"] for one in listed}


def test_one_confirmation_says_the_exact_number(browser: Browser, shop: Shop, site: str) -> None:
    context = browser.new_context(locale="en-GB")
    enter(context, shop, site)
    page = context.new_page()
    shop.copy_broadcast("buyers", "ada")
    page.goto(f"{site}/campaigns/buyers-2/edit?step=content")
    page.get_by_label("Message", exact=True).select_option("welcome")
    page.get_by_role("button", name="Save and go on").click()
    page.goto(f"{site}/campaigns/buyers-2/edit?step=send")
    gets = page.locator(".funnel .end b").inner_text()
    page.get_by_role("button", name="Send …").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"{gets} customers get it. It begins at once.")
    page.get_by_role("button", name=f"Send to {gets} customers").click()
    expect(page.locator("h1 + *, .pickers").first).to_contain_text("scheduled")
    context.close()
    shop.cancel_broadcast("buyers-2", "ada")


BODY = """<p>{{ customer.first_name }} {% if customer.country == "FR" %}{{ customer.city }}{% endif %}
{% if customer.phone %}{{ customer.phone }}{% endif %} {{ customer.city | default: "-" }}</p>"""


def test_who_lacks_a_value_that_the_message_needs_is_counted_before_it_goes(
    shop: Shop, client: httpx.Client
) -> None:
    texts = {
        "en": Text(BODY, "Hello {{ customer.last_name }}", form="html"),
        "fr": Text(BODY, "{% if customer.language == 'fr' %}{{ customer.city }}{% endif %}!", form="html"),
    }
    template = Template("lacking", texts, purpose="transactional")
    made = shop.publish_template(template, "ada", clock.now()).kept
    variants = (Variant("a", "lacking"),)
    one = Broadcast("lacking", "x", "trait.email != None", variants=variants, purpose="transactional")
    found = shop.broadcast_funnel(one)
    people = [*map(int, shop.segment("trait.email != None").persons(clock.now()))]
    press, lost = shop.presses.of(made.version), set[int]()
    for person, known in profiles.people(shop.warehouse, people).items():
        language = known.traits.get("language") or shop.settings.language
        try:
            press.fill(shop.given(known.traits, {}, {}), language)
        except UserError:
            lost.add(person)
    stopped = {one for guard, some in found.people.items() if guard != "template" for one in some}
    assert found.lost["template"] == len(lost - stopped) > 3
    assert found.gets == len({*people} - lost - stopped)
    assert {*found.people["template"]} <= lost
    shop.keep_broadcast(one, "ada")
    page = read(client.get("/campaigns/lacking/funnel"))
    assert (
        f"The message needs what is not known: {', '.join(found.lacking)} −{found.lost['template']}" in page
    )
    assert found.lacking[0] == "customer.city"
    shop.drop_broadcast("lacking", "ada")

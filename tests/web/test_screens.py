"""Every screen as an eye would see it: nothing cut, covered, too wide or too small, no untranslated word.

Each is seen in one combination of language, width and look; `python -m docs.screens FOLDER` sees them in all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from litestar.routes import HTTPRoute
from playwright.sync_api import Browser, Page, expect

from docs.screens import Eye, Look, Place, grouped, places
from habitue import server

LOOKS = (
    Look("fr", 390, "light"),
    Look("en", 1440, "dark"),
    Look("fr", 820, "dark"),
    Look("en", 390, "light"),
)
SPARED = re.compile(r"styleguide|api|act-(?!note)|.*-none|tasks-all|welcome-browser|palette$")
"""Much like another, or looked at by the test of accessibility."""
OUTSIDE, EMPTY = Look("fr", 820, "light"), Look("fr", 1440, "light")
CALLED = """key => {
    const it = document.activeElement;
    if (key === "Enter" && it.tagName === "INPUT") return "";
    return (it.ariaLabel ?? it.labels?.[0]?.innerText ?? it.innerText).trim();
}"""
APART = re.compile(
    r"/([vco]/|api/v1|static|metrics|oidc|overview/sales|habitue(-push|-inapp|-worker)?\.js|push\.json|segments/-|templates/-|exports/|data/rejected|stages/.*/people/)"
    r"|.*(\.csv|\.json|\.pdf|/progress|/timeline|/why|/beside|/arrived|/findings|/export)$"
)
"""Files, parts of pages, and ways that lead elsewhere."""


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Place]]:
    """A shop with something on every screen, and an empty one."""
    with places(tmp_path_factory.mktemp("screens"), 60) as found:
        yield found


@pytest.mark.long
def test_every_screen_looks_right(browser: Browser, full: list[Place]) -> None:
    shop, bare, down = full
    by_who = grouped(stop for stop in shop.stops if not SPARED.match(stop.name))
    inside, others = by_who.pop(""), list(by_who.values())
    rounds = [(shop, look, inside[turn :: len(LOOKS)]) for turn, look in enumerate(LOOKS)]
    rounds += [*((shop, OUTSIDE, some) for some in others), (bare, EMPTY, bare.stops[::2])]
    rounds += [(down, EMPTY, down.stops)]
    wrong = []
    with Eye(browser) as eye:
        for place, look, stops in rounds:
            eye.turn(place, look, stops[0].who)
            wrong += [(stop.name, look, fault) for stop in stops for fault in eye.see(stop, None)]
    assert not wrong, "\n".join(map(str, wrong))


def test_every_page_of_the_route_table_is_a_screen(full: list[Place]) -> None:
    tour = [stop.path.partition("?")[0] for place in full for stop in place.stops]
    unseen = []
    for route in server.create(full[0].shop).routes:
        if isinstance(route, HTTPRoute) and "GET" in route.methods and not APART.match(route.path):
            shape = re.compile(re.sub(r"\\{.*?\\}", "[^/]+", re.escape(route.path)))
            if not any(shape.fullmatch(path) for path in tour):
                unseen.append(route.path)
    assert unseen == []


def pressed(page: Page, name: str, key: str = "Enter", most: int = 60) -> None:
    """Tab on to what is called so, and press it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(CALLED, key).startswith(name):
            page.keyboard.press(key)
            return
    raise AssertionError(f"{name} can’t be reached")


def test_the_main_path_needs_no_mouse(browser: Browser, full: list[Place]) -> None:
    shop, url, _ = full[0]
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{url}/sign-in/{shop.first_link('a test')}")
    pressed(page, "Come in")
    page.wait_for_url(f"{url}/")
    pressed(page, "Skip to the content")
    pressed(page, "Active customers")
    page.wait_for_url("**/customers?**")
    count = int(re.findall(r"\d+", page.locator("#list .lead").inner_text())[0])
    assert page.locator("tbody th a").count() == min(count, 50)
    name = page.locator("tbody th a").first.inner_text()
    pressed(page, "Skip to the content")
    pressed(page, name)
    page.wait_for_url(re.compile(r"/customers/\d+"))
    expect(page.locator("h1")).to_contain_text(name)
    pressed(page, "Skip to the content")
    pressed(page, "Orders")
    page.wait_for_url("**kind=**")
    expect(page.locator("#history .timeline > li").first).to_contain_text("Order")
    page.keyboard.press("Control+k")
    page.keyboard.type("new segment")
    expect(page.get_by_role("option", selected=True)).to_have_text("New segment")
    page.keyboard.press("Enter")
    page.wait_for_url("**/segments/new")
    pressed(page, "Skip to the content")
    pressed(page, "Name", key="Shift")
    page.keyboard.type("Back again")
    pressed(page, "Add a condition")
    pressed(page, "Has done it so many times")
    expect(page.locator("#text")).to_have_value(re.compile("count"))
    expect(page.locator("#count .size b")).to_have_text(re.compile(r"\d+"))
    pressed(page, "Save")
    page.wait_for_url("**/segments/back-again")
    pressed(page, "Skip to the content")
    pressed(page, "List of customers")
    page.wait_for_url("**/segments/back-again/customers")
    expect(page.locator("tbody th a").first).to_be_visible()
    context.close()
    shop.remove_segment("back-again")

"""Every page of the route table, by day and by night: no violation of WCAG 2.2 AA, nothing fetched elsewhere,
no word in the console, and light enough to load."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Error, Page, Response, expect

from habitue.app import Shop
from tests.conftest import absent
from tests.inside import enter
from tests.project.tree import ROOT
from tests.web.test_pages import routes

AXE: Final = ROOT / "frontend/node_modules/axe-core/axe.min.js"
WCAG: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECK: Final = """async ([tags, rules]) => {
    const only = rules ? { type: "rule", values: rules } : { type: "tag", values: tags };
    const { violations } = await axe.run(document, { resultTypes: ["violations"], runOnly: only });
    const where = (nodes) => nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(" … ");
    return violations.map(({ id, nodes }) => `${id}: ${where(nodes)}`);
}"""
WEIGHT: Final = """() => ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""
KILOBYTE: Final = 1000
NONE: Final = re.compile(r"/(api/v1|static|metrics|segments/-)|.*\.(csv|json|js)\b")
"""What no page is at."""


@pytest.fixture(scope="module")
def tab(browser: Browser, shop: Shop, site: str) -> Iterator[Page]:
    """One tab for all pages; whatever it complains of is in `wrong` of the last test."""
    if not AXE.is_file():
        absent("axe-core", "python frontend/hook.py")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    enter(context, shop, site)
    yield context.new_page()
    context.close()


def opened(tab: Page, url: str) -> Response | None:
    """The answer, unless it is a file."""
    try:
        return tab.goto(url)
    except Error as error:
        if "Download is starting" not in error.message:
            raise
        return None


def test_every_page_is_accessible_by_day_and_by_night(tab: Page, shop: Shop, site: str) -> None:
    wrong, seen = list[Any](), set[str]()
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    tab.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(site) else None)
    for path in [*(one for one in routes(shop) if not NONE.match(one)), "/nothing"]:
        answer = opened(tab, site + path)
        if tab.url in seen or answer is None or "<!doctype html>" not in answer.text()[:200]:
            continue  # a part of a page, or one that leads to another
        seen.add(tab.url)
        for figure in tab.locator("figure[data-chart]").all():
            expect(figure.locator("svg path").first).to_be_attached()
        # The style guide shows each part twice, landmarks too.
        tags = WCAG if path == "/styleguide" else [*WCAG, "best-practice"]
        tab.evaluate(AXE.read_text())
        wrong += [(path, fault) for fault in tab.evaluate(CHECK, [tags, None])]
        tab.evaluate("document.documentElement.dataset.theme = 'dark'")
        wrong += [(path, "dark", fault) for fault in tab.evaluate(CHECK, [tags, ["color-contrast"]])]
    assert len(seen) > 20
    faults = [one for one in wrong if "Failed to load resource" not in one]  # of pages that say what is wrong
    assert not faults, "\n".join(map(str, faults))


def test_the_palette_and_the_menu_of_a_phone_are_accessible(tab: Page, site: str) -> None:
    tab.goto(f"{site}/stages")
    tab.evaluate(AXE.read_text())
    tab.keyboard.press("Control+k")
    expect(tab.get_by_role("option").first).to_be_visible()
    assert tab.evaluate(CHECK, [WCAG, None]) == []
    tab.keyboard.press("Escape")
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.locator(".under button").click()
    expect(tab.locator("#menu")).to_be_visible()
    assert tab.evaluate(CHECK, [WCAG, None]) == []
    tab.set_viewport_size({"width": 1280, "height": 900})


def test_the_choice_of_a_period_is_accessible(tab: Page, site: str) -> None:
    tab.goto(f"{site}/?period=30d")
    tab.get_by_role("button", name="Period").press("Enter")
    expect(tab.get_by_role("link", name="Last 30 days")).to_be_visible()
    tab.evaluate(AXE.read_text())
    assert tab.evaluate(CHECK, [WCAG, None]) == []
    tab.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert tab.evaluate(CHECK, [WCAG, ["color-contrast"]]) == []


@pytest.mark.parametrize(("path", "most"), [("/customers", 250), ("/", 600)])
def test_a_first_load_is_light(tab: Page, site: str, path: str, most: int) -> None:
    tab.goto(site + path, wait_until="networkidle")
    assert tab.evaluate(WEIGHT) < most * KILOBYTE

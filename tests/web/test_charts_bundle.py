"""The chart bundle in a real browser, under the page's own content policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.project.tree import ROOT

DIST = ROOT / "src/habitue/web/static/dist"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src data:"
HOME = "http://habitue.test/"
MARCH = [{"year": 2026, "month": 3}]
SPEC = {
    "width": 300,
    "height": 120,
    "data": {"values": [{"month": "2026-02-01", "people": 12000}, {"month": "2026-08-01", "people": 34000}]},
    "transform": [{"calculate": "datum.people / 2", "as": "half"}],
    "mark": "line",
    "encoding": {
        "x": {
            "field": "month",
            "type": "temporal",
            "axis": {"format": "%B", "values": MARCH},
        },
        "y": {"field": "half", "type": "quantitative", "axis": {"format": ",d", "values": [10000]}},
    },
}
Opened = Callable[[str, object], tuple[Page, list[str]]]


@pytest.fixture
def opened(browser: Browser) -> Opened:
    """A page in a language with one chart; with it, what went wrong there: refusals and stray requests."""

    def answer(language: str, spec: object) -> Callable[[Route], None]:
        html = (
            f'<!doctype html><html lang="{language}"><link rel="icon" href="data:,">'
            "<figure data-chart><div data-plot></div>"
            f'<script type="application/json">{json.dumps(spec)}</script></figure>'
            '<script type="module" src="/app.js"></script><script type="module" src="/charts.js"></script>'
        )

        def fulfil(route: Route) -> None:
            path = urlsplit(route.request.url).path
            body = html if path == "/" else (DIST / path[1:]).read_text()
            kind = "text/html; charset=utf-8" if path == "/" else "text/javascript; charset=utf-8"
            route.fulfill(body=body, content_type=kind, headers={"Content-Security-Policy": POLICY})

        return fulfil

    def visit(language: str, spec: object) -> tuple[Page, list[str]]:
        page = browser.new_page()
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: wrong.append(request.url) if HOME not in request.url else None)
        page.route("**/*", answer(language, spec))
        page.goto(HOME)
        return page, wrong

    return visit


@pytest.mark.parametrize(
    ("language", "month", "number"),
    [("en", "March", "10,000"), ("fr", "mars", "10\N{NARROW NO-BREAK SPACE}000")],
)
def test_a_chart_speaks_the_language_of_its_page(
    opened: Opened, language: str, month: str, number: str
) -> None:
    page, wrong = opened(language, SPEC)
    page.wait_for_selector("figure svg path")
    labels = page.locator("figure svg text").all_text_contents()
    assert month in labels
    assert number in labels
    assert wrong == []


def test_a_chart_loads_nothing_from_elsewhere(opened: Opened) -> None:
    page, wrong = opened("en", {"data": {"url": "http://elsewhere.test/data.json"}, "mark": "point"})
    page.wait_for_selector("figure svg")
    assert [text for text in wrong if text.startswith("http")] == []

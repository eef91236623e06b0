"""Takes a picture of every screen, to be looked at before a change is called done, and measures what an eye
would find wrong there: `python -m docs.screens FOLDER`.

A demo shop of its own, with something on each screen, and an empty one are served meanwhile. Each screen
comes in both languages, at three widths, by day and by night; what is wrong is printed, and then the exit
status is 1.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path
from threading import Thread
from typing import Literal, NamedTuple, Self, get_args

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from habitue import server
from habitue.api.door import Door
from habitue.api.meter import Meter
from habitue.api.wire import Wire
from habitue.app import Settings, Shop
from habitue.kernel import clock
from tests.conftest import FLAGS
from tests.inside import TOKEN, enter
from tests.web.tour import Stop, away, empty, faults, settle, stock, stops, unread

Theme = Literal["light", "dark"]
LANGUAGES = {"en": "en-GB", "fr": "fr-FR"}
WIDTHS = (390, 820, 1440)


class Place(NamedTuple):
    """A shop that is served, and the screens to be seen there."""

    shop: Shop
    url: str
    stops: list[Stop]


@contextmanager
def served(shop: Shop) -> Iterator[str]:
    """The address at which it is served, as `habitue serve` would: with the door for events."""
    counts = Meter()
    door = Door(server.create(shop, token=TOKEN, counts=counts), shop, clock.now, meter=counts)
    listening = server.listening("127.0.0.1", 18_200)
    running = uvicorn.Server(uvicorn.Config(door, http=Wire, log_level="critical", lifespan="off"))
    thread = Thread(target=running.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()
        door.close()


@contextmanager
def places(folder: Path, customers: int) -> Iterator[list[Place]]:
    """A full shop, an empty one, and one whose figures can't be read yet."""
    with ExitStack() as open_:
        full = open_.enter_context(Shop.create(folder / "full", Settings(demo=True)))
        bare, down = (
            open_.enter_context(Shop.create(folder / name, Settings())) for name in ("bare", "down")
        )
        stock(full, customers)
        bare.refresh()
        unread(down)
        urls = [open_.enter_context(served(shop)) for shop in (full, bare, down)]
        ways = (stops(full, urls[0]), empty(), away())
        yield [Place(*one) for one in zip((full, bare, down), urls, ways, strict=True)]


class Look(NamedTuple):
    """How a screen is looked at."""

    language: str
    width: int
    theme: Theme


class Eye:
    """One browser window, for all that is seen: what is loaded and compiled once stays so. Takes pictures,
    and keeps what was wrong by screen.
    """

    def __init__(self, browser: Browser) -> None:
        self.url, self.look, self.wrong = "", Look("en", 1440, "light"), list[str]()
        self.context = browser.new_context(reduced_motion="reduce")
        self.page = self._listening(self.context.new_page())

    def turn(self, place: Place, look: Look, who: str | None) -> None:
        """Look from here on at another place, otherwise or as somebody else.

        `who` is the secret of a session; empty is the owner, None is nobody known.
        """
        self.url, self.look = place.url, look
        self.context.clear_cookies()
        self.context.set_extra_http_headers({"accept-language": LANGUAGES[look.language]})
        self.page.emulate_media(color_scheme=look.theme)
        self.page.set_viewport_size({"width": look.width, "height": 900})
        if who is not None:
            enter(self.context, place.shop, place.url, who)

    def _listening(self, page: Page) -> Page:
        heard = self.wrong.append
        page.on("pageerror", lambda error: heard(f"error: {error}"))
        page.on(
            "console", lambda said: heard(f"console: {said.text}") if _matters(said.type, said.text) else None
        )
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith((self.url, "data:", "blob:")) else heard(f"asks {asked.url}")
            ),
        )
        return page

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def see(self, stop: Stop, picture: Path | None) -> list[str]:
        """Open it and take its picture; what is wrong there."""
        self.wrong.clear()
        self._go(self.url + stop.path)
        for field, text in stop.fill:
            self.page.locator(field).fill(text)
        for pressed in stop.press:
            self.page.locator(pressed).first.click()
        settle(self.page)
        found = [*faults(self.page, self.look.language), *self.wrong]
        if picture:
            self._take(picture)
        return found

    def _go(self, url: str) -> None:
        """Open it; a page that just goes on to another by itself may come between, once."""
        try:
            self.page.goto(url)
        except PlaywrightError as error:
            if "ERR_ABORTED" not in error.message:
                raise
            self.page.goto(url)

    def _take(self, picture: Path) -> None:
        """The whole page, with the menu as tall as it; of what lies above one, the window."""
        if self.page.locator(":popover-open, dialog[open]").count():
            self.page.screenshot(path=picture)
            return
        tall = max(900, self.page.evaluate("document.documentElement.scrollHeight"))
        self.page.set_viewport_size({"width": self.look.width, "height": tall})
        self.page.screenshot(path=picture, full_page=True)
        self.page.set_viewport_size({"width": self.look.width, "height": 900})


def _matters(kind: str, text: str) -> bool:
    return kind in ("error", "warning") and "Failed to load resource" not in text


def grouped(stops: Iterable[Stop]) -> dict[str | None, list[Stop]]:
    """The screens by who looks at them."""
    found: dict[str | None, list[Stop]] = {}
    for stop in stops:
        found.setdefault(stop.who, []).append(stop)
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--customers", type=int, default=3000)
    asked.add_argument("--only", default="", help="only screens whose names match this")
    asked.add_argument("--language", choices=LANGUAGES, action="append")
    asked.add_argument("--width", type=int, action="append")
    asked.add_argument("--theme", choices=get_args(Theme), action="append")
    wish = asked.parse_args()
    wish.folder.mkdir(parents=True, exist_ok=True)
    looks = [
        Look(*one)
        for one in product(wish.language or LANGUAGES, wish.width or WIDTHS, wish.theme or get_args(Theme))
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        places(Path(folder), wish.customers) as found,
        sync_playwright() as playwright,
    ):
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        taken, wrong = _all(browser, found, looks, wish.folder, wish.only)
        browser.close()
    for fault, where in sorted(wrong.items()):
        print(f"{fault}\n    {len(where)}: {', '.join(where[:4])}")
    print(f"{taken} pictures in {wish.folder}; {len(wrong)} faults")
    sys.exit(bool(wrong))


def _all(
    browser: Browser, found: list[Place], looks: list[Look], folder: Path, only: str
) -> tuple[int, dict[str, list[str]]]:
    """How many pictures were taken, and the faults, each with the pictures that have it."""
    taken, wrong = 0, defaultdict[str, list[str]](list)
    with Eye(browser) as eye:
        for place, look in product(found, looks):
            for who, chosen in grouped(one for one in place.stops if re.search(only, one.name)).items():
                eye.turn(place, look, who)
                for stop in chosen:
                    name = f"{stop.name}-{look.language}-{look.width}-{look.theme}"
                    for fault in eye.see(stop, folder / f"{name}.png"):
                        wrong[fault].append(name)
                    taken += 1
    return taken, wrong


if __name__ == "__main__":
    main()

"""Takes the README's pictures from the running demo shop, so that they can't lie: `make screenshots`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

HERE = Path(__file__).parent


@contextmanager
def demo() -> Iterator[str]:
    """The one-time link into a demo shop that is served while the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("habitue")), "demo", "--data", f"{folder}/shop"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            try:
                yield next(
                    found[0]
                    for line in server.stdout
                    if (found := re.search(r"http://\S+/sign-in/\S+", line))
                )
            finally:
                server.terminate()


def take(inside: BrowserContext, url: str, language: str) -> None:
    """The overview in one language, charts drawn, as `overview-<language>.png`."""
    page = inside.new_page()
    page.goto(f"{url}?lang={language}")
    for figure in page.locator("figure[data-chart]").all():
        figure.locator("svg").first.wait_for()
    page.screenshot(path=HERE / f"overview-{language}.png")
    page.close()


def main() -> None:
    with demo() as link, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        inside = browser.new_context(viewport={"width": 1360, "height": 900}, device_scale_factor=1.5)
        door = inside.new_page()
        door.goto(link)
        door.locator("form button").click()
        door.wait_for_load_state()
        for language in ("en", "fr"):
            take(inside, link.partition("sign-in")[0], language)
        browser.close()


if __name__ == "__main__":
    main()

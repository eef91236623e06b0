"""Pages while events wait, and while the working copy can't be read: they say so, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.api.door import NOW, Served, served, track

__all__ = ["served"]

PAGES = ("/", "/customers", "/customers/0", "/customers/0/timeline", "/customers.csv", "/stages")
STANDING = ("/api", "/nothing")
FRENCH = {"accept-language": "fr"}


def send(served: Served, *names: str) -> None:
    """Orders, by message id; what is sent is acknowledged or the test fails."""
    batch = [track(event="Order Completed", messageId=name, properties={"revenue": 10}) for name in names]
    assert served.post("batch", {"batch": batch}).json() == {"success": True}


def look(served: Served, path: str = "/", **headers: str) -> httpx.Response:
    return served.get(path, headers)


@contextmanager
def damaged(file: Path) -> Iterator[None]:
    """Every byte after the header is another."""
    with file.open("r+b") as content:
        content.seek(12_288)
        rest = content.read()
        content.seek(12_288)
        content.write(bytes(byte ^ 0xFF for byte in rest))
    yield


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process has it open."""
    code = f"import duckdb; c = duckdb.connect({str(file)!r}); print('open', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        yield
        other.stdin.close()


def test_every_page_says_what_has_waited_long_and_since_when(served: Served) -> None:
    send(served, "m1")
    served.shop.refresh(NOW)
    assert "to be counted" not in look(served).text
    send(served, "m2", "m3")
    for path in (*PAGES, *STANDING):
        page = look(served, path)
        if path != "/customers.csv":
            assert "2 events wait to be counted, the oldest since Nov 22, 2026, 3:48" in page.text, path
            assert "2 événements attendent d’être comptés" in look(served, path, **FRENCH).text, path
    served.shop.refresh(NOW)
    assert "to be counted" not in look(served).text


@pytest.mark.parametrize("harm", [damaged, locked])
def test_pages_say_that_the_working_copy_is_down_and_every_event_counts_once(
    served: Served, harm: Callable[[Path], AbstractContextManager[None]]
) -> None:
    send(served, *(f"m{n}" for n in range(500)))
    served.shop.refresh(NOW)
    served.shop.warehouse.checkpoint()
    served.shop.warehouse.close()
    with harm(served.shop.directory / "work.duckdb"):
        for path in PAGES:
            page = look(served, path, **FRENCH)
            assert (page.status_code, page.headers.get("retry-after")) == (503, "5"), path
            assert '<meta http-equiv="refresh" content="5">' in page.text
            assert "<h1>Un instant" in page.text
        answer = look(served, "/api/v1/overview")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["message"]
        send(served, "m1", "later", "later")
        assert "3 events are safe and wait to be counted" in look(served).text
        for path, status in (("/api", 200), ("/nowhere", 404)):
            page = look(served, path, **FRENCH)
            assert (page.status_code, "Les chiffres ne peuvent pas être lus" in page.text) == (status, True)
        assert "habitue_inbox_events 3" in look(served, "/metrics").text
    served.shop.refresh(NOW)
    assert len(served.events()) == 501
    for path in PAGES:
        assert look(served, path).status_code == 200, path
    assert "can’t be read" not in look(served, "/api").text + look(served, "/nowhere").text


def test_what_is_half_made_is_not_shown(served: Served) -> None:
    send(served, "m1")
    served.shop.refresh(NOW)
    served.shop.warehouse.damaged = True
    seen: dict[str, set[int]] = {}

    def told(step: str, _: int, __: int) -> None:
        seen.setdefault(step, set()).add(look(served, "/customers").status_code)
        send(served, step)

    send(served, "m2")
    served.shop.refresh(NOW, told)
    assert seen == {"Loading": {503}, "Folding": {503}}
    assert look(served, "/customers").status_code == 200
    assert len(served.events()) == 4


def test_a_rebuild_is_told_and_the_figures_stay_until_the_new_ones_are_there(served: Served) -> None:
    send(served, "m1")
    served.shop.refresh(NOW)
    pages: list[httpx.Response] = []
    steps: set[str] = set()

    def told(step: str, _: int, __: int) -> None:
        steps.add(step)
        send(served, f"during {step}")
        pages.append(look(served, "/customers?q=u1"))

    assert served.shop.rebuild(NOW, told).differing == ()
    assert {page.status_code for page in pages} == {200}
    assert all("1 person" in page.text for page in pages)
    assert "made again from all events" in pages[0].text
    after = look(served, "/customers?q=u1").text
    assert "made again from all events" not in after
    assert "Rebuilding" in steps
    assert len(served.events()) == 1 + len(steps)

"""What every room's tests may ask for."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Final, NoReturn
from uuid import uuid4

import httpx
import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from habitue.app import Shop
from habitue.store.warehouse import Warehouse
from tests import cradle as room
from tests import mould, postgres
from tests.cradle import Cradle

# Two busy cores make any deadline a coin toss; what is drawn stays free, so that runs differ.
settings.register_profile("habitue", deadline=None, print_blob=True)
settings.load_profile("habitue")


# A shell's background jobs ignore Ctrl-C, and so would whatever is started here to be stopped by it.
signal.signal(signal.SIGINT, signal.default_int_handler)


FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]
"""For Chromium: it draws without a screen, and asks nobody for news."""


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tiny shops gain nothing by threads of their database, and the workers share two cores."""
    unsaid = Warehouse.open.__kwdefaults__
    assert unsaid is not None
    assert unsaid["threads"] is None
    unsaid["threads"] = 1


@pytest.fixture(scope="session", autouse=True)
def certificates() -> Iterator[None]:
    """The system's are read once: httpx would for each call, which takes longer than to be answered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context))
        yield


@pytest.fixture(scope="session", autouse=True)
def moulds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """New stores are there at once."""
    with mould.cast(tmp_path_factory.mktemp("mould")):
        yield


@pytest.fixture(scope="session")
def cradle() -> Iterator[Cradle]:
    """What starts the program without loading it again."""
    with room.opened() as opened:
        yield opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the long tests out: each worker is given one run of the list."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("long")]
    short = iter([item for item in items if not item.get_closest_marker("long")])
    share = len(items) // workers
    files = [[*own] for _, own in groupby(long, lambda item: item.path)]  # which share what was made for them
    dealt = [[*chain(*files[n::workers])] for n in range(workers)]
    items[:] = [*chain(*([*own, *islice(short, max(share - len(own), 0))] for own in dealt)), *short]


def absent(program: str, mend: str) -> NoReturn:
    """Skip what a program is missing for; in CI that is a failure, lest nobody notice."""
    say = pytest.fail if "CI" in os.environ else pytest.skip
    say(f"{program} is not installed (on Debian: {mend})")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """A throw-away PostgreSQL; skipped where none is installed, but never in CI."""
    programs = postgres.programs()
    if programs is None:
        missing = (
            "PostgreSQL is not installed (Debian: apt install postgresql; macOS: brew install postgresql)"
        )
        if "CI" in os.environ:
            pytest.fail(missing)
        pytest.skip(missing)
    with postgres.server(programs) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def ops_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new operational database, once for each kind that Habitué runs on."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ops.sqlite'}"
    return mould.migrated(request.getfixturevalue("postgresql"), f"ops_{uuid4().hex}")


@pytest.fixture(params=["sqlite", "postgresql"])
def poured(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[mould.Make], Shop]:
    """Gives a shop as a function makes it (see `mould.shop`), once for each kind of database."""
    server = None if request.param == "sqlite" else request.getfixturevalue("postgresql")
    return lambda make: mould.shop(make, tmp_path / "shop", server)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless; skipped where none is installed, but never in CI."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        absent("Chromium", "apt install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


def pytest_collection_finish() -> None:
    """What is there by now stays: looking through it for garbage, again and again, would take a tenth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)

"""A working copy of `benchmarks.shop` served as people have it, over HTTP on loopback."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Final
from urllib.request import Request, urlopen

import numpy as np

from benchmarks.shop import NOW
from habitue.app import Settings, Shop
from habitue.kernel import clock
from habitue.server import serve

TOKEN: Final = "benchmark"
INSIDE: Final = {"Authorization": f"Bearer {TOKEN}"}
SEGMENT: Final = 'count("Order Completed", within="365d") >= 5'
FIRST: Final = 2020


@contextmanager
def served(path: Path, port: int, segment: bool = False) -> Iterator[str]:
    """The address of a copy of it, all folded; with one saved `segment`, `often`, if asked for.

    The clock goes on from the shop's own last day, so that who is about to leave is to be found.
    """
    began = clock.now()
    clock.now = lambda: NOW + time.time_ns() // 1000 - began
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # the server may still be writing
        place = Path(folder) / "shop"
        Shop.create(place, Settings("EUR", "UTC", "en"), now=NOW).close()
        shutil.copyfile(path, place / "work.duckdb")
        with Shop.open(place) as shop:
            with shop.warehouse.write() as writer:  # each has one key
                writer.run("INSERT INTO node SELECT person, 'user:' || person, birth FROM person")
            shop.refresh(NOW)
            if segment:
                shop.save_segment("often", SEGMENT, NOW)
            ready: Queue[str] = Queue()
            Thread(target=serve, args=(shop, "127.0.0.1", port, TOKEN, ready.put), daemon=True).start()
            yield ready.get()


def fetched(url: str) -> tuple[float, bytes]:
    """Seconds until the last byte of a page or file, and what came over the wire."""
    began = time.perf_counter()
    asked = Request(url, headers=INSIDE | {"Accept-Encoding": "gzip", "Accept": "text/html"})
    with urlopen(asked) as answer:
        body = answer.read()
    return time.perf_counter() - began, body


def pairs(dice: np.random.Generator) -> Iterator[str]:
    """Periods of 1, 3 or 12 months in the shop's three years, in any order and each once."""
    found = [(month, month - apart) for apart in (1, 3, 12) for month in range(apart, 36) if month < 36]
    for n in dice.permutation(len(found)):
        last, first = found[n][0], found[n][1] + 1
        yield f"?period={'..'.join(f'{FIRST + k // 12}-{k % 12 + 1:02d}' for k in (first, last))}"

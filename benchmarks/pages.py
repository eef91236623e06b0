"""`python -m benchmarks.pages [WORKING-COPY]`: the pages people open every morning, in a shop of 1 M people.

Each kind of page is asked for again and again, of other customers, months and lists each time, by one reader.
The target: 95 of 100 answers within 150 ms. Without a working copy (`benchmarks.shop` makes one) it is made
first: 1 M customers with 100 events each.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Final
from urllib.request import Request, urlopen

import numpy as np

from benchmarks.measure import INSIDE, TOKEN
from benchmarks.shop import NOW, make
from habitue.app import Settings, Shop
from habitue.server import serve

MILLION: Final = 1_000_000
TIMES: Final = 100
WANTED: Final = 0.150

Dice = np.random.Generator


def overviews(dice: Dice) -> Iterator[str]:
    """Two neighbouring months, some of them asked for before."""
    while True:
        month = int(dice.integers(2, 13))
        yield f"/?month=2022-{month:02d}&against=2022-{month - 1:02d}"


def lists(dice: Dice) -> Iterator[str]:
    """The first page of everybody, of a stage, of a move, and in another order."""
    ways = (
        "",
        "?stage=active",
        "?stage=dormant",
        "?from=active&to=dormant",
        "?sort=-orders",
        "?sort=-revenue",
    )
    while True:
        yield f"/customers{ways[dice.integers(len(ways))]}"


def searches(dice: Dice) -> Iterator[str]:
    """A customer by the beginning of a key."""
    while True:
        yield f"/customers?q={dice.integers(100, MILLION)}"


def people(dice: Dice) -> Iterator[str]:
    """A customer's page."""
    while True:
        yield f"/customers/{dice.integers(MILLION)}"


KINDS: Final[dict[str, Callable[[Dice], Iterator[str]]]] = {
    "overview": overviews,
    "list": lists,
    "search": searches,
    "customer": people,
}


def asked(base: str, kind: str) -> list[float]:
    """Seconds until the last byte of each answer."""
    took = []
    paths = KINDS[kind](np.random.default_rng(11))
    for path, _ in zip(paths, range(TIMES), strict=False):
        began = time.perf_counter()
        with urlopen(Request(base.rstrip("/") + path, headers=INSIDE | {"Accept": "text/html"})) as answer:
            answer.read()
        took.append(time.perf_counter() - began)
    return took


def main() -> None:
    with TemporaryDirectory() as folder:
        made = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "made.duckdb"
        if len(sys.argv) < 2:
            make(made, MILLION, 100)
        place = Path(folder) / "shop"
        Shop.create(place, Settings("EUR", "UTC", "en"), now=NOW).close()
        shutil.copyfile(made, place / "work.duckdb")
        with Shop.open(place) as shop:
            with shop.warehouse.write() as writer:  # each has one key
                writer.run("INSERT INTO node SELECT person, 'user:' || person, birth FROM person")
            shop.refresh(NOW)
            ready: Queue[str] = Queue()
            Thread(target=serve, args=(shop, "127.0.0.1", 8970, TOKEN, ready.put), daemon=True).start()
            base = ready.get()
            for kind in KINDS:
                took = np.array(asked(base, kind)) * 1000
                p50, p95 = np.quantile(took, (0.5, 0.95))
                word = "ok  " if p95 <= WANTED * 1000 else "MISS"
                print(
                    f"{word} {kind:<10} p50 {p50:6.0f} ms, p95 {p95:6.0f} ms, most {took.max():6.0f} ms",
                    flush=True,
                )


if __name__ == "__main__":
    main()

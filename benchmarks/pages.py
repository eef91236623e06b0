"""`python -m benchmarks.pages [WORKING-COPY]`: the pages people open every morning, in a shop of 1 M people.

Each kind of page is asked for again and again, of other customers, months and lists each time, by one reader.
The target: 95 of 100 answers within 150 ms. Without a working copy (`benchmarks.shop` makes one) it is made
first: 1 M customers with 100 events each.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from benchmarks.served import fetched, pairs, served
from benchmarks.shop import make

MILLION: Final = 1_000_000
TIMES: Final = 100
WANTED: Final = 0.150
REST: Final = 10.0
"""Seconds in which a server that has just begun reads what every page needs."""

Dice = np.random.Generator


def overviews(dice: Dice) -> Iterator[str]:
    """A period, never the same again."""
    return (f"/{pair}" for pair in pairs(dice))


def segments(dice: Dice) -> Iterator[str]:
    """The same of who is in a segment."""
    return (f"/{pair}&segment=often" for pair in pairs(dice))


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
    "of segment": segments,
    "list": lists,
    "search": searches,
    "customer": people,
}


def asked(base: str, kind: str) -> list[float]:
    """Seconds until the last byte of each answer."""
    paths = KINDS[kind](np.random.default_rng(11))
    return [fetched(base.rstrip("/") + path)[0] for path, _ in zip(paths, range(TIMES), strict=False)]


def main() -> None:
    with TemporaryDirectory() as folder:
        made = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "made.duckdb"
        if len(sys.argv) < 2:
            make(made, MILLION, 100)
        with served(made, 8970, segment=True) as base:
            print(f"first      {fetched(base)[0] * 1000:6.0f} ms, as the server begins to listen", flush=True)
            time.sleep(REST)
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

"""A steady stream over HTTP, from the request to the stage: how far behind the stages are, and the memory.

`python -m benchmarks.lag [SECONDS] [EVENTS A SECOND]`: the real server with its keeper, fed requests of 100
events at an even pace from the same machine; `/metrics` is read every second.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import sys
import time
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import httpx
import numpy as np
from numpy.typing import NDArray

from benchmarks.calls import EVENTS, Line, body
from habitue.app import Shop
from habitue.app.keeper import Keeper
from habitue.engine.sweep import ready as compiled
from habitue.kernel.thrift import thrifty
from habitue.server import serve

LINES: Final = 8
"""Connections that send in turn."""


LANES: Final = 1_000
STAY: Final = 12
"""Customers come by and do so many things, in half a minute at 40,000 a second: 100,000 are there at once,
3,300 come each second, a million in five minutes."""

_TEMPLATE: Final = np.frombuffer(body(0).replace(b'"customer-', b'"customer-0000000-'), np.uint8)


def _digits(mark: bytes, width: int) -> NDArray[np.int64]:
    """Where in the template the digits after each mark stand, one row for each event."""
    starts = [found.end() for found in re.finditer(re.escape(mark), _TEMPLATE.tobytes())]
    return np.array(starts)[:, None] + np.arange(width)


_MESSAGES: Final = _digits(b"node-", 12)
_CUSTOMERS: Final = _digits(b'"customer-', 7)
_DEVICES: Final = _digits(b'"anonymousId":"', 8)


class Sample(NamedTuple):
    """Seconds since the start, seconds the stages are behind, events that wait, and bytes in memory."""

    at: float
    lag: float
    waiting: float
    memory: int


def served(place: Path, ready: Any) -> None:
    thrifty()
    compiled()
    with Shop.open(place) as shop:
        keeper = Keeper(shop)
        keeper.start()
        serve(shop, port=9120, ready=ready.put, arrived=keeper.wake)


def request(number: int) -> bytes:
    """One act of a hundred customers each, on devices of their own; message ids that no other request has."""
    turn, lane = divmod(number, LANES)
    circle = lane + LANES * ((turn + lane % STAY) // STAY)
    mine = _TEMPLATE.copy()  # digits put in their places cost a hundredth of a document made anew
    for places, told in (
        (_MESSAGES, b"%012d" % number),
        (_CUSTOMERS, b"%07d" % circle),
        (_DEVICES, b"%08d" % circle),
    ):
        mine[places] = np.frombuffer(told, np.uint8)
    return mine.tobytes()


async def stream(port: int, key: str, rate: float, until: float) -> int:
    """Send evenly until then; how many events were acknowledged."""
    numbers = count()
    began, pace = time.perf_counter(), EVENTS / rate
    sent = 0

    async def line() -> None:
        nonlocal sent
        mine = await Line.open(port, key)
        while (due := began + (number := next(numbers)) * pace) < until:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await mine.post(request(number))
            sent += EVENTS
        mine.close()

    await asyncio.gather(*(line() for _ in range(LINES)))
    return sent


def sample(url: str, pid: int, at: float) -> Sample:
    told = dict(
        line.rsplit(" ", 1)
        for line in httpx.get(f"{url}/metrics", timeout=30).text.splitlines()
        if line[0] != "#"
    )
    status = Path(f"/proc/{pid}/status").read_text()
    memory = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) << 10  # type: ignore[index]
    return Sample(at, float(told["habitue_lag_seconds"]), float(told["habitue_inbox_events"]), memory)


def watched(url: str, pid: int, seconds: float, found: Any) -> None:
    samples, began = [], time.perf_counter()
    while (at := time.perf_counter() - began) < seconds:
        samples.append(sample(url, pid, at))
        time.sleep(1)
    found.put(samples)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    rate = float(sys.argv[2]) if len(sys.argv) > 2 else 40_000.0
    fresh = multiprocessing.get_context("spawn")
    with TemporaryDirectory() as folder:
        place = Path(folder) / "shop"
        with Shop.create(place) as shop:
            key = shop.add_source("bench").write_key
        ready, found = fresh.Queue(), fresh.Queue()
        server = fresh.Process(target=served, args=(place, ready))
        server.start()
        url = ready.get().rstrip("/")
        watcher = fresh.Process(target=watched, args=(url, server.pid, seconds, found))
        watcher.start()
        sent = asyncio.run(stream(httpx.URL(url).port or 80, key, rate, time.perf_counter() + seconds))
        samples: list[Sample] = found.get()
        ended = time.perf_counter()
        while (last := sample(url, server.pid or 0, 0)).waiting:
            time.sleep(0.2)
        caught = time.perf_counter() - ended
        server.terminate()
        server.join()
        with Shop.open(place) as shop:
            stored = shop.log.end()
    lags = np.array([one.lag for one in samples])
    print(f"{sent:,} events in {seconds:.0f} s ({sent / seconds:,.0f}/s), {stored:,} in the log")
    print(
        f"lag p50 {np.median(lags):.1f} s, p99 {np.quantile(lags, 0.99):.1f} s, most {lags.max():.1f} s; "
        f"caught up {caught:.1f} s after the end (target: ≤ 5 s)"
    )
    for minute in range(int(seconds // 60) + 1):
        part = [one.memory for one in samples if minute * 60 <= one.at < (minute + 1) * 60]
        if part:
            print(f"minute {minute + 1}: {np.median(part) / 1e6:,.0f} MB, most {max(part) / 1e6:,.0f} MB")
    print(f"at the end {last.memory / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()

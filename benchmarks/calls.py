"""Events over HTTP: how many a second are acknowledged durably, beside the same server throwing them away.

`python -m benchmarks.calls [SECONDS]`: server and load generator on the same machine, requests of 100 events
and about 45 KB over kept connections.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import sys
import time
from base64 import b64encode
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import uvicorn

from habitue.api.door import Door
from habitue.api.wire import Wire
from habitue.app import Shop
from habitue.ingest import inbox
from habitue.ingest.calls.intake import Arrival, Intake
from habitue.kernel import clock
from habitue.server import create, listening
from habitue.store.ops import Ops

EVENTS: Final = 100
LINES: Final = 24
"""Connections that send at once."""

_ACTS: Final = ("Product Viewed", "Product Added", "Page Viewed", "Order Completed")


class Nowhere(Intake):
    """Takes everything and keeps nothing."""

    def offer(self, arrival: Arrival) -> asyncio.Future[None] | None:  # noqa: ARG002
        told = asyncio.get_running_loop().create_future()
        told.set_result(None)
        return told


def serve(place: Path, keeping: bool, ready: Any) -> None:
    with Shop.open(place) as shop:
        door = Door(create(shop), shop, clock.now)
        if not keeping:
            door._intake = Nowhere(shop.ops)
        waiting = listening("127.0.0.1", 9100)
        ready.put(waiting.getsockname()[1])
        uvicorn.Server(uvicorn.Config(door, http=Wire, log_level="critical", lifespan="off")).run(
            sockets=[waiting]
        )


def body(number: int) -> bytes:
    """A request as an SDK makes it, with message ids that no other has."""
    events = [
        {
            "type": "track",
            "userId": f"customer-{(number * 7919 + n * 104_729) % 1_000_000}",
            "anonymousId": f"{number:08x}-1111-4222-8333-{n:012x}",
            "messageId": f"node-{number:012d}-{n:04d}-aaaaaaaa",
            "event": _ACTS[n % len(_ACTS)],
            "timestamp": "2026-11-22T14:48:00.123Z",
            "properties": {"product_id": f"p-{n}", "price": 12.5, "category": "Shoes", "revenue": 12.5},
            "context": {
                "library": {"name": "analytics-node", "version": "2.4.0"},
                "page": {"path": f"/products/{n}", "referrer": "https://search.example/"},
            },
        }
        for n in range(EVENTS)
    ]
    return json.dumps({"batch": events, "sentAt": "2026-11-22T14:48:01Z"}, separators=(",", ":")).encode()


class Line:
    """One kept connection of an SDK's, as cheap as can be: what it costs, the server lacks."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str) -> None:
        secret = b64encode(f"{key}:".encode())
        self._reader, self._writer = reader, writer
        self._head = b"POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic " + secret

    @classmethod
    async def open(cls, port: int, key: str) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", port), key)

    async def post(self, sent: bytes) -> None:
        """Send a request and wait until it is acknowledged; raises `RuntimeError` where it isn't."""
        self._writer.write(self._head + b"\r\nContent-Length: %d\r\n\r\n" % len(sent) + sent)
        status = await self._reader.readline()
        size = 0
        while (one := await self._reader.readline()) != b"\r\n":
            if one.lower().startswith(b"content-length:"):
                size = int(one.split(b":")[1])
        await self._reader.readexactly(size)
        if not status.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(status)

    def close(self) -> None:
        self._writer.close()


async def _line(port: int, key: str, numbers: Any, until: float, took: list[float]) -> None:
    line = await Line.open(port, key)
    template = body(0)
    while time.perf_counter() < until:
        # Eight digits in the place of the first request's: making each anew would cost more than the server.
        number = b"%012d" % next(numbers)
        sent = template.replace(b"node-000000000000", b"node-" + number)
        began = time.perf_counter()
        await line.post(sent)
        took.append(time.perf_counter() - began)
    line.close()


async def load(port: int, key: str, seconds: float) -> dict[str, float]:
    """Events acknowledged a second, and the 50th and 99th percentile of a request's time in ms."""
    took: list[float] = []
    began, numbers = time.perf_counter(), count()
    await asyncio.gather(*(_line(port, key, numbers, began + seconds, took) for _ in range(LINES)))
    passed = time.perf_counter() - began
    p50, p99 = np.percentile(took, [50, 99]) * 1000
    return {"rate": len(took) * EVENTS / passed, "p50": float(p50), "p99": float(p99), "requests": len(took)}


def measure(keeping: bool, seconds: float) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        place = Path(folder) / "shop"
        with Shop.create(place) as shop:
            key = shop.add_source("bench").write_key
        fresh = multiprocessing.get_context("spawn")
        ready = fresh.Queue()
        server = fresh.Process(target=serve, args=(place, keeping, ready))
        server.start()
        try:
            found = asyncio.run(load(ready.get(), key, seconds))
        finally:
            server.kill()
            server.join()
        if keeping:
            ops = Ops.open(place / "ops.sqlite")
            found["waiting"] = inbox.count(ops)
            ops.close()
        return found


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    print(f"{len(body(0)) / 1000:.0f} KB a request of {EVENTS} events, {LINES} connections, {seconds:.0f} s")
    thrown, kept = measure(False, seconds), measure(True, seconds)
    for name, found in (("thrown away", thrown), ("acknowledged", kept)):
        times = f"p50 {found['p50']:.0f} ms  p99 {found['p99']:.0f} ms"
        print(f"{name:<14}{found['rate']:>10,.0f} events/s  {times}")
    print(f"ratio {kept['rate'] / thrown['rate']:.2f} (target: ≥ 0.40; ≥ 150,000 events/s; p99 ≤ 100 ms)")
    print(f"of {kept['requests'] * EVENTS:,.0f} acknowledged, {kept['waiting']:,.0f} are in the inbox")


if __name__ == "__main__":
    main()

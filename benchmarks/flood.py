"""More than a server can take, for minutes: what it answers, how long that takes, and that its memory stays.

`python -m benchmarks.flood URL WRITE-KEY PID [SECONDS] [CONNECTIONS]` floods a running server, such as
one held to a processor and half a gigabyte: each connection sends 42 KB requests of 100 events, the next as
soon as one was answered, or after as long as it was told to wait.
"""

from __future__ import annotations

import asyncio
import sys
import time
from base64 import b64encode
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import numpy as np

from benchmarks.calls import EVENTS
from benchmarks.lag import Sample, request, sample

_END: Final = b"\r\n"


class Flood:
    """What was answered so far: by status, and how long each acceptance took."""

    def __init__(self, url: str, key: str) -> None:
        where = urlsplit(url)
        self.host, self.port = where.hostname or "127.0.0.1", where.port or 80
        secret = b64encode(f"{key}:".encode())
        self.head = b"POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic " + secret
        self.head += b"\r\nContent-Length: "
        self.numbers = count()
        self.statuses: Counter[str] = Counter()
        self.took: list[float] = []

    async def line(self, until: float) -> None:
        while time.perf_counter() < until:
            try:
                await self._connected(until)
            except (OSError, asyncio.IncompleteReadError):
                self.statuses["cut off"] += 1

    async def _connected(self, until: float) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            while time.perf_counter() < until:
                body = request(next(self.numbers))
                began = time.perf_counter()
                writer.write(self.head + b"%d\r\n\r\n" % len(body) + body)
                await writer.drain()
                status, wait = await self._answer(reader)
                self.statuses[status] += 1
                if status == "200":
                    self.took.append(time.perf_counter() - began)
                await asyncio.sleep(wait)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[str, float]:
        status = (await reader.readline()).split()
        if not status:
            raise ConnectionResetError
        size = wait = 0
        while (one := await reader.readline()) != _END:
            name, _, value = one.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
            wait = int(value) if name.lower() == b"retry-after" else wait
        await reader.readexactly(size)
        return status[1].decode(), wait


async def watch(url: str, pid: int, until: float) -> list[Sample]:
    began, found = time.perf_counter(), list[Sample]()
    while time.perf_counter() < until:
        await asyncio.sleep(2)
        found.append(await asyncio.to_thread(sample, url, pid, time.perf_counter() - began))
    return found


async def flooded(url: str, key: str, pid: int, seconds: float, lines: int) -> tuple[Flood, list[Sample]]:
    flood, until = Flood(url, key), time.perf_counter() + seconds
    watching = asyncio.create_task(watch(url, pid, until))
    await asyncio.gather(*(flood.line(until) for _ in range(lines)))
    return flood, await watching


def main() -> None:
    url, key, pid = sys.argv[1].rstrip("/"), sys.argv[2], int(sys.argv[3])
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 300.0
    lines = int(sys.argv[5]) if len(sys.argv) > 5 else 2_000
    flood, samples = asyncio.run(flooded(url, key, pid, seconds, lines))
    ended = time.perf_counter()
    p50, p99 = np.percentile(flood.took, [50, 99])
    print(dict(flood.statuses), f"{flood.statuses['200'] * EVENTS / seconds:,.0f} events/s acknowledged")
    print(f"an acceptance took p50 {p50:.2f} s, p99 {p99:.2f} s")
    for minute in range(int(seconds // 60) + 1):
        part = [one.memory for one in samples if minute * 60 <= one.at < (minute + 1) * 60]
        if part:
            print(f"minute {minute + 1}: {np.median(part) / 1e6:,.0f} MB, most {max(part) / 1e6:,.0f} MB")
    while (took := httpx.get(f"{url}/api/v1/health", timeout=60)).elapsed.total_seconds() > 0.1:
        time.sleep(0.5)
    quick = took.elapsed.total_seconds() * 1000
    print(f"answers in {quick:.0f} ms again {time.perf_counter() - ended:.1f} s after")
    while (last := sample(url, pid, 0)).waiting:
        time.sleep(1)
    print(
        f"caught up {time.perf_counter() - ended:.0f} s after, {last.memory / 1e6:,.0f} MB; "
        f"peak {Path(f'/proc/{pid}/status').read_text().split('VmHWM:')[1].split()[0]} kB"
    )


if __name__ == "__main__":
    main()

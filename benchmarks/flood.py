"""More than a server can take, for minutes: what it answers, how long that takes, and that its memory stays.

`python -m benchmarks.flood [SECONDS] [CONNECTIONS] [MB]`: a server of its own, held to that much memory and
one processor (Linux, as root). Each connection sends 45 KB requests of 100 events, the next as soon as one
was answered, or after as long as it was told to wait. Then the server is ended, and each event that was
acknowledged is looked for in the log.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from base64 import b64encode
from collections import Counter
from hashlib import blake2b
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlsplit

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.calls import EVENTS
from benchmarks.held import Fence, served
from benchmarks.lag import Sample, request, sample
from habitue.app import Shop

SOURCE: Final = "bench"
_END: Final = b"\r\n"


class Flood:
    """What was answered so far: by status, how long each acceptance took, and which were accepted."""

    def __init__(self, url: str, key: str) -> None:
        where = urlsplit(url)
        self.host, self.port = where.hostname or "127.0.0.1", where.port or 80
        secret = b64encode(f"{key}:".encode())
        self.head = b"POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic " + secret
        self.head += b"\r\nContent-Length: "
        self.numbers = count()
        self.statuses: Counter[str] = Counter()
        self.took: list[float] = []
        self.taken: list[int] = []
        self.mute = 0
        """Refusals that didn't say how long to wait."""

    async def line(self, until: float) -> None:
        while time.perf_counter() < until:
            try:
                await self._connected(until)
            except (OSError, asyncio.IncompleteReadError):
                self.statuses["cut off"] += 1
                await asyncio.sleep(1)

    async def _connected(self, until: float) -> None:
        wait = 0.0
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            while time.perf_counter() < until:
                number = next(self.numbers)
                body = request(number)
                began = time.perf_counter()
                writer.write(self.head + b"%d\r\n\r\n" % len(body) + body)
                await writer.drain()
                status, wait = await self._answer(reader)
                self.statuses[status] += 1
                if status == "200":
                    self.took.append(time.perf_counter() - began)
                    self.taken.append(number)
                elif not wait:
                    self.mute += 1
                if wait:  # longer, perhaps, than the server keeps a connection that says nothing
                    break
        finally:
            writer.close()
        await asyncio.sleep(wait)

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


def held(pid: int, name: str = "RssAnon") -> int:
    """Bytes of its own: what it maps of libraries counts once for all who map them, and goes when needed."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(f"{name}:")[1].split()[0]) << 10


async def watch(url: str, pid: int, until: float) -> list[Sample]:
    began, found = time.perf_counter(), list[Sample]()
    while time.perf_counter() < until:
        await asyncio.sleep(2)
        try:
            one = await asyncio.to_thread(sample, url, pid, time.perf_counter() - began)
            found.append(one._replace(memory=held(pid)))
        except (httpx.HTTPError, OSError) as error:
            print(f"no answer after {time.perf_counter() - began:.0f} s: {error!r}", flush=True)
    return found


async def flooded(url: str, key: str, pid: int, seconds: float, lines: int) -> tuple[Flood, list[Sample]]:
    flood, until = Flood(url, key), time.perf_counter() + seconds
    watching = asyncio.create_task(watch(url, pid, until))
    await asyncio.gather(*(flood.line(until) for _ in range(lines)))
    return flood, await watching


def lost(place: Path, taken: list[int]) -> int:
    """How many events of these requests are neither in the log nor in the inbox, which opening empties."""
    with Shop.open(place) as shop:
        told = pc.unique(
            pa.chunked_array([part["id"].combine_chunks().cast(pa.binary()) for part in shop.log.read()])
        )
    missing = 0
    for start in range(0, len(taken), 1_000):
        wanted = [
            blake2b(f"{SOURCE}\0node-{number:012d}-{n:04d}-aaaaaaaa".encode(), digest_size=16).digest()
            for number in taken[start : start + 1_000]
            for n in range(EVENTS)
        ]
        missing += pc.sum(pc.invert(pc.is_in(pa.array(wanted, pa.binary()), value_set=told))).as_py()
    return missing


def _address(place: Path) -> str:
    said = place.with_suffix(".txt")
    while not (found := re.search(r"http://[\d.]+:\d+", said.read_text())):
        time.sleep(0.2)
    return found[0]


def _tell(flood: Flood, samples: list[Sample], seconds: float) -> None:
    p50, p99 = np.percentile(flood.took, [50, 99])
    print(dict(flood.statuses), f"{flood.statuses['200'] * EVENTS / seconds:,.0f} events/s acknowledged")
    print(f"an acceptance took p50 {p50:.2f} s, p99 {p99:.2f} s, most {max(flood.took):.2f} s")
    print(f"refusals that don't say how long to wait: {flood.mute}")
    for minute in range(int(seconds // 60) + 1):
        part = [one for one in samples if minute * 60 <= one.at < (minute + 1) * 60]
        if part:
            memory = [one.memory for one in part]
            behind, waits = max(one.lag for one in part), max(one.waiting for one in part)
            print(
                f"minute {minute + 1}: {np.median(memory) / 1e6:,.0f} MB, most {max(memory) / 1e6:,.0f} MB; "
                f"{behind:.0f} s behind, {waits:,.0f} events wait"
            )


def _after(url: str, pid: int) -> None:
    ended = time.perf_counter()
    while (took := httpx.get(f"{url}/api/v1/health", timeout=60)).elapsed.total_seconds() > 0.1:
        time.sleep(0.5)
    quick = took.elapsed.total_seconds() * 1000
    print(f"answers in {quick:.0f} ms again {time.perf_counter() - ended:.1f} s after")
    while (last := sample(url, pid, 0)).waiting:
        time.sleep(1)
    print(
        f"caught up {time.perf_counter() - ended:.0f} s after, {held(pid) / 1e6:,.0f} MB; "
        f"with libraries {last.memory / 1e6:,.0f} MB, at most {held(pid, 'VmHWM') / 1e6:,.0f} MB"
    )


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    memory = int(sys.argv[3]) if len(sys.argv) > 3 else 512
    with TemporaryDirectory() as folder, Fence(memory << 20) as fence:
        place = Path(folder) / "shop"
        with Shop.create(place) as shop:
            key = shop.add_source(SOURCE).write_key
        with served(place, 9130, fence) as server:
            url = _address(place)
            time.sleep(5)
            print(f"idle {held(server.pid) / 1e6:,.0f} MB of {memory} MiB", flush=True)
            flood, samples = asyncio.run(flooded(url, key, server.pid, seconds, lines))
            _tell(flood, samples, seconds)
            if server.poll() is None:
                _after(url, server.pid)
            print(f"ended for want of memory: {fence.killed()}; its end: {server.poll()}")
        print(f"of {len(flood.taken) * EVENTS:,} events acknowledged {lost(place, flood.taken):,} are lost")
        print(place.with_suffix(".txt").read_text()[-2000:])


if __name__ == "__main__":
    main()

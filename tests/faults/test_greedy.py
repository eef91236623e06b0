"""Requests made to eat the server's memory: refused, and it stays as it was."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from habitue.app import Shop
from tests.cli.conftest import PROGRAM
from tests.cradle import environment

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")

MOST = 50 << 20
"""The bytes by which it may grow."""


class Server(NamedTuple):
    pid: int
    port: int
    key: str

    def peak(self) -> int:
        """The most bytes that it ever had in memory."""
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found
        return int(found[1]) << 10

    def post(self, body: bytes, **headers: str) -> int:
        url = f"http://127.0.0.1:{self.port}/v1/batch"
        return httpx.post(url, content=body, headers=headers, auth=(self.key, ""), timeout=60).status_code

    def dial(self, said: bytes) -> socket.socket:
        one = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        one.sendall(said)
        return one


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Shop.create(tmp_path / "shop") as shop:
        key = shop.add_source("shop").write_key
    # Loaded as its users load it: how its allocators give back is what this is about.
    words = [*PROGRAM, "serve", "--data", str(tmp_path / "shop"), "--port", "8960"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout
        address = re.search(r":(\d+)/", process.stdout.readline())
        assert address
        one = Server(process.pid, int(address[1]), key)
        for _ in range(20):  # its own memory first: what it loads, and what it keeps for requests
            assert one.post(json.dumps({"batch": [{"type": "x"}] * 2_000}).encode()) == 200
        yield one
        process.kill()


def bomb(size: int) -> bytes:
    """Zeros, as many bytes as said, packed a thousand times smaller."""
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join([*parts, packer.flush()])


def test_whatever_is_sent_the_server_s_memory_stays(server: Server) -> None:
    packed = bomb(256 << 20)
    before = server.peak()
    for _ in range(10):
        assert server.post(packed, **{"content-encoding": "gzip"}) == 400
        assert server.post(b"[" * 1_000_000) == 400
        assert server.post(b'{"batch":[' + b'{"a":' * 500_000) == 400
    with suppress(httpx.TransportError):  # it hangs up on what it has refused
        assert server.post(b"x" * (100 << 20)) == 400
    with (
        suppress(OSError),
        server.dial(b"POST /v1/batch HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n") as one,
    ):
        for _ in range(100):
            one.sendall(b"100000\r\n" + b"x" * (1 << 20) + b"\r\n")
    with suppress(OSError), server.dial(b"POST /v1/batch HTTP/1.1\r\nX-A: ") as one:
        for _ in range(100):
            one.sendall(b"x" * (1 << 20))
    with ExitStack() as held:
        for _ in range(1_000):
            held.enter_context(server.dial(b""))
        for _ in range(200):
            held.enter_context(
                server.dial(b"POST /v1/batch HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 60_000)
            )
        assert server.post(b'{"batch":[]}') == 200
    grown = server.peak() - before
    print(f"grown by {grown / 2**20:.1f} MB from {before / 2**20:.0f}", file=sys.stderr)
    assert grown < MOST

"""What is freed goes back to the system."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pytest

from habitue.kernel.thrift import thrifty


def _held() -> int:
    return int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0]) >> 10


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told so by Linux alone")
def test_what_is_freed_goes_back() -> None:
    before = pa.default_memory_pool()
    try:
        thrifty()
        assert pa.default_memory_pool().backend_name == "system"
        bare = _held()
        parts = [b"x" * (34 << 20) for _ in range(3)]
        buffers = [pa.allocate_buffer(200 << 10) for _ in range(10)]
        assert pa.total_allocated_bytes() >= 10 * (200 << 10)
        assert _held() > bare + 100
        del parts, buffers
        assert _held() < bare + 16
    finally:
        pa.set_memory_pool(before)

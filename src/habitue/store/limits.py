"""How much of the machine the working copy may take."""

from __future__ import annotations

from typing import Final

from habitue.kernel import machine

REST: Final = 416 << 20
"""Bytes that the rest of the process takes, whatever DuckDB does."""

LEAST: Final = 96 << 20
"""And so many DuckDB has in any case."""

_SPARING: Final = {
    "threads": "1",
    "write_buffer_row_group_count": "1",
    "allocator_flush_threshold": "4MB",
    "allocator_bulk_deallocation_flush_threshold": "4MB",
}
"""Where memory is short: each thread has buffers of its own, and what is freed goes back to the system."""


def limits(threads: int | None = None, memory: str | None = None) -> dict[str, str]:
    """DuckDB's settings on this machine, where nothing else is said."""
    found = {"memory_limit": share(machine.memory()), **(_SPARING if machine.small() else {})}
    said = {"threads": threads, "memory_limit": memory}
    return found | {name: str(value) for name, value in said.items() if value is not None}


def share(memory: int) -> str:
    """DuckDB's limit on a machine with so many bytes: half of what it takes when it has that to itself."""
    return f"{max(LEAST, min(memory * 2 // 5, memory - REST)) >> 20}MiB"

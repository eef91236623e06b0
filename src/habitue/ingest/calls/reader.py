"""Reads stored requests in a process of its own: where many come in, the server's has its hands full.

Started as a program, this page is that process.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from habitue.ingest.calls import rows
from habitue.ingest.calls.rows import Asked, Taken
from habitue.kernel import machine
from habitue.kernel.child import Child, Gone, answer

MUCH: Final = 1 << 20
"""Bytes of requests; less is read sooner than it is handed over."""

_LOG: Final = logging.getLogger("habitue")


class Reader:
    """Reads as `rows.read` does; the process is begun when there is first much to read. For one thread."""

    def __init__(self) -> None:
        self._child = Child(__name__)

    def __call__(self, asked: Sequence[Asked]) -> Taken:
        if not self._worth(asked):
            return rows.read(asked)
        try:
            body, places, dead = self._child.ask(list(asked))
        except Gone as error:
            _LOG.warning("The process that reads requests is gone (%s); another takes its place.", error)
            return rows.read(asked)
        return Taken(pa.ipc.open_stream(body).read_all(), places, dead)

    def close(self) -> None:
        """End the process."""
        self._child.close()

    def _worth(self, asked: Sequence[Asked]) -> bool:
        """Where memory is short, there is none for a second process."""
        return not machine.small() and sum(len(one.body) for one in asked) >= MUCH


def _read(asked: Sequence[Asked]) -> tuple[bytes, Any, Any]:
    taken = rows.read(asked)
    return _packed(taken.table).to_pybytes(), taken.places, taken.dead


def _packed(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


if __name__ == "__main__":
    answer(_read)

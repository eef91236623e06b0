"""Reads stored requests in a process of its own: where many come in, the server's has its hands full.

Started as a program, this page is that process: it answers, in pickles, until its input ends.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any, Final

import pyarrow as pa

from habitue.ingest.calls import rows
from habitue.ingest.calls.rows import Asked, Taken
from habitue.kernel import machine

MUCH: Final = 1 << 20
"""Bytes of requests; less is read sooner than it is handed over."""

_LOG: Final = logging.getLogger("habitue")


class Reader:
    """Reads as `rows.read` does; the process is begun when there is first much to read. For one thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self, asked: Sequence[Asked]) -> Taken:
        if not self._worth(asked):
            return rows.read(asked)
        try:
            return self._beside(asked)
        except (OSError, EOFError, pickle.UnpicklingError) as error:  # it was ended, perhaps for its memory
            _LOG.warning("The process that reads requests is gone (%r); another takes its place.", error)
            self.close()
            return rows.read(asked)

    def _worth(self, asked: Sequence[Asked]) -> bool:
        """Where memory is short, there is none for a second process."""
        return not machine.small() and sum(len(one.body) for one in asked) >= MUCH

    def _beside(self, asked: Sequence[Asked]) -> Taken:
        process = self._process = self._process or _begun()
        assert process.stdin is not None
        assert process.stdout is not None
        _send(process.stdin, list(asked))
        body, places, dead = pickle.load(process.stdout)
        return Taken(pa.ipc.open_stream(body).read_all(), places, dead)

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]  # it was begun with one
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]  # likewise


def _begun() -> subprocess.Popen[bytes]:
    """Ctrl-C is for the server, which ends this process in its turn; one that is killed ends its input."""
    return subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def _send(to: IO[bytes], what: Any) -> None:
    pickle.dump(what, to, pickle.HIGHEST_PROTOCOL)
    to.flush()


def _packed(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def main() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed goes where errors go
    with suppress(EOFError, BrokenPipeError):
        while True:
            taken = rows.read(pickle.load(sys.stdin.buffer))
            _send(answers, (_packed(taken.table).to_pybytes(), taken.places, taken.dead))


if __name__ == "__main__":
    main()

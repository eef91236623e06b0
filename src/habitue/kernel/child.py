"""A process of our own beside this one, for work that other cores are to do: it answers what it is sent.

Both speak in pickles. The page that says what is answered is started as a program, which calls `answer`.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any


class Gone(Exception):
    """The process was ended, perhaps for its memory; the next question begins another."""


class Child:
    """The `process` of a module, begun when it is first asked. For one thread at a time."""

    def __init__(self, module: str) -> None:
        self._module = module
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, what: Any) -> Any:
        """Its answer. Raises `Gone`."""
        process = self.process = self.process or self._begun()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            _send(process.stdin, what)
            return pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            self.close()
            raise Gone(repr(error)) from error

    def close(self) -> None:
        """End it; who asks again begins it again."""
        process, self.process = self.process, None
        if process is None:
            return
        with suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]  # it was begun with one
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]  # likewise

    def _begun(self) -> subprocess.Popen[bytes]:
        """Ctrl-C is for the server, which ends it in its turn; that one is killed ends its input."""
        return subprocess.Popen(
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )


def answer(asked: Callable[[Any], Any]) -> None:
    """Be such a process: answer until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed goes where errors go
    with suppress(EOFError, BrokenPipeError):
        while True:
            _send(answers, asked(pickle.load(sys.stdin.buffer)))


def _send(to: IO[bytes], what: Any) -> None:
    pickle.dump(what, to, pickle.HIGHEST_PROTOCOL)
    to.flush()

"""The command line: `habitue` and its verbs."""

import atexit
import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from importlib.abc import MetaPathFinder
from typing import Final, NoReturn

_GARBAGE: Final = (50_000, 20, 50)
"""What is loaded stays: looking for garbage in it every 700 objects takes a fifth of the start."""


def main() -> None:
    """The `habitue` command; Ctrl-C ends it quietly even while it loads."""
    gc.set_threshold(*_GARBAGE)
    python = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if python:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.meta_path.insert(0, _Without())
    from habitue.cli.program import run  # noqa: PLC0415  Ctrl-C while it loads is quiet too

    if python:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    _leave(run(sys.argv[1:]))


class _Without(MetaPathFinder):
    """No verb asks for pandas, yet pyarrow would load it where it is installed: a seventh of the start."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("the command line does without pandas")


def _leave(status: int) -> NoReturn:
    """End at once: all that counts is on the disk, and taking down what is loaded is a third of a short verb.

    Where threads still read for somebody who has gone, Python would also cut them off in the middle of the
    database's own code, which aborts the whole process.
    """
    if not any(_awaited(thread) for thread in threading.enumerate()):
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)
    sys.exit(status)


def _awaited(thread: threading.Thread) -> bool:
    return not thread.daemon and thread is not threading.main_thread()

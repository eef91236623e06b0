"""The program started without being loaded again: a process that has loaded all of it forks itself.

What is forked is what its users start: `python -m habitue` in a process with a number, streams, environment
and directory of its own, under the signals that every start finds. That takes a fifth of a start.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from socket import recv_fds, send_fds, socket, socketpair
from subprocess import PIPE, STDOUT
from typing import IO, Any, Final, TypeAlias

Word: TypeAlias = str | Path | bytes

LOADED: Final = ("habitue.cli.verbs", "habitue.cli.local", "habitue.server", "tests.faults.driver")
"""With all that they import, before anything is begotten: none of them opens a file or starts a thread."""

OPEN: Final = 1 << 10
"""More than the streams and sockets that a cradle has open."""


def environment(**more: str) -> dict[str, str]:
    """This process's, without what would choose a language, a workspace or a width."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("HABITUE", "LC_", "LANG", "COLUMNS"))}
    own.pop("PYTHONUNBUFFERED", None)
    return own | {"LANG": "C.UTF-8", "PYTHONUTF8": "1"} | more


STREAMS: Final = (
    ("stdin", 0, "r", "surrogateescape", -1),
    ("stdout", 1, "w", "surrogateescape", -1),
    ("stderr", 2, "w", "backslashreplace", 1),
)
"""As Python makes them: name, number, mode, what becomes of strange bytes, and how much is held back."""


class Running:
    """A process that was begotten, as `subprocess.Popen` shows one."""

    def __init__(self, words: list[str], pid: int, end: IO[bytes], ours: list[IO[str] | None]) -> None:
        self.words, self.pid, self._end = words, pid, end
        self.stdin, self.stdout, self.stderr = ours
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status, the negative of a signal that killed it; None while it runs."""
        if self.returncode is None and select.select([self._end], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The same once it has ended; raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            if not select.select([self._end], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.words, timeout or 0)
            with self._end:
                self.returncode = int(self._end.readline())
        return self.returncode

    def until(self, seen: Callable[[], bool]) -> None:
        """Wait until that is so, or it has ended."""
        while not seen() and not select.select([self._end], [], [], 0.002)[0]:
            pass

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end and give all that it has said since; raises `subprocess.TimeoutExpired`."""
        with ThreadPoolExecutor(2) as pool:
            said = [pool.submit(one.read) if one and not one.closed else None for one in self._said()]
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        out, err = (one.result() if one else "" for one in said)
        self.close()
        return out, err

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Wait for its end and let go of its streams."""
        for stream in (self.stdin, *self._said()):
            if stream:
                stream.close()
        self.wait()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed:
            self.kill()
        self.close()

    def _said(self) -> tuple[IO[str] | None, IO[str] | None]:
        return self.stdout, self.stderr


class Cradle:
    """What begets processes, one order at a time."""

    def __init__(self, line: socket) -> None:
        self._line = line

    def start(
        self,
        *words: Word,
        env: dict[str, str] | None = None,
        module: str = "habitue",
        cwd: Path | None = None,
        stdin: int | None = None,
        stdout: int | None = PIPE,
        stderr: int | None = PIPE,
    ) -> Running:
        """`python -m module words` in that environment; the streams are given as for `subprocess.Popen`."""
        said = [os.fsdecode(word) for word in words]
        place = str((cwd or Path()).absolute())
        order = {"module": module, "words": said, "env": env or environment(), "cwd": place}
        end, told = os.pipe()
        with ExitStack() as theirs:
            theirs.callback(os.close, told)
            ours, ends = _streams((stdin, stdout, stderr), theirs)
            send_fds(self._line, [b"\n"], [told, *ends])
            self._line.sendall(json.dumps(order).encode() + b"\n")
        heard = open(end, "rb", buffering=0)  # noqa: PTH123, SIM115  closed with the end of what it tells
        return Running([module, *said], int(heard.readline()), heard, ours)

    def run(self, *words: Word, timeout: float = 300, **how: Any) -> subprocess.CompletedProcess[str]:
        """The same until its end, and what it has said."""
        with self.start(*words, **how) as running:
            out, err = running.communicate(timeout)
        return subprocess.CompletedProcess(running.words, running.wait(), out, err)


def _streams(asked: tuple[int | None, ...], theirs: ExitStack) -> tuple[list[IO[str] | None], list[int]]:
    """Our ends of the pipes among them, and the three that the process is to have."""
    ours: list[IO[str] | None] = []
    ends: list[int] = []
    for number, how in enumerate(asked):
        if how == PIPE:
            read, write = os.pipe()
            mine, its = (write, read) if number == 0 else (read, write)
            theirs.callback(os.close, its)
            ends.append(its)
            ours.append(open(mine, "r" if number else "w", encoding="utf-8"))  # noqa: PTH123, SIM115  Running's
        else:
            ends.append(ends[1] if how == STDOUT else number if how is None else how)
            ours.append(None)
    return ours, ends


@contextmanager
def opened() -> Iterator[Cradle]:
    """A cradle, until the end of the block; what it has begotten lives on."""
    ours, theirs = socketpair()
    with ours:
        with theirs:
            words = [sys.executable, "-m", "tests.cradle", str(theirs.fileno())]
            env = environment(PYTHONPATH=os.pathsep.join(sys.path))
            running = subprocess.Popen(words, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], env=env)
        yield Cradle(ours)
    running.wait()


# --- the cradle's own process ----------------------------------------------------------------------


def begotten(line: socket) -> tuple[dict[str, Any], list[int]]:
    """Beget for each order; returns only in what is begotten: the order, and its three streams."""
    running: dict[int, int] = {}
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([line.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, OPEN)
            _bury(running)
        if line.fileno() in ready:
            mark, fds, *_ = recv_fds(line, 1, 4)
            if not mark:
                os._exit(0)
            order, (told, *streams) = _line(line), fds
            child = os.fork()
            if not child:
                signal.set_wakeup_fd(-1)
                return order, streams
            running[child] = told
            os.write(told, f"{child}\n".encode())
            for fd in streams:
                os.close(fd)


def _line(line: socket) -> dict[str, Any]:
    with line.makefile("rb") as said:  # nothing follows before it is answered
        order: dict[str, Any] = json.loads(said.readline())
    return order


def _bury(running: dict[int, int]) -> None:
    """Tell the ends of those that have ended."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        told = running.pop(pid)
        with suppress(BrokenPipeError):  # nobody waits for it any more
            os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os.close(told)


def become(order: dict[str, Any], streams: list[int]) -> None:
    """Make this process what a start finds."""
    for number, fd in enumerate(streams):
        os.dup2(fd, number)
    os.closerange(3, OPEN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    tempfile.tempdir = None
    gc.unfreeze()  # or Python would leave at its end what it has to take down
    os.chdir(order["cwd"])
    for name, number, mode, errors, buffering in STREAMS:
        made = open(number, mode, buffering, "utf-8", errors, closefd=False)  # noqa: SIM115  for ever
        setattr(sys, name, made)
        setattr(sys, f"__{name}__", made)
    sys.argv = [order["module"], *order["words"]]


def load() -> None:
    """All that a start loads, and nothing that it opens."""
    from habitue import cli  # noqa: PLC0415  where tests come from this module only the other end is wanted

    sys.meta_path.insert(0, cli._Without())
    for name in LOADED:
        __import__(name)
    from habitue.engine.sweep import ready  # noqa: PLC0415  see above

    ready()
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    own = socket(fileno=int(sys.argv[1]))
    load()
    become(*begotten(own))
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)

"""A server held to so much memory and one processor, in control groups of its own (Linux, as root)."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

_MOUNT: Final = Path("/sys/fs/cgroup")
_NAME: Final = "habitue-flood"
_PERIOD: Final = 100_000


class Fence:
    """Control groups, of version 1 or 2, that hold a process to `memory` bytes and one processor."""

    def __init__(self, memory: int) -> None:
        if (_MOUNT / "cgroup.controllers").exists():
            self._one = _MOUNT / _NAME
            self.groups = [self._one]
            (_MOUNT / "cgroup.subtree_control").write_text("+memory +cpu")
            limits = {"memory.max": str(memory), "memory.swap.max": "0", "cpu.max": f"{_PERIOD} {_PERIOD}"}
        else:
            self._one = _MOUNT / "memory" / _NAME
            self.groups = [self._one, _MOUNT / "cpu" / _NAME]
            limits = {"memory.limit_in_bytes": str(memory), "cpu.cfs_quota_us": str(_PERIOD)}
        for group in self.groups:
            group.mkdir(exist_ok=True)
            for name, value in limits.items():
                if (group / name).exists():
                    (group / name).write_text(value)

    def inside(self, command: list[str]) -> list[str]:
        """The command, in it from its start."""
        script = 'for one in $0; do echo $$ > "$one/cgroup.procs"; done; exec "$@"'
        return ["sh", "-c", script, " ".join(map(str, self.groups)), *command]

    def killed(self) -> int:
        """How many processes were ended for want of memory."""
        for name in ("memory.oom_control", "memory.events"):
            with suppress(OSError):
                told = dict(line.split() for line in (self._one / name).read_text().splitlines())
                return int(told["oom_kill"])
        return 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for group in self.groups:
            with suppress(OSError):  # somebody may still be in it
                group.rmdir()


@contextmanager
def served(place: Path, port: int, fence: Fence) -> Iterator[subprocess.Popen[bytes]]:
    """`habitue serve` of a workspace inside the fence; what it says goes to a file beside it."""
    said = place.with_suffix(".txt")
    command = [sys.executable, "-m", "habitue", "serve", "--data", str(place), "--port", str(port)]
    with said.open("wb") as out:
        process = subprocess.Popen(
            fence.inside(command), stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

"""What is begotten finds what a start finds, and ends as it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

from tests.cradle import Cradle, environment


def test_it_finds_what_a_start_finds(cradle: Cradle, tmp_path: Path) -> None:
    words, env = ["a b", "é", ""], environment(PYTHONPATH=":".join(sys.path), MORE="é\n")
    command = [sys.executable, "-m", "tests.mirror", *words]
    started = subprocess.run(
        command, check=False, capture_output=True, encoding="utf-8", env=env, cwd=tmp_path, stdin=PIPE
    )
    begotten = cradle.run(*words, module="tests.mirror", env=env, cwd=tmp_path, stdin=PIPE)
    assert json.loads(begotten.stdout) == json.loads(started.stdout)
    assert (begotten.returncode, begotten.stderr) == (started.returncode, started.stderr) == (3, "told\n")


def test_it_is_killed_alone(cradle: Cradle) -> None:
    one, other = (cradle.start("cat", module="tests.mirror", stdin=PIPE) for _ in range(2))
    with one, other:
        assert one.pid != other.pid
        one.kill()
        assert one.wait() == -signal.SIGKILL
        assert other.poll() is None
        assert other.stdin
        other.stdin.close()
        assert other.wait() == 3

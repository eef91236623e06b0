from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from habitue.store.lock import Busy, Lock

HOLD = """
import sys
from pathlib import Path
from habitue.store.lock import Lock
lock = Lock.take(Path(sys.argv[1]))
lock.tell(*sys.argv[2:])
print("held", flush=True)
input()
"""


def holder(place: Path, *told: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(place), *told]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize("told", [(), ("http://127.0.0.1:8000", "secret")])
def test_a_second_process_is_told_who_has_the_directory(tmp_path: Path, told: tuple[str, ...]) -> None:
    with holder(tmp_path, *told) as other:
        with pytest.raises(Busy, match=f"process {other.pid}") as busy:
            Lock.take(tmp_path)
        assert (busy.value.owner.url, busy.value.owner.token) == (told or (None, None))
        assert all(word in str(busy.value) for word in told[:1])
        assert "secret" not in str(busy.value)
        other.kill()
        other.communicate()
    Lock.take(tmp_path).release()


def test_the_lock_says_who_holds_it_to_its_owner_alone(tmp_path: Path) -> None:
    with Lock.take(tmp_path) as lock:
        lock.tell("http://127.0.0.1:8000", "secret")
        lock.tell()
        assert json.loads((tmp_path / "lock").read_bytes()) == {
            "pid": os.getpid(),
            "url": None,
            "token": None,
        }
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


def test_what_is_left_in_a_lock_that_nobody_holds_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("not even JSON")
    with Lock.take(tmp_path), pytest.raises(Busy):
        Lock.take(tmp_path)

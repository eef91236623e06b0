"""The real program, as its users start it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextvars import Context
from pathlib import Path
from typing import Any, Final, TypeAlias
from unittest.mock import patch

import pytest

from habitue.cli import program
from tests.cradle import Cradle, Running, environment

PROGRAM: Final = [sys.executable, "-c", "from habitue.cli import main; main()"]
UNTIL: Final = "2026-11-22"
ORDERS: Final = """customer,date,amount,"label, long"
c-1,2026-01-31,12.50,Tea
c-2,2026-02-01,20.00,Coffee
c-2,2026-02-30,5.00,Coffee
"""
ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

Done = subprocess.CompletedProcess[str]
Habitue: TypeAlias = Callable[..., Done]
Start: TypeAlias = Callable[..., Running]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def answer(habitue: Habitue, place: Path, *words: str | Path | bytes) -> Any:
    done = habitue(*words, "--data", place, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def habitue() -> Habitue:
    """`habitue("who", "--stage", "lost")` in this process: all of the program, but loaded only once."""

    def run(*words: str | bytes | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> Done:
        raw = io.BytesIO(), io.BytesIO()
        out, err = (io.TextIOWrapper(one, "utf-8", newline="") for one in raw)
        said = [os.fsdecode(word) for word in words]
        with (
            patch.dict(os.environ, environment(HABITUE_DEBUG="1", **env or {}), clear=True),
            contextlib.chdir(cwd or Path()),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            status = Context().run(program.run, said)
        out.flush()
        err.flush()
        return Done(said, status, *(one.getvalue().decode() for one in raw))

    return run


@pytest.fixture(scope="session")
def process() -> Habitue:
    """The same in a process of its own, as its users start it."""

    def run(*words: str | bytes | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> Done:
        return subprocess.run(
            [*PROGRAM, *words],
            check=False,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            env=environment(**env or {}),
            cwd=cwd,
        )

    return run


@pytest.fixture
def start(cradle: Cradle) -> Iterator[Start]:
    """The program started and left running; what still runs at the end of the test is killed."""
    running: list[Running] = []

    def begin(*words: str | Path) -> Running:
        running.append(cradle.start(*words))
        return running[-1]

    yield begin
    for one in running:
        one.kill()
        one.close()


@pytest.fixture(scope="session")
def shop(habitue: Habitue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo shop, only to be asked."""
    place = tmp_path_factory.mktemp("demo") / "shop"
    made = habitue("demo", "--data", place, "--customers", "300", "--until", UNTIL, "--no-serve")
    assert (made.returncode, made.stderr) == (0, "")
    return place


@pytest.fixture
def empty(habitue: Habitue, tmp_path: Path) -> Path:
    """A new workspace, to be filled."""
    place = tmp_path / "shop"
    assert habitue("init", place).returncode == 0
    return place


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS, "utf-8")
    return path

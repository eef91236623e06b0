"""Stored requests read in a process of its own: the same, whatever becomes of that process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from habitue.ingest.calls import protocol, reader, rows
from habitue.ingest.calls.protocol import Limits
from habitue.ingest.calls.reader import Reader
from habitue.ingest.calls.rows import EURO, Asked, Origin, Taken

ORIGIN = Origin(7, "shop", 1_700_000_000_000_000, True, EURO)


@pytest.fixture
def beside() -> Iterator[Reader]:
    one = Reader()
    yield one
    one.close()


def request(number: int) -> Asked:
    """One event that can be taken, one that tells a choice too, and one of nobody."""
    consent = {"consent": {"categoryPreferences": {"email": True}}}
    batch = [
        {"type": "track", "event": "Viewed", "userId": f"u{number}", "properties": {"n": "é" * 2_000}},
        {"type": "track", "event": "Asked", "userId": f"u{number}", "context": consent},
    ]
    sending = protocol.read(msgspec.json.encode({"batch": batch}), Limits())
    good, _ = protocol.sort(sending, Limits())
    stranger = msgspec.Raw(b'{"type":"track","event":"Lost","messageId":"m"}')
    return Asked(protocol.stored([*good, stranger], sending, None), ORIGIN._replace(number=number))


MANY = [*map(request, range(300)), Asked(b"no json", ORIGIN)]


def same(one: Taken, other: Taken) -> bool:
    return one.table.equals(other.table) and one.places == other.places and one.dead == other.dead


def pid(one: Reader) -> int:
    assert one._child.process is not None
    return one._child.process.pid


def test_much_is_read_beside_as_it_is_here(beside: Reader) -> None:
    here = rows.read(MANY)
    assert sum(map(len, here.dead)) == 301
    assert len(here.table) == sum(map(len, here.places)) > 600
    assert same(beside(MANY), here)
    assert pid(beside) != os.getpid()


def test_little_is_read_at_once(beside: Reader) -> None:
    assert same(beside(MANY[:3]), rows.read(MANY[:3]))
    assert beside._child.process is None


def test_one_that_is_killed_is_replaced(beside: Reader) -> None:
    beside(MANY)
    first = pid(beside)
    os.kill(first, signal.SIGKILL)
    assert same(beside(MANY), rows.read(MANY))
    assert same(beside(MANY), rows.read(MANY))
    assert pid(beside) != first


def test_it_ends_with_its_server(tmp_path: Path) -> None:
    """Whatever kills that: its input ends."""
    with subprocess.Popen(
        [sys.executable, "-m", reader.__name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path
    ) as process:
        assert process.communicate(b"", timeout=60)[0] == b""
    assert process.returncode == 0

"""Connections that send slowly, little or nothing are let go, and the others are served meanwhile."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from habitue.api import door
from habitue.api.wire import HEAD, Wire
from tests.api.door import Served, served, track

__all__ = ["served"]

POST = b"POST /v1/batch HTTP/1.1\r\nHost: shop\r\n"
Dial = Callable[[bytes], socket.socket]


@pytest.fixture
def dial(served: Served, monkeypatch: pytest.MonkeyPatch) -> Dial:
    """Connects, says something, and listens."""
    monkeypatch.setattr(Wire, "patience", 0.3)

    def connect(said: bytes) -> socket.socket:
        where = urlsplit(served.url)
        one = socket.create_connection((where.hostname, where.port or 0), timeout=20)
        one.sendall(said)
        return one

    return connect


def heard(one: socket.socket) -> bytes:
    """All that comes until the server hangs up."""
    with one:
        return b"".join(iter(lambda: one.recv(65_536), b""))


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\r\n", id="an empty line"),
        pytest.param(b"POST /v1/ba", id="half a line"),
        pytest.param(POST + b"X-A: b", id="half a head"),
        pytest.param(POST + b"Content-Length: 100\r\n\r\n{", id="half a body"),
    ],
)
def test_a_connection_that_goes_quiet_is_let_go(dial: Dial, said: bytes) -> None:
    assert heard(dial(said)) == b""


def test_a_connection_that_goes_quiet_after_a_request_is_let_go(dial: Dial) -> None:
    answer = heard(dial(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n\r\nGE"))
    assert answer.startswith(b"HTTP/1.1 200")


def test_a_request_that_trickles_in_is_told_that_it_was_too_slow(
    dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wire, "patience", 20)
    monkeypatch.setattr(door, "SLOW", 0.2)
    assert heard(dial(POST + b"Content-Length: 100\r\n\r\n{")).startswith(b"HTTP/1.1 408")


def test_a_head_without_end_is_cut_off(dial: Dial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Wire, "patience", 20)
    one, said = dial(POST), b""
    piece = b"X-A: " + b"b" * 9_000 + b"\r\n"
    with one, suppress(ConnectionError):  # what was sent and not read is answered with a reset
        for _ in range(64 * HEAD // len(piece)):
            one.sendall(piece)
        said = heard(one)
    assert said.partition(b"\r\n")[0] in (b"", b"HTTP/1.1 431 Request Header Fields Too Large")


def test_who_sends_in_time_is_served_beside_a_thousand_idle_ones(served: Served, dial: Dial) -> None:
    idle = [dial(b"") for _ in range(1_000)]
    assert served.post("batch", {"batch": [track()]}).status_code == 200
    assert [heard(one) for one in idle] == [b""] * 1_000
    assert len(served.events()) == 1


def test_more_on_its_way_in_than_there_is_room_for_is_told_to_come_again(
    served: Served, dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wire, "patience", 20)
    served.door._room = 50_000
    large = json.dumps({"batch": [track(properties={"a": "x" * 30_000})]}).encode()
    part = POST + b"Content-Length: %d\r\n\r\n" % len(large) + large[:-1]
    first = dial(part)
    assert heard(dial(part)).startswith(b"HTTP/1.1 429")
    first.close()
    while served.door._room < 50_000:
        assert served.post("batch", {"batch": []}).status_code == 200
    assert served.post("batch", large).status_code == 200

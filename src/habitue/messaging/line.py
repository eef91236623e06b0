"""The one way to ask others over HTTP: nowhere inside (`reach`), no redirects, an end to answers.

What goes wrong says whether the other side can have had the question: that decides whether it may be asked
again.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Timer
from typing import Final, NamedTuple

from habitue.messaging import reach
from habitue.messaging.reach import Place

CONNECT: Final = 10.0
WHOLE: Final = 30.0
"""Seconds to connect, and for a question from end to end."""

LARGEST: Final = 64 << 10
"""Bytes of an answer that are kept; what is more is not read."""

_IDLE: Final = 15.0
"""Seconds after which a connection is not used again: the other side may be about to close it."""


class Reply(NamedTuple):
    """What was answered; the names of the `head` are in small letters."""

    status: int
    head: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Unreached(OSError):
    """The question never got there whole: nothing can have come of it."""


class Unanswered(OSError):
    """It was asked, and whatever came of it, nobody said so."""


class Line:
    """Asks, for one thread; where it `keeps` its connection, the next question to that host goes by it."""

    def __init__(self, inner: bool = False, keeps: bool = True) -> None:
        self._inner, self._keeps = inner, keeps
        self._place: Place | None = None
        self._http: HTTPConnection | None = None
        self._used = 0.0

    def ask(
        self,
        method: str,
        url: str,
        head: Mapping[str, str],
        body: bytes | None = None,
        letting_go: Callable[[], None] = lambda: None,
    ) -> Reply:
        """Ask; `letting_go` is called right before the question leaves.

        Raises `reach.Refused` for where nobody goes, `Unreached` and `Unanswered`.
        """
        where = reach.place(url, self._inner)
        http = self._kept(where) or self._opened(where)
        letting_go()
        until = time.monotonic() + WHOLE
        plain = http.sock
        watch = Timer(WHOLE, lambda: _cut(plain))  # a byte now and then is never late
        watch.daemon = True
        watch.start()
        try:
            return self._asked(http, method, where.path, head, body, until)
        finally:
            watch.cancel()
            if not self._keeps:
                self.close()

    def _asked(
        self,
        http: HTTPConnection,
        method: str,
        path: str,
        head: Mapping[str, str],
        body: bytes | None,
        until: float,
    ) -> Reply:
        try:
            http.request(method, path, body, dict(head))
        except OSError as error:
            self.close()
            raise Unreached(_said(error)) from error
        try:
            answer = http.getresponse()
        except (OSError, HTTPException) as error:
            self.close()
            raise Unanswered(_said(error)) from error
        told = {name.lower(): value for name, value in answer.getheaders()}
        read = _read(answer, until)
        self._used = time.monotonic()
        if answer.length == 0:
            answer.close()
        if not answer.isclosed() or http.sock is None:  # more than we wanted, or they are done with us
            self.close()
        return Reply(answer.status, told, read)

    def _kept(self, where: Place) -> HTTPConnection | None:
        """The last connection, where it leads there and the other side has not ended it."""
        http, last = self._http, self._place
        same = last is not None and last[:3] == where[:3]
        fresh = time.monotonic() - self._used < _IDLE
        if http is not None and http.sock is not None and same and fresh and not _spoken(http.sock):
            return http
        self.close()
        return None

    def _opened(self, where: Place) -> HTTPConnection:
        try:
            plain = reach.connected(where, reach.resolved(where, self._inner), CONNECT)
        except OSError as error:
            raise Unreached(_said(error)) from error
        http = HTTPConnection(where.host, where.port, timeout=WHOLE)
        http.auto_open = 0
        try:
            plain.settimeout(WHOLE)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            http.sock = _safe().wrap_socket(plain, server_hostname=where.host) if where.secure else plain
        except OSError as error:
            plain.close()
            raise Unreached(_said(error)) from error
        self._http, self._place = http, where
        return http

    def close(self) -> None:
        """Let go of the connection; whoever waits for an answer on it gets none."""
        http, self._http = self._http, None
        if http is not None:
            _cut(http.sock)
            http.close()


@lru_cache(maxsize=1)
def _safe() -> ssl.SSLContext:
    """Whom we trust: read once, for it takes a tenth of a second."""
    return ssl.create_default_context()


def _spoken(one: socket.socket) -> bool:
    """Whether something came that nobody asked for: the end, as a rule."""
    if not hasattr(select, "poll"):
        return bool(select.select([one], [], [], 0)[0])
    watch = select.poll()
    watch.register(one, select.POLLIN | select.POLLHUP)
    return bool(watch.poll(0))


def _cut(one: socket.socket | None) -> None:
    if one is not None:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def _read(answer: HTTPResponse, until: float) -> bytes:
    """The beginning of an answer, as far as it comes in time; the status that came before it stands."""
    parts: list[bytes] = []
    size = 0
    with suppress(OSError, HTTPException):
        while size < LARGEST and time.monotonic() < until:
            part = answer.read1(LARGEST - size)
            if not part:
                break
            parts.append(part)
            size += len(part)
    return b"".join(parts)


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__

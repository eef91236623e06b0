"""HTTP/1.1 on the socket, with an end to patience: who sends nothing, or a byte now and then, is let go."""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

PATIENCE: Final = 30.0
"""Seconds in which a request must have arrived, its body included, once the one before it is answered."""

PATIENT: Final = "habitue.patient"
"""The extension by which whoever reads a long body says that it goes on: patience begins anew."""

HEAD: Final = 64 << 10
"""The most bytes of a request's line and headers, give or take what one read brings."""

_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)


class Wire(HttpToolsProtocol):
    """A connection; whatever it was in the middle of sending when it is let go is as if never sent."""

    patience = PATIENCE

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._late: TimerHandle | None = None
        self._head: int | None = None
        """Bytes of a head that is under way, after its first piece."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # uvicorn's own names another transport
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        under_way = self._head is not None
        super().data_received(data)
        if under_way and self._head is not None:
            self._head += len(data)
            if self._head > HEAD:
                self.transport.write(_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        self._head = 0
        super().on_message_begin()
        self.scope["extensions"] = {PATIENT: {"wait": self._wait}}

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._stop()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait()

    def _wait(self) -> None:
        self._stop()
        self._late = self.loop.call_later(self.patience, self._given_up)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _given_up(self) -> None:
        last: RequestResponseCycle | None = self.cycle
        if self.pipeline or (last is not None and not last.more_body and not last.response_complete):
            self._wait()  # it is our turn: a request has arrived whole and is being answered
        else:
            self.transport.close()

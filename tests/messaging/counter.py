"""A provider's side: a local HTTP server that notes what it is asked, and answers as it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Heard:
    path: str
    head: dict[str, str]
    body: bytes
    port: int
    """From which it came: the same for all that come by one connection."""


@dataclass
class Window:
    url: str = ""
    answers: list[tuple[int, dict[str, str], bytes] | None] = field(default_factory=list)
    """The next answers, each once; None hangs up without one. The last one stays."""
    heard: list[Heard] = field(default_factory=list)

    def next(self) -> tuple[int, dict[str, str], bytes] | None:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def window() -> Iterator[Window]:
    made = Window()

    class Clerk(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            head = {name.lower(): value for name, value in self.headers.items()}
            made.heard.append(Heard(self.path, head, body, self.client_address[1]))
            answer = made.next()
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer[0])
            for name, value in {"content-length": str(len(answer[2])), **answer[1]}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer[2])
            self.close_connection = answer[1].get("connection") == "close"

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Clerk) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        made.url = f"http://127.0.0.1:{server.server_port}"
        yield made
        server.shutdown()

"""A mail server that does to each mail what its recipient's name says, as real ones do."""

from __future__ import annotations

import socketserver
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import Any

REFUSED = {
    "gone": "550 5.1.1 no such user",
    "full": "452 4.2.2 mailbox full",
    "policy": "550 5.7.1 not from you",
}


class Sink(socketserver.ThreadingTCPServer):
    """Takes mails on loopback; `taken` are (return path, recipient, mail) in the order in which they came."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.taken: list[tuple[str, str, bytes]] = []
        self.seen: dict[str, int] = {}
        self.connections = 0
        self.away = False
        self.pipelining = True
        self.vanishing = True
        self.lenient = False
        """Whether it asks for a text although the recipient was refused."""
        self.released = Event()
        self.lock = Lock()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def times(self, recipient: str) -> int:
        with self.lock:
            self.seen[recipient] = self.seen.get(recipient, 0) + 1
            return self.seen[recipient]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients go as they please."""


class _Session(socketserver.StreamRequestHandler):
    server: Sink

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.server.connections += 1
        if self.server.away:
            self.say("421 4.3.2 not now")
            return
        self.say("220 sink")
        back, to = "", ""
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            verb = line[:4].upper()
            if verb == "EHLO":
                self.say("250-sink\r\n250 PIPELINING" if self.server.pipelining else "250 sink")
            elif verb == "MAIL":
                back = line.partition("<")[2].partition(">")[0]
                self.say("250 fine")
            elif verb == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
                self.say(self.judged(to))
            elif verb == "DATA":
                if not self.data(back, to):
                    return
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def data(self, back: str, to: str) -> bool:
        """Whether the connection goes on after it."""
        name = to.partition("@")[0]
        if name == "cut":
            return False
        if name in REFUSED and not self.server.lenient:
            self.say("554 5.5.1 nobody to send it to")
            return True
        self.say("354 go on")
        return self.text(back, to)

    def judged(self, to: str) -> str:
        name = to.partition("@")[0]
        if name == "grey" and self.server.times(to) == 1:
            return "450 4.2.0 Greylisted, come back"
        return REFUSED.get(name, "250 fine")

    def text(self, back: str, to: str) -> bool:
        """Whether the connection goes on after it."""
        name, lines = to.partition("@")[0], []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        if name in REFUSED:
            self.say("554 5.5.1 nobody to send it to")
            return True
        if name == "spam":
            self.say("554 5.7.1 looks like spam")
            return True
        if name == "vanished" and self.server.vanishing:
            return False
        if name in ("hang", "lost"):
            self.server.taken.append((back, to, b"".join(lines)))
            self.server.released.wait(0 if name == "lost" else 30)
            return False
        self.server.taken.append((back, to, b"".join(lines)))
        self.say("250 2.0.0 taken")
        return True


@contextmanager
def sink() -> Iterator[Sink]:
    with Sink() as running:
        Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield running
        finally:
            running.released.set()
            running.shutdown()
            time.sleep(0)

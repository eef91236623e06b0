"""A shop's own web site, another origin than Habitué's: pages under a policy that allows no inline script."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Storefront:
    """Files by path; every path with no dot in it that has no file of its own is `page`."""

    habitue: str
    url: str = ""
    page: str = ""
    files: dict[str, str] = field(default_factory=dict)

    def show(self, *tags: str, script: str = "") -> None:
        """Every page consists of a title and these tags; `script` is the shop's own, run before them."""
        self.files["/shop.js"] = script
        head = ['<!doctype html><link rel="icon" href="data:,"><title>Teapots</title>']
        self.page = "\n".join([*head, '<script src="/shop.js"></script>', *tags])

    @property
    def policy(self) -> str:
        """No inline script, no eval, nothing but the shop and Habitué."""
        return (
            f"default-src 'none'; script-src 'self' {self.habitue}; connect-src {self.habitue}; img-src data:"
        )


@contextmanager
def storefront(habitue: str) -> Iterator[Storefront]:
    """A web site of a shop that sends its events to `habitue`."""
    shop = Storefront(habitue)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            kind = "text/javascript" if path.endswith(".js") else "text/html"
            body = shop.files.get(path, shop.page).encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Security-Policy", shop.policy)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        shop.url = f"http://localhost:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield shop
        finally:
            server.shutdown()
            thread.join()

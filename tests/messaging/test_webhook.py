"""D2, X3: calls are signed as others check it, tried again as specified, and go nowhere inside."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar, Final

import pytest
from standardwebhooks import Webhook

from habitue.kernel import clock
from habitue.kernel.clock import MINUTE, SECOND
from habitue.kernel.errors import UserError
from habitue.messaging import line, reach
from habitue.messaging.channel import Letter, Outcome
from habitue.messaging.kinds import webhook
from habitue.messaging.kinds.webhook import Settings
from habitue.messaging.line import LARGEST

INNER: Final = (
    *("http://127.1", "http://0x7f000001", "http://2130706433", "http://017700000001", "http://[::1]"),
    *(
        "http://[::ffff:127.0.0.1]",
        "http://[64:ff9b::7f00:1]",
        "http://0.0.0.0",
        "http://169.254.169.254/meta",
    ),
    *("http://100.64.0.1", "http://172.31.0.1", "http://10.0.0.1", "http://192.168.1.1", "http://localhost"),
    *("http://[fe80::1]", "http://[fc00::1]", "http://[2002:7f00:1::]", "http://224.0.0.1"),
)
WRONG: Final = (
    *(
        "file:///etc/passwd",
        "gopher://x.fr",
        "javascript:alert(1)",
        "data:text/plain,x",
        "//x.fr",
        "x.fr",
        "",
    ),
    *(
        "http://a@127.0.0.1",
        "http://ok.fr\\@127.0.0.1",
        "http://ok.fr:22",
        "http://ok.fr:25",
        "http://ok.fr:6379",
    ),
    *("http://ok.fr/a\r\nX: y", "http://:80", "http://[::1", "http://ok.fr:99999"),
)


class Other(BaseHTTPRequestHandler):
    """A program that answers as the path says."""

    heard: ClassVar[list[tuple[dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        name = self.path.strip("/")
        self.heard.append(({key.lower(): value for key, value in self.headers.items()}, body))
        if name == "cut":
            return
        self.send_response(int(name) if name.isdigit() else 200)
        if name == "302":
            self.send_header("location", "http://127.0.0.1/inside")
        if name == "429":
            self.send_header("retry-after", "120")
        self.end_headers()
        self.wfile.write(b"x" * (LARGEST + 999) if name == "long" else b"heard")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


SECRETS = (webhook.fresh(), webhook.fresh())


def call(url: str, body: Any = None, attempts: int = 0, inner: bool = True) -> Outcome:
    way = webhook.opened(Settings(SECRETS, inner))
    values = {"url": url, "body": body}
    letter = Letter(1, "", "1.mark", "", "", "", values, False, None, clock.now(), attempts)
    began: list[int] = []
    return way.connect().hand(letter, lambda: began.append(1))


def test_a_call_is_signed_with_each_secret_and_its_body_is_byte_for_byte(base: str) -> None:
    Other.heard.clear()
    assert call(f"{base}/ok?a=1", '{"é":  1.10}') == Outcome("sent", "heard")
    assert call(f"{base}/ok", {"n": 1}).state == "sent"
    (head, body), (other, second) = Other.heard
    said = body.decode(), second.decode(), other["content-type"]
    assert said == ('{"é":  1.10}', '{"n":1}', "application/json")
    for secret in SECRETS:
        assert Webhook(secret).verify(body, head) == {"é": 1.1}
    assert head["webhook-id"] == "1.mark"
    with pytest.raises(Exception, match="No matching"):
        Webhook(webhook.fresh()).verify(body, head)


def test_what_is_answered_decides_what_comes_next(base: str) -> None:
    assert call(f"{base}/410").state == "failed"
    assert call(f"{base}/429").wait == 2 * MINUTE
    assert call(f"{base}/302") == Outcome("busy", "302 heard", wait=5 * SECOND)
    assert call(f"{base}/500", attempts=1).wait == 5 * MINUTE
    assert call(f"{base}/cut", attempts=2).wait == 30 * MINUTE
    assert call(f"{base}/500", attempts=len(webhook.WAITS)).state == "failed"
    assert len(call(f"{base}/long").answer) == LARGEST
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert call(f"http://127.0.0.1:{closed.getsockname()[1]}").state == "busy"


def test_who_answers_a_byte_a_second_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "WHOLE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as slow:

        def drip() -> None:
            one, _ = slow.accept()
            with one:
                one.recv(9999)
                one.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                for _ in range(20):
                    time.sleep(0.1)
                    try:
                        one.sendall(b"x")
                    except OSError:
                        return

        thread = Thread(target=drip)
        thread.start()
        began = time.monotonic()
        assert call(f"http://127.0.0.1:{slow.getsockname()[1]}").state == "sent"
        assert time.monotonic() - began < 1.5
        thread.join()


@pytest.mark.parametrize("url", INNER)
def test_nothing_goes_to_an_inner_network_however_it_is_written(url: str) -> None:
    with pytest.raises((reach.Refused, OSError)):
        reach.resolved(reach.place(url))


@pytest.mark.parametrize("url", WRONG)
def test_what_is_no_address_to_call_is_refused(url: str) -> None:
    with pytest.raises(reach.Refused):
        reach.place(url)


def test_a_name_with_one_inner_address_is_refused_and_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time it would say something else: nobody asks."""
    answers = [["93.184.215.14", "10.0.0.1"], ["93.184.215.14"]]

    def told(*_: Any, **__: Any) -> list[Any]:
        return [(0, 0, 0, "", (one, 80)) for one in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", told)
    outcome = call("http://rebind.fr/", inner=False)
    assert (outcome.state, "inner network" in outcome.answer) == ("failed", True)
    assert reach.resolved(reach.place("http://rebind.fr/")) == ["93.184.215.14"]
    went: list[Any] = []

    def connecting(where: Any, _: float) -> socket.socket:
        went.append(where)
        return socket.socket()

    monkeypatch.setattr(socket, "create_connection", connecting)
    answers.append(["93.184.215.15"])
    call("https://rebind.fr/", inner=False)
    assert went == [("93.184.215.15", 443)]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('{"tier": "gold", "score": 7.5, "vip": true}', {"tier": "gold", "score": 7.5, "vip": True}),
        ("[1, 2]", {"value": [1, 2]}),
        ("thanks", {"text": "thanks"}),
        ('{"cut": "sho', {"text": '{"cut": "sho'}),
        ("", {"text": ""}),
        ("[" * 5000, {"text": "[" * 500}),
        ('{"a": "' + "x" * 9000 + '"}', {"text": '{"a": "' + "x" * 493}),
    ],
)
def test_an_answer_is_told_with_its_types_and_not_at_any_length(said: str, told: dict[str, object]) -> None:
    assert webhook.answered(said) == told


def test_a_secret_that_is_too_short_is_refused() -> None:
    for wrong in ((), ("whsec_YWJj",), ("whsec_é",)):
        with pytest.raises(UserError):
            webhook.checked(Settings(wrong))
